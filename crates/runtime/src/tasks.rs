//! The tasks without which a process is of no use. When one of them ends or panics, nobody else would
//! notice: the process is to end too, so that its supervisor starts it again.

use std::{
    future::{Future, pending},
    io,
};

use futures_util::future::select_all;
use tokio::task::{JoinError, JoinHandle};

use crate::shutdown::Shutdown;

/// The essential tasks of a process, each with a name. They are aborted when this is dropped.
#[derive(Debug, Default)]
pub struct Tasks {
    running: Vec<Task>,
}

#[derive(Debug)]
struct Task {
    name: &'static str,
    handle: JoinHandle<()>,
}

/// An essential task that ended though nobody had asked the process to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task `{name}`, without which nothing works, {how}")]
pub struct TaskLost {
    /// Its name.
    pub name: &'static str,
    how: &'static str,
}

impl Tasks {
    /// Starts a task.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.watch(name, tokio::spawn(task));
    }

    /// Takes a task that runs already.
    pub fn watch(&mut self, name: &'static str, handle: JoinHandle<()>) {
        self.running.push(Task { name, handle });
    }

    /// Takes tasks that run already.
    pub fn watch_all(&mut self, tasks: impl IntoIterator<Item = (&'static str, JoinHandle<()>)>) {
        for (name, handle) in tasks {
            self.watch(name, handle);
        }
    }

    /// Starts a server; if it fails, the log says why.
    pub fn spawn_server(
        &mut self,
        name: &'static str,
        server: impl Future<Output = io::Result<()>> + Send + 'static,
    ) {
        self.spawn(name, async move {
            if let Err(error) = server.await {
                tracing::error!(%error, task = name, "a server failed");
            }
        });
    }

    /// Waits until the process is asked to drain. When a task is lost before that, says so in the log
    /// and asks.
    pub async fn until_drain(&mut self, shutdown: &Shutdown) -> Result<(), TaskLost> {
        let draining = shutdown.draining();
        let lost = tokio::select! {
            // Tasks may end because they were asked to: then none is lost.
            biased;
            () = draining.cancelled() => return Ok(()),
            lost = self.first_lost() => lost,
        };
        tracing::error!(
            task = lost.name,
            how = lost.how,
            "an essential task is lost"
        );
        shutdown.ask();
        Err(lost)
    }

    async fn first_lost(&mut self) -> TaskLost {
        if self.running.is_empty() {
            return pending().await;
        }
        let ends = self.running.iter_mut().map(|task| {
            let name = task.name;
            Box::pin(async move {
                TaskLost {
                    name,
                    how: how((&mut task.handle).await),
                }
            })
        });
        select_all(ends).await.0
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.running {
            task.handle.abort();
        }
    }
}

fn how(ended: Result<(), JoinError>) -> &'static str {
    match ended {
        Ok(()) => "ended",
        Err(error) if error.is_panic() => "panicked",
        Err(_aborted) => "was aborted",
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, time::Duration};

    use tokio::sync::oneshot;

    use super::*;

    fn shutdown() -> Shutdown {
        Shutdown::new(Duration::from_hours(1))
    }

    /// A set with one task that works for ever.
    fn set() -> Tasks {
        let mut tasks = Tasks::default();
        tasks.spawn("steady", pending());
        tasks
    }

    #[tokio::test]
    async fn a_task_that_ends_has_the_process_drain() {
        let (shutdown, mut tasks) = (shutdown(), set());
        tasks.spawn("feed", ready(()));
        let lost = tasks.until_drain(&shutdown).await.unwrap_err();
        assert_eq!((lost.name, lost.how), ("feed", "ended"));
        assert!(shutdown.draining().is_cancelled());
    }

    #[tokio::test]
    async fn so_does_one_that_panics_wherever_it_was_started() {
        let (shutdown, mut tasks) = (shutdown(), set());
        tasks.watch("lane", tokio::spawn(async { panic!("boom") }));
        let lost = tasks.until_drain(&shutdown).await.unwrap_err();
        assert_eq!((lost.name, lost.how), ("lane", "panicked"));
        assert!(shutdown.draining().is_cancelled());
    }

    #[tokio::test]
    async fn what_ends_when_the_process_is_asked_to_is_not_lost() {
        let (shutdown, mut tasks) = (shutdown(), set());
        shutdown.ask();
        let (told, ended) = oneshot::channel();
        tasks.spawn("feed", async { told.send(()).unwrap() });
        ended.await.unwrap();
        assert_eq!(tasks.until_drain(&shutdown).await, Ok(()));
    }

    #[tokio::test]
    async fn a_process_without_tasks_waits_until_it_is_asked() {
        let shutdown = shutdown();
        let asked = shutdown.clone();
        tokio::spawn(async move { asked.ask() });
        assert_eq!(Tasks::default().until_drain(&shutdown).await, Ok(()));
    }

    #[tokio::test]
    async fn the_tasks_end_with_their_set() {
        let mut tasks = set();
        let (held, dropped) = oneshot::channel::<()>();
        tasks.spawn("holder", async move {
            pending::<()>().await;
            drop(held);
        });
        drop(tasks);
        assert!(dropped.await.is_err());
    }
}
