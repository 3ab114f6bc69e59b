//! Sending: acknowledged by all copies, in order, never given up.

use std::sync::{Mutex, MutexGuard, PoisonError};
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
    current: Mutex<Client>,
}

/// A client, and how many there were before it.
#[derive(Clone)]
struct Client {
    number: u64,
    producer: FutureProducer,
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
        let client = Client {
            number: 0,
            producer: config.create()?,
        };
        Ok(Self {
            settings: settings.clone(),
            config,
            current: Mutex::new(client),
        })
    }

    /// Sends these records, those of a key in this order, and waits until the brokers have them all.
    /// After an error some may have arrived, of each key the first ones: send all of them again.
    pub async fn send_all(&self, records: &[NewRecord]) -> Result<(), BusError> {
        let client = self.current();
        let mut deliveries = Vec::with_capacity(records.len());
        let mut refused = None;
        for record in records {
            match self.enqueue(&client.producer, record).await {
                Ok(delivery) => deliveries.push(delivery),
                Err(error) => {
                    refused = Some((error, record));
                    break;
                }
            }
        }
        // Also after an error: what was taken must not arrive behind what the caller does next.
        let delivered = join_all(deliveries).await;
        let failed = delivered.into_iter().zip(records);
        let mut failed = failed.filter_map(|(delivered, record)| match delivered {
            Ok(Ok(_)) => None,
            Ok(Err((error, _))) => Some((error, record)),
            Err(_dropped) => Some((KafkaError::Canceled, record)),
        });
        // The first of a client's failures is the cause of the others.
        match failed.next().or(refused) {
            None => Ok(()),
            Some((error, record)) => Err(self.explain(&error, record, client.number)),
        }
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

    fn explain(&self, error: &KafkaError, record: &NewRecord, client: u64) -> BusError {
        // Whatever ends a record that is never given up has ended the client's sequence.
        if let Err(error) = self.replace(client) {
            return error;
        }
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => BusError::TooLarge {
                topic: record.topic.clone(),
                bytes: record.value.as_ref().map_or(0, Vec::len),
            },
            _ => BusError::Restarted(error.to_string()),
        }
    }

    /// Makes a new client, unless somebody did already.
    fn replace(&self, number: u64) -> Result<(), BusError> {
        let mut current = self.lock();
        if current.number == number {
            let producer = self.config.create()?;
            let number = number.wrapping_add(1);
            *current = Client { number, producer };
        }
        Ok(())
    }

    fn current(&self) -> Client {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Client> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
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
