//! Sending: acknowledged by all copies, in order, never given up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord};

use crate::{BusError, NewRecord, Settings};

/// The pause before a full queue is tried again.
const FULL_QUEUE: Duration = Duration::from_millis(20);

/// Sends records.
///
/// A record that was taken is sent until the brokers have it, however long that takes: an outage makes
/// [`Producer::send_all`] wait. Records of one key keep their order, and none is stored twice by a
/// repeat of the client itself.
pub struct Producer {
    settings: Settings,
    config: ClientConfig,
    inner: Mutex<FutureProducer>,
}

impl Producer {
    /// A producer for these brokers; connects when the first record is sent.
    pub fn new(settings: &Settings) -> Result<Self, BusError> {
        let mut config = settings.client();
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("enable.gapless.guarantee", "true")
            .set("message.timeout.ms", "0")
            .set("linger.ms", "5")
            .set("compression.type", "lz4")
            .set("queue.buffering.max.kbytes", "65536");
        let inner = config.create()?;
        Ok(Self {
            settings: settings.clone(),
            config,
            inner: Mutex::new(inner),
        })
    }

    /// Sends these records, those of a key in this order, and waits until the brokers have them all.
    /// After an error some may have arrived, of each key the first ones: send all of them again.
    pub async fn send_all(&self, records: &[NewRecord]) -> Result<(), BusError> {
        let producer = self.current();
        let mut deliveries = Vec::with_capacity(records.len());
        for record in records {
            let delivery = self.enqueue(&producer, record).await;
            deliveries.push(delivery.map_err(|error| self.explain(&error, record))?);
        }
        for (delivered, record) in join_all(deliveries).await.into_iter().zip(records) {
            match delivered {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => return Err(self.explain(&error, record)),
                Err(_dropped) => return Err(BusError::Restarted("it was dropped".to_owned())),
            }
        }
        Ok(())
    }

    async fn enqueue(
        &self,
        producer: &FutureProducer,
        record: &NewRecord,
    ) -> Result<DeliveryFuture, KafkaError> {
        let topic = self.settings.full_name(&record.topic);
        loop {
            match producer.send_result(prepared(record, &topic)) {
                Ok(delivery) => return Ok(delivery),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    tokio::time::sleep(FULL_QUEUE).await;
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    fn explain(&self, error: &KafkaError, record: &NewRecord) -> BusError {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => BusError::TooLarge {
                topic: record.topic.clone(),
                bytes: record.value.as_ref().map_or(0, Vec::len),
            },
            // Whatever else ends a record that is never given up has ended this client's sequence.
            _ => match self.restart() {
                Ok(()) => BusError::Restarted(error.to_string()),
                Err(error) => error,
            },
        }
    }

    fn restart(&self) -> Result<(), BusError> {
        let new = self.config.create()?;
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    fn current(&self) -> FutureProducer {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn prepared<'r>(record: &'r NewRecord, topic: &'r str) -> FutureRecord<'r, [u8], [u8]> {
    let mut prepared = FutureRecord::to(topic).headers(record.owned_headers());
    if let Some(key) = &record.key {
        prepared = prepared.key(key.as_slice());
    }
    if let Some(value) = &record.value {
        prepared = prepared.payload(value.as_slice());
    }
    if let Some(at) = record.timestamp_ms {
        prepared = prepared.timestamp(at);
    }
    prepared
}
