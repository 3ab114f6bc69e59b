//! Erasing what people wrote who asked for it.

use std::time::Duration;

use discuss_app::App;
use discuss_app::erasures::{Round, work};
use tokio_util::sync::CancellationToken;

/// Works at erasures until it is asked to end, and looks for new ones after each pause. Cut off anywhere, it
/// leaves what another round goes on with, here or in another worker.
pub(crate) async fn erase_regularly(app: App, pause: Duration, end: CancellationToken) {
    loop {
        let round = tokio::select! {
            () = end.cancelled() => return,
            round = work(&app) => round,
        };
        match round {
            Ok(Round::Finished(messages)) => {
                tracing::info!(messages, "erased what somebody wrote");
                // Others may have asked as well.
                continue;
            }
            Ok(Round::Idle | Round::Lost) => {}
            Err(error) => tracing::warn!(%error, "an erasure waits for the next try"),
        }
        tokio::select! {
            () = end.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
