//! A realm's keys: read by one task, found by everybody without waiting.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::Pace;
use super::jwks::{self, KeysById};

/// A look at the keys takes no longer.
const LIMIT: Duration = Duration::from_secs(2);
/// Who waits for one waits no longer.
const PATIENCE: Duration = Duration::from_secs(3);
/// A JWKS is no larger.
const MOST_BYTES: usize = 256 * 1024;

/// A realm's keys.
#[derive(Clone)]
pub(in crate::identity) struct Keys {
    known: watch::Receiver<Known>,
    wanted: mpsc::Sender<()>,
    pace: Pace,
}

/// What the last look brought, or one before it.
#[derive(Default)]
struct Known {
    keys: KeysById,
    looked_at: Option<Instant>,
}

/// Why a look brought no keys.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("no answer from keycloak")]
    Http(#[from] reqwest::Error),
    #[error("keycloak's keys are longer than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("keycloak's keys can't be read")]
    Unreadable(#[from] serde_json::Error),
    #[error("none of keycloak's keys is for RS256")]
    Useless,
}

impl Keys {
    /// Starts the task that reads them, now and from time to time.
    pub(super) fn start(url: &str, pace: Pace) -> Result<(Self, JoinHandle<()>), reqwest::Error> {
        let client = Client::builder()
            // Keycloak is a neighbour, whatever the environment says of proxies.
            .no_proxy()
            .timeout(LIMIT)
            .redirect(Policy::none())
            .build()?;
        let (told, known) = watch::channel(Known::default());
        let (wanted, wishes) = mpsc::channel(1);
        let reader = Reader {
            client,
            url: url.to_owned(),
            pace,
            told,
            wishes,
        };
        let keys = Self {
            known,
            wanted,
            pace,
        };
        Ok((keys, tokio::spawn(reader.run())))
    }

    /// A key, by what is known now.
    pub(super) fn find(&self, id: &str) -> Option<Arc<DecodingKey>> {
        self.known.borrow().keys.get(id).cloned()
    }

    /// Is any key known?
    pub(in crate::identity) fn are_known(&self) -> bool {
        !self.known.borrow().keys.is_empty()
    }

    /// Waits for another look, which all who wait share; not when the last was just now.
    pub(super) async fn look_again(&self) {
        let mut known = self.known.clone();
        let looked_at = known.borrow_and_update().looked_at;
        if looked_at.is_some_and(|at| at.elapsed() < self.pace.at_most_every) {
            return;
        }
        let is_first = self.wanted.try_send(()).is_ok();
        let looked = timeout(PATIENCE, known.changed()).await;
        tracing::debug!(is_first, looked = ?looked, "a token names an unknown key");
    }
}

/// Reads the keys.
struct Reader {
    client: Client,
    url: String,
    pace: Pace,
    told: watch::Sender<Known>,
    wishes: mpsc::Receiver<()>,
}

impl Reader {
    async fn run(mut self) {
        loop {
            let looked = self.look().await;
            // Who wished for it meanwhile has it with this.
            while self.wishes.try_recv().is_ok() {}
            let looked_at = Instant::now();
            self.told.send_modify(|known| {
                known.looked_at = Some(looked_at);
                if let Ok(keys) = looked {
                    known.keys = keys;
                }
            });
            if self.wait(looked_at).await.is_none() {
                return;
            }
        }
    }

    /// Waits until it is time for another look; nothing when nobody needs one any more.
    async fn wait(&mut self, looked_at: Instant) -> Option<()> {
        let are_known = !self.told.borrow().keys.is_empty();
        let soonest = looked_at + self.pace.at_most_every;
        let latest = if are_known {
            looked_at + self.pace.at_least_every
        } else {
            soonest
        };
        loop {
            tokio::select! {
                () = sleep_until(latest) => return Some(()),
                wish = self.wishes.recv() => {
                    wish?;
                    if Instant::now() >= soonest {
                        return Some(());
                    }
                }
            }
        }
    }

    async fn look(&self) -> Result<KeysById, LookError> {
        let looked = self.try_look().await;
        let outcome = match &looked {
            Ok(keys) => {
                tracing::info!(keys = keys.len(), "keycloak's keys were read");
                "read"
            }
            Err(error) => {
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(%error, cause, url = self.url, "keycloak's keys were not read");
                "failed"
            }
        };
        metrics::counter!("discuss_identity_key_looks_total", "outcome" => outcome).increment(1);
        looked
    }

    async fn try_look(&self) -> Result<KeysById, LookError> {
        let answer = self.client.get(&self.url).send().await?;
        let document = body(answer.error_for_status()?).await?;
        let keys = jwks::parse(&document)?;
        if keys.is_empty() {
            return Err(LookError::Useless);
        }
        Ok(keys)
    }
}

/// The body of an answer, if it is not too large.
async fn body(mut answer: Response) -> Result<Vec<u8>, LookError> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        body.extend_from_slice(&part);
        if body.len() > MOST_BYTES {
            return Err(LookError::TooLarge);
        }
    }
    Ok(body)
}
