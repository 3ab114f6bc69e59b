//! Waiting for what must come about, with an end.

use std::time::Duration;

/// What has not come about after this time does not come.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks again and again until it is so; `what` is said of what never was.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looked = async {
        while !is_so().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, looked).await;
    done.expect(what);
}
