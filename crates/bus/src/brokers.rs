//! Whether Kafka answers.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::producer::{BaseProducer, Producer as _};

use crate::{BusError, Settings};

/// How long the brokers have to answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A connection for asking whether Kafka answers. Cheap to clone.
#[derive(Clone)]
pub struct Brokers {
    client: Arc<BaseProducer>,
}

impl Brokers {
    /// Connects when it is first asked.
    pub fn new(settings: &Settings) -> Result<Self, BusError> {
        let client = Arc::new(settings.client().create()?);
        Ok(Self { client })
    }

    /// Asks a broker for the list of the brokers.
    pub async fn ping(&self) -> Result<(), BusError> {
        let client = Arc::clone(&self.client);
        // The client blocks until it is answered.
        tokio::task::spawn_blocking(move || {
            let asked = client.client().fetch_metadata(None, TIMEOUT);
            asked.map(drop).map_err(BusError::from)
        })
        .await
        .map_err(|error| BusError::Broken(error.to_string()))?
    }
}
