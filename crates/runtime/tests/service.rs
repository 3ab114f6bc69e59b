//! A service from its start to its end.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{future::pending, time::Duration};

use discuss_runtime::{
    admin::AdminServer,
    health::Readiness,
    process,
    service::Service,
    shutdown::Shutdown,
    tasks::{TaskLost, Tasks},
    telemetry,
};
use tokio::sync::oneshot;

const GRACE: Duration = Duration::from_hours(1);

/// A service with these tasks; its drain is told.
fn service(tasks: Tasks, shutdown: Shutdown) -> (Service, oneshot::Receiver<()>) {
    let readiness = Readiness::new(shutdown.draining());
    let metrics = telemetry::start_metrics().unwrap();
    let address = ([127, 0, 0, 1], 0).into();
    let (drained, told) = oneshot::channel();
    let service = Service {
        listen: None,
        admin: AdminServer::start("ADMIN_PORT", address, readiness, metrics).unwrap(),
        tasks,
        drain: Box::pin(async move { drained.send(()).unwrap() }),
        shutdown,
    };
    (service, told)
}

#[tokio::test]
async fn who_loses_a_task_drains_and_ends_with_an_error_that_names_it() {
    let mut drained = None;
    let outcome = process::run(GRACE, |shutdown| {
        let mut tasks = Tasks::default();
        tasks.spawn("steady", pending());
        tasks.spawn("feed", async { panic!("boom") });
        let (service, told) = service(tasks, shutdown);
        drained = Some(told);
        async { Ok(service) }
    });
    let error = outcome.await.unwrap_err();
    assert!(error.is::<TaskLost>());
    assert_eq!(
        error.to_string(),
        "the task `feed`, without which nothing works, panicked"
    );
    drained.unwrap().await.unwrap();
}

#[tokio::test]
async fn who_is_asked_to_end_drains_and_ends_well() {
    let shutdown = Shutdown::new(GRACE);
    let mut tasks = Tasks::default();
    tasks.spawn("steady", pending());
    let (service, drained) = service(tasks, shutdown.clone());
    shutdown.ask();
    service.run().await.unwrap();
    drained.await.unwrap();
}
