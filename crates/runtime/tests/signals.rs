//! What a signal does to a process that has asked to be told.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::{process::Command, time::Duration};

use discuss_runtime::shutdown::Shutdown;

// The only test of this file: a signal goes to the whole process.
#[tokio::test]
async fn sigterm_drains_and_sigint_after_it_stops() {
    let shutdown = Shutdown::on_signals(Duration::from_hours(1)).unwrap();
    assert!(!shutdown.draining().is_cancelled());

    send("TERM");
    shutdown.draining().cancelled().await;
    assert!(!shutdown.stopping().is_cancelled());

    send("INT");
    shutdown.stopping().cancelled().await;
}

fn send(signal: &str) {
    let status = Command::new("kill")
        .args(["-s", signal, &std::process::id().to_string()])
        .status();
    assert!(status.unwrap().success());
}
