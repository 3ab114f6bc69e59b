//! Who types, as this process was told: whoever is not heard of again for a time is said to type no more,
//! also when their own gateway died.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use discuss_app::typing::LASTS;
use discuss_domain::{ChannelId, UserId};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::event_frame::Frame;
use crate::frames;
use crate::gateway::Gateway;

/// How often it is looked for whose time is over.
const LOOK: Duration = Duration::from_millis(250);
/// People who are remembered at most; of others nobody is told that they type no more.
const MOST: usize = 100_000;

/// Where somebody types.
type Place = (ChannelId, UserId);

/// Who types.
#[derive(Default)]
pub(crate) struct Typists {
    until: Mutex<HashMap<Place, (Instant, Bytes)>>,
}

impl Typists {
    /// Somebody types, and this frame said so; without one they do so no more.
    pub(crate) fn note(&self, place: Place, frame: Option<&Bytes>) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(frame) = frame else {
            until.remove(&place);
            return;
        };
        if until.len() < MOST || until.contains_key(&place) {
            until.insert(place, (Instant::now() + LASTS, frame.clone()));
        }
    }

    fn take_ended(&self, now: Instant) -> Vec<(Place, Bytes)> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = until.extract_if(|_, (until, _)| *until <= now);
        ended.map(|(place, (_, frame))| (place, frame)).collect()
    }
}

/// Tells of those whose time is over, for as long as the process runs.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for ((channel, user), frame) in gateway.typists.take_ended(Instant::now()) {
            if let Some(frame) = no_more(&frame) {
                let frame = Frame::text(frame.as_bytes());
                gateway.hubs.notice_others(channel, user, &frame);
            }
        }
    }
}

/// The frame that takes back what `frame` said.
fn no_more(frame: &[u8]) -> Option<String> {
    let mut frame: Value = serde_json::from_slice(frame).ok()?;
    *frame.get_mut("timestamp")? = json!(frames::now_millis());
    *frame.get_mut("payload")?.get_mut("isTyping")? = json!(false);
    Some(frame.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_heard_of_again_ends_and_who_says_so_before_does_not() {
        let typists = Typists::default();
        let place = |user: i64| (ChannelId::from(7), UserId::from(user));
        let frame = Bytes::from_static(b"{}");
        typists.note(place(1), Some(&frame));
        typists.note(place(2), Some(&frame));
        typists.note(place(2), None);
        let now = Instant::now();
        assert!(typists.take_ended(now).is_empty());
        assert_eq!(typists.take_ended(now + LASTS), [(place(1), frame)]);
        assert!(typists.take_ended(now + LASTS).is_empty());
    }

    #[test]
    fn what_was_said_is_taken_back() {
        let said = br#"{"type":"TYPING_INDICATOR","payload":{"userName":"\"isTyping\":true","isTyping":true},"timestamp":5}"#;
        let back: Value = serde_json::from_str(&no_more(said).unwrap()).unwrap();
        assert_eq!(
            back["payload"],
            json!({"userName": "\"isTyping\":true", "isTyping": false})
        );
        assert!(back["timestamp"].as_i64().unwrap() > 5);
    }
}
