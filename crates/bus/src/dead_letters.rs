//! Records that could not be used: `<topic>.dlt`, with the cause and the origin in headers.
//!
//! A letter, and a record that is put back, are as old as they are themselves, for Kafka: it deletes what
//! is older than a topic's retention, and their originals may be. How old those were is in a header.

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
/// When it was made; milliseconds since 1970.
pub const TIMESTAMP: &str = "x-dead-letter-timestamp";
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

/// Is this a topic of dead letters?
#[must_use]
pub fn is_topic(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

/// The dead letter of a record.
#[must_use]
pub fn of(record: &Record, why: &GivenUp) -> NewRecord {
    cut_to(MAX_VALUE_BYTES, record, why)
}

/// The dead letter of a record, with no more than so many bytes of its value.
fn cut_to(most: usize, record: &Record, why: &GivenUp) -> NewRecord {
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
    if let Some(at) = record.timestamp_ms {
        add(TIMESTAMP, at.to_string());
    }
    let mut value = record.value.clone();
    let length = value.as_ref().map_or(0, Vec::len);
    let cut_before = record.header(CUT_FROM).map(str::to_owned);
    if let Some(cut_from) = cut_before.or((length > most).then(|| length.to_string())) {
        add(CUT_FROM, cut_from);
    }
    if let Some(kept) = &mut value {
        kept.truncate(most);
    }
    NewRecord {
        topic: format!("{}{SUFFIX}", record.topic),
        key: record.key.clone(),
        value,
        headers,
        timestamp_ms: None,
    }
}

/// The dead letter of a record that can't be stored along with its own headers and key, with no more than
/// `most` bytes of its value.
#[must_use]
pub fn bare(record: &Record, why: &GivenUp, most: usize) -> NewRecord {
    let is_cut = |(name, _): &&HeaderPair| name.eq_ignore_ascii_case(CUT_FROM);
    let stripped = Record {
        key: None,
        headers: record.headers.iter().filter(is_cut).cloned().collect(),
        ..record.clone()
    };
    cut_to(most, &stripped, why)
}

/// The record that a dead letter was, to be put back where it came from; as far as it is left: what was
/// cut says so by [`CUT_FROM`].
#[must_use]
pub fn original(letter: &Record) -> NewRecord {
    // Not what a header says: whoever sent the record may have written that.
    let topic = letter.topic.strip_suffix(SUFFIX).unwrap_or(&letter.topic);
    let mut headers = without_ours(&letter.headers);
    let mut keep = |name: &str, value: String| headers.push((name.to_owned(), value.into_bytes()));
    keep(COUNT, deaths(&letter.headers).to_string());
    if let Some(at) = letter.timestamp_ms {
        keep(TIMESTAMP, at.to_string());
    }
    if let Some(cut_from) = letter.header(CUT_FROM) {
        keep(CUT_FROM, cut_from.to_owned());
    }
    NewRecord {
        topic: topic.to_owned(),
        key: letter.key.clone(),
        value: letter.value.clone(),
        headers,
        timestamp_ms: None,
    }
}

fn deaths(headers: &[HeaderPair]) -> u32 {
    let count = find_header(headers, COUNT);
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Headers that are not ours, in whatever case ours are written.
fn without_ours(headers: &[HeaderPair]) -> Vec<HeaderPair> {
    let is_ours = |name: &str| name.to_ascii_lowercase().starts_with("x-dead-letter-");
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

    /// As `Record::of` reads it.
    fn as_read(letter: NewRecord) -> Record {
        let at = find_header(&letter.headers, TIMESTAMP).and_then(|at| at.parse().ok());
        Record {
            topic: letter.topic,
            partition: 0,
            offset: 0,
            timestamp_ms: at.or(letter.timestamp_ms),
            key: letter.key,
            value: letter.value,
            headers: letter.headers,
        }
    }

    #[test]
    fn a_dead_letter_says_why_and_from_where_and_can_be_put_back_unchanged() {
        let first = record(b"{}".to_vec());
        let letter = of(&first, &GivenUp::Failed("no".to_owned()));
        assert_eq!(letter.timestamp_ms, None, "it is as old as it is itself");
        let letter = as_read(letter);
        assert_eq!(letter.topic, "orders.dlt");
        assert_eq!(letter.header(CAUSE), Some("no"));
        assert_eq!(letter.header(KIND), Some("failed"));
        assert_eq!(
            (letter.header(PARTITION), letter.header(OFFSET)),
            (Some("3"), Some("41"))
        );
        let again = original(&letter);
        assert_eq!(again.timestamp_ms, None);
        let again = as_read(again);
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
        let again = as_read(original(&letter));
        let why = GivenUp::Unreadable("it was cut".to_owned());
        for twice in [of(&again, &why), bare(&again, &why, 100)] {
            assert_eq!(as_read(twice).header(CUT_FROM), Some("1048577"));
        }
    }

    #[test]
    fn a_bare_letter_has_as_much_of_its_record_as_it_may() {
        let why = GivenUp::Failed("no".to_owned());
        let letter = as_read(bare(&record(vec![b'x'; 1_000]), &why, 10));
        assert_eq!(
            (letter.key.clone(), letter.value.as_ref().map(Vec::len)),
            (None, Some(10))
        );
        assert_eq!(letter.header(CUT_FROM), Some("1000"));
        assert_eq!(letter.header("x-correlation-id"), None);
    }
}
