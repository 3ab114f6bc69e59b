//! What many ask at the same time, answered together: after an outage everybody comes back at once.

use std::time::Duration;

use discuss_app::AppError;
use discuss_runtime::tasks::Tasks;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// Questions that are answered together at most.
const BATCH: usize = 500;
/// Others who ask are waited for so long.
const GATHER: Duration = Duration::from_millis(5);

/// Has questions answered together.
pub(crate) struct Together<Q, A> {
    asked: mpsc::Sender<Asked<Q, A>>,
}

struct Asked<Q, A> {
    question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q: Send + 'static, A: Send + 'static> Together<Q, A> {
    /// Starts the task that answers, named so in logs: `answer` gives one answer to each question, in their order.
    pub(crate) fn start<F, R>(name: &'static str, tasks: &mut Tasks, answer: F) -> Self
    where
        F: Fn(Vec<Q>) -> R + Send + 'static,
        R: Future<Output = Result<Vec<A>, AppError>> + Send + 'static,
    {
        let (asked, waiting) = mpsc::channel(BATCH);
        tasks.spawn(name, run(name, waiting, answer));
        Self { asked }
    }

    /// The answer; `None` when there can be none now.
    pub(crate) async fn ask(&self, question: Q) -> Option<A> {
        let (answer, answered) = oneshot::channel();
        self.asked.send(Asked { question, answer }).await.ok()?;
        answered.await.ok()
    }
}

/// Who gets no answer is told so by the end of its channel.
async fn run<Q, A, F, R>(name: &str, mut waiting: mpsc::Receiver<Asked<Q, A>>, answer: F)
where
    F: Fn(Vec<Q>) -> R,
    R: Future<Output = Result<Vec<A>, AppError>>,
{
    while let Some(first) = waiting.recv().await {
        let (questions, askers): (Vec<Q>, Vec<_>) = gather(first, &mut waiting)
            .await
            .into_iter()
            .map(|asked| (asked.question, asked.answer))
            .unzip();
        match answer(questions).await {
            Ok(answers) => {
                for (asker, answer) in askers.into_iter().zip(answers) {
                    if asker.send(answer).is_err() {
                        tracing::debug!(name, "somebody left before the answer");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(name, %error, questions = askers.len(), "no answer");
            }
        }
    }
}

async fn gather<Q, A>(
    first: Asked<Q, A>,
    waiting: &mut mpsc::Receiver<Asked<Q, A>>,
) -> Vec<Asked<Q, A>> {
    let mut batch = vec![first];
    let until = Instant::now() + GATHER;
    while batch.len() < BATCH {
        match timeout_at(until, waiting.recv()).await {
            Ok(Some(next)) => batch.push(next),
            Ok(None) | Err(_) => break,
        }
    }
    batch
}
