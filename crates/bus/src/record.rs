//! Records, as they come and as they go.

use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};

use crate::Settings;
use crate::dead_letters::TIMESTAMP;

/// The header of the correlation id of the request that a record follows from.
pub const CORRELATION_ID: &str = "X-Correlation-Id";
/// The header of W3C trace context.
pub const TRACEPARENT: &str = "traceparent";

/// A header's name and bytes.
pub type HeaderPair = (String, Vec<u8>);

/// A record as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The topic, without the prefix.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// When it was made, in milliseconds since 1970: as Kafka has it, and of a dead letter, or what was put
    /// back from one, as its original had it.
    pub timestamp_ms: Option<i64>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; nothing in a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<HeaderPair>,
}

impl Record {
    /// A message as the client brings it.
    #[must_use]
    pub fn of(message: &BorrowedMessage<'_>, settings: &Settings) -> Self {
        let headers: Option<Vec<HeaderPair>> = message.headers().map(|headers| {
            let pair = |header: Header<'_, &[u8]>| {
                let value = header.value.unwrap_or_default().to_vec();
                (header.key.to_owned(), value)
            };
            headers.iter().map(pair).collect()
        });
        let headers = headers.unwrap_or_default();
        let original = find_header(&headers, TIMESTAMP).and_then(|at| at.parse().ok());
        Self {
            topic: settings.own_name(message.topic()).to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: original.or(message.timestamp().to_millis()),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
        }
    }

    /// A header's text; nothing if there is none, or it is no UTF-8. Names are told apart by letters,
    /// not by their case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// How much it weighs in memory, in bytes: headers with what it takes to hold one, as there may be
    /// hundreds of thousands that are empty.
    #[must_use]
    pub fn weight(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let held = |(name, value): &HeaderPair| size_of::<HeaderPair>() + name.len() + value.len();
        let headers: usize = self.headers.iter().map(held).sum();
        length(&self.key) + length(&self.value) + headers
    }
}

pub(crate) fn find_header<'h>(headers: &'h [HeaderPair], name: &str) -> Option<&'h str> {
    let (_, value) = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(value).ok()
}

/// A record to be sent.
#[derive(Debug, Clone, Default)]
pub struct NewRecord {
    /// The topic, without the prefix.
    pub topic: String,
    /// The key: records of one key stay in order.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<HeaderPair>,
    /// When it was made; now, if unset. Milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
}

impl NewRecord {
    pub(crate) fn owned_headers(&self) -> OwnedHeaders {
        let empty = OwnedHeaders::new_with_capacity(self.headers.len());
        self.headers.iter().fold(empty, |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(value),
            })
        })
    }
}
