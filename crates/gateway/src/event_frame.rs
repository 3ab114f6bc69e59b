//! A frame for the sockets of both dialects: encoded at most once for each, when the first that speaks it
//! gets it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use discuss_domain::{ChannelId, Seq};
use discuss_wire::stomp::{self, Translation};

use crate::frames;

/// Messages that belong to no log are numbered.
static MESSAGES: AtomicU64 = AtomicU64::new(0);

/// Names of subscriptions for which a message is encoded once.
const SHARED: usize = 4;

/// A frame for the sockets of both dialects. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Frame(Arc<Encodings>);

#[derive(Debug)]
struct Encodings {
    json: Bytes,
    /// Where the text begins in `json`.
    text_at: usize,
    /// It tells what happened, and answers nobody.
    is_event: bool,
    stomp: OnceLock<Vec<StompMessage>>,
}

/// A MESSAGE without its subscription, which is the client's.
#[derive(Debug)]
pub(crate) struct StompMessage {
    /// Where its event stands.
    pub(crate) place: Option<(ChannelId, Seq)>,
    /// What follows the subscription.
    rest: Vec<u8>,
    /// The whole for the subscriptions that asked first: nearly all clients call theirs alike.
    wholes: [OnceLock<(Arc<str>, Bytes)>; SHARED],
}

impl Encodings {
    /// Those of a text that tells no event.
    fn of(json: &[u8]) -> Self {
        let frame = frames::text(json);
        let text_at = frame.len().saturating_sub(json.len());
        Self {
            json: frame,
            text_at,
            is_event: false,
            stomp: OnceLock::new(),
        }
    }
}

impl Frame {
    /// Of the text of an event, in the JSON dialect.
    pub(crate) fn text(json: &[u8]) -> Self {
        let encodings = Encodings::of(json);
        Self(Arc::new(Encodings {
            is_event: true,
            ..encodings
        }))
    }

    /// Of the text of an answer.
    pub(crate) fn answer(json: &[u8]) -> Self {
        Self(Arc::new(Encodings::of(json)))
    }

    /// Whether it tells what happened, and may go out in one frame with others.
    pub(crate) fn is_event(&self) -> bool {
        self.0.is_event
    }

    /// The WebSocket frame of the JSON dialect.
    pub(crate) fn json(&self) -> &Bytes {
        &self.0.json
    }

    /// What it is in STOMP; nothing, if it is not told there.
    pub(crate) fn stomp(&self) -> &[StompMessage] {
        self.0.stomp.get_or_init(|| {
            let text = self.0.json.get(self.0.text_at..).unwrap_or_default();
            let messages = stomp::translate(text).into_iter().zip(0..);
            messages
                .map(|(translation, part)| StompMessage::new(&translation, part))
                .collect()
        })
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.0.json
    }
}

impl StompMessage {
    fn new(translation: &Translation, part: usize) -> Self {
        let mut headers = vec![
            ("destination", stomp::EVENTS.to_owned()),
            ("message-id", message_id(translation, part)),
            ("content-type", "application/json".to_owned()),
        ];
        if let Some(channel) = translation.channel {
            headers.push(("channel-id", channel.to_string()));
        }
        if let Some(seq) = translation.seq {
            headers.push(("seq", seq.to_string()));
        }
        headers.push(("content-length", translation.body.len().to_string()));
        let line = |(name, value): (&str, String)| format!("{name}:{value}\n");
        let lines: String = headers.into_iter().map(line).collect();
        let mut rest = lines.into_bytes();
        rest.push(b'\n');
        rest.extend_from_slice(&translation.body);
        rest.push(0);
        let place = translation.channel.zip(translation.seq);
        Self {
            place: place.map(|(channel, seq)| (ChannelId::from(channel), Seq::from(seq))),
            rest,
            wholes: Default::default(),
        }
    }

    /// The WebSocket frame for a subscription, whose header is `head`: the command and its first line.
    pub(crate) fn under(&self, head: &Arc<str>) -> Bytes {
        let encode = || {
            let mut message = head.as_bytes().to_vec();
            message.extend_from_slice(&self.rest);
            frames::text(&message)
        };
        let wholes = self.wholes.iter();
        let mut wholes = wholes.map(|whole| whole.get_or_init(|| (Arc::clone(head), encode())));
        let whole = wholes.find(|(of, _)| of == head);
        whole.map_or_else(encode, |(_, whole)| whole.clone())
    }
}

fn message_id(translation: &Translation, part: usize) -> String {
    match (translation.channel, translation.seq, part) {
        (Some(channel), Some(seq), 0) => format!("{channel}-{seq}"),
        (Some(channel), Some(seq), part) => format!("{channel}-{seq}-{part}"),
        _ => format!("n-{}", MESSAGES.fetch_add(1, Ordering::Relaxed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_encoded_once_for_all_who_call_their_subscription_alike() {
        let frame = Frame::text(
            br#"{"type":"MEMBER_LEFT","payload":{"channelId":7,"userId":3},"timestamp":5,"channelId":7,"seq":12}"#,
        );
        let [message] = frame.stomp() else {
            panic!("{frame:?}");
        };
        assert_eq!(message.place, Some((ChannelId::from(7), Seq::from(12))));
        let head = |id: &str| Arc::from(format!("MESSAGE\nsubscription:{id}\n"));
        let (first, again) = (message.under(&head("sub-0")), message.under(&head("sub-0")));
        assert_eq!(first.as_ptr(), again.as_ptr());
        let text = String::from_utf8_lossy(&first);
        assert!(text.contains("MESSAGE\nsubscription:sub-0\ndestination:/user/queue/events\nmessage-id:7-12\ncontent-type:application/json\nchannel-id:7\nseq:12\ncontent-length:"), "{text}");
        assert!(text.ends_with("\"timestamp\":5}\0"), "{text}");
        let (other, again) = (message.under(&head("mine")), message.under(&head("mine")));
        assert_eq!(other.as_ptr(), again.as_ptr());
        assert!(String::from_utf8_lossy(&other).contains("subscription:mine\n"));
    }

    #[test]
    fn what_is_not_told_in_stomp_is_left_out() {
        let frame = Frame::text(br#"{"type":"PONG","payload":{},"timestamp":5}"#);
        assert!(frame.stomp().is_empty());
        assert_eq!(
            frame.json()[2..],
            br#"{"type":"PONG","payload":{},"timestamp":5}"#[..]
        );
    }
}
