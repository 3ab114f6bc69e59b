//! Records that could not be used: `<topic>.dlt`, with the cause and the origin in headers.

use crate::record::{HeaderPair, find_header};
use crate::{NewRecord, Record};

/// What a topic's name is followed by to name its dead letters.
pub const SUFFIX: &str = ".dlt";
/// Why the record is here, for people.
pub const CAUSE: &str = "x-dead-letter-cause";
/// `unreadable`, or `failed` for what was tried and can be tried again.
pub const KIND: &str = "x-dead-letter-kind";
/// Where it came from.
pub const TOPIC: &str = "x-dead-letter-topic";
/// The partition that it came from.
pub const PARTITION: &str = "x-dead-letter-partition";
/// The offset that it had there.
pub const OFFSET: &str = "x-dead-letter-offset";
/// The length of the value that it had, if more than what is kept.
pub const CUT_FROM: &str = "x-dead-letter-cut-from";
/// How often it has ended as a dead letter, this time included.
pub const COUNT: &str = "x-dead-letter-count";

/// What is kept of a value, in bytes.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;
/// What is kept of a cause, in characters.
const MAX_CAUSE_CHARS: usize = 1_000;

/// Why a record was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenUp {
    /// It says nothing that can be understood.
    Unreadable(String),
    /// It was tried for as long as it is tried.
    Failed(String),
}

/// The dead letter of a record.
#[must_use]
pub fn of(record: &Record, why: &GivenUp) -> NewRecord {
    let (kind, cause) = match why {
        GivenUp::Unreadable(cause) => ("unreadable", cause),
        GivenUp::Failed(cause) => ("failed", cause),
    };
    let cause: String = cause.chars().take(MAX_CAUSE_CHARS).collect();
    let count = deaths(&record.headers).saturating_add(1);
    let mut headers = without_ours(&record.headers);
    let mut add = |name: &str, value: String| headers.push((name.to_owned(), value.into_bytes()));
    add(CAUSE, cause);
    add(KIND, kind.to_owned());
    add(TOPIC, record.topic.clone());
    add(PARTITION, record.partition.to_string());
    add(OFFSET, record.offset.to_string());
    add(COUNT, count.to_string());
    let mut value = record.value.clone();
    if let Some(kept) = &mut value
        && kept.len() > MAX_VALUE_BYTES
    {
        add(CUT_FROM, kept.len().to_string());
        kept.truncate(MAX_VALUE_BYTES);
    }
    NewRecord {
        topic: format!("{}{SUFFIX}", record.topic),
        key: record.key.clone(),
        value,
        headers,
        timestamp_ms: record.timestamp_ms,
    }
}

/// The dead letter of a record whose own headers or key are too large to be stored along with it.
#[must_use]
pub fn bare(record: &Record, why: &GivenUp) -> NewRecord {
    let stripped = Record {
        key: None,
        headers: Vec::new(),
        ..record.clone()
    };
    of(&stripped, why)
}

/// The record that a dead letter was, to be put back where it came from.
#[must_use]
pub fn original(letter: &Record) -> NewRecord {
    let topic = letter.header(TOPIC).map(str::to_owned);
    let topic = topic.unwrap_or_else(|| letter.topic.trim_end_matches(SUFFIX).to_owned());
    let mut headers = without_ours(&letter.headers);
    let count = deaths(&letter.headers).to_string();
    headers.push((COUNT.to_owned(), count.into_bytes()));
    NewRecord {
        topic,
        key: letter.key.clone(),
        value: letter.value.clone(),
        headers,
        timestamp_ms: letter.timestamp_ms,
    }
}

fn deaths(headers: &[HeaderPair]) -> u32 {
    let count = find_header(headers, COUNT);
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

fn without_ours(headers: &[HeaderPair]) -> Vec<HeaderPair> {
    let is_ours = |name: &str| name.starts_with("x-dead-letter-");
    let theirs = headers.iter().filter(|(name, _)| !is_ours(name));
    theirs.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: Vec<u8>) -> Record {
        Record {
            topic: "orders".to_owned(),
            partition: 3,
            offset: 41,
            timestamp_ms: Some(1_700_000_000_000),
            key: Some(b"k".to_vec()),
            value: Some(value),
            headers: vec![("X-Correlation-Id".to_owned(), b"c-1".to_vec())],
        }
    }

    fn as_read(letter: NewRecord) -> Record {
        Record {
            topic: letter.topic,
            partition: 0,
            offset: 0,
            timestamp_ms: letter.timestamp_ms,
            key: letter.key,
            value: letter.value,
            headers: letter.headers,
        }
    }

    #[test]
    fn a_dead_letter_says_why_and_from_where_and_can_be_put_back_unchanged() {
        let first = record(b"{}".to_vec());
        let letter = as_read(of(&first, &GivenUp::Failed("no".to_owned())));
        assert_eq!(letter.topic, "orders.dlt");
        assert_eq!(letter.header(CAUSE), Some("no"));
        assert_eq!(letter.header(KIND), Some("failed"));
        assert_eq!(
            (letter.header(PARTITION), letter.header(OFFSET)),
            (Some("3"), Some("41"))
        );
        let again = as_read(original(&letter));
        assert_eq!((again.topic.as_str(), &again.key), ("orders", &first.key));
        assert_eq!(
            (&again.value, again.timestamp_ms),
            (&first.value, first.timestamp_ms)
        );
        assert_eq!(again.header("x-correlation-id"), Some("c-1"));
        let twice = as_read(of(&again, &GivenUp::Unreadable("still".to_owned())));
        assert_eq!(twice.header(COUNT), Some("2"));
    }

    #[test]
    fn a_large_value_is_cut_and_its_length_kept() {
        let letter = as_read(of(
            &record(vec![b'x'; MAX_VALUE_BYTES + 1]),
            &GivenUp::Unreadable("too large".to_owned()),
        ));
        assert_eq!(letter.value.as_ref().map(Vec::len), Some(MAX_VALUE_BYTES));
        assert_eq!(letter.header(CUT_FROM), Some("1048577"));
    }
}
