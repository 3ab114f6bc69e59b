//! Several events in one frame, where many wait: a client that is behind is spared some of the work.

use bytes::Bytes;

use crate::frames;

/// So many frames behind an event, and it goes out with them.
pub(super) const FROM: usize = 16;
/// Events of one frame at most.
const MOST: usize = 100;
/// Bytes of one frame, beyond which nothing is added to it.
const MOST_BYTES: usize = 32 * 1024;

/// `first` and what `next` brings as one BATCH.
pub(super) fn join(first: &[u8], mut next: impl FnMut() -> Option<Bytes>) -> Bytes {
    let mut json = b"{\"type\":\"BATCH\",\"payload\":{\"events\":[".to_vec();
    json.extend_from_slice(text_of(first));
    let mut count = 1;
    while count < MOST && json.len() < MOST_BYTES {
        let Some(frame) = next() else { break };
        json.push(b',');
        json.extend_from_slice(text_of(&frame));
        count += 1;
    }
    let end = format!("]}},\"timestamp\":{}}}", frames::now_millis());
    json.extend_from_slice(end.as_bytes());
    frames::text(&json)
}

/// The text of a frame of ours, which is not masked.
fn text_of(frame: &[u8]) -> &[u8] {
    let header = match frame.get(1).copied() {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    frame.get(header..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn batch(texts: &[String]) -> Value {
        let mut frames = texts.iter().map(|text| frames::text(text.as_bytes()));
        let joined = join(&frames.next().unwrap(), || frames.next());
        serde_json::from_slice(text_of(&joined)).unwrap()
    }

    #[test]
    fn events_of_any_length_are_joined_as_they_are() {
        let texts = [2, 200, 70_000].map(|length| format!("\"{}\"", "x".repeat(length)));
        let batch = batch(&texts);
        assert_eq!(batch["type"], "BATCH");
        let events: Vec<Value> = texts
            .iter()
            .map(|text| json!(text.trim_matches('"')))
            .collect();
        assert_eq!(batch["payload"]["events"], json!(events));
        assert!(batch["timestamp"].as_i64().unwrap() > 0);
    }

    #[test]
    fn a_batch_is_bounded() {
        let few = vec!["1".to_owned(); 200];
        assert_eq!(
            batch(&few)["payload"]["events"].as_array().unwrap().len(),
            MOST
        );
        let large = vec![format!("\"{}\"", "x".repeat(20_000)); 5];
        assert_eq!(
            batch(&large)["payload"]["events"].as_array().unwrap().len(),
            2
        );
    }
}
