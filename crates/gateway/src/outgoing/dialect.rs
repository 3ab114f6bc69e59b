//! In which dialect a socket is spoken to.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use discuss_domain::{ChannelId, Seq};
use discuss_wire::stomp::{Version, header_line};

use crate::event_frame::Frame;

/// A WebSocket frame.
pub(super) struct Encoded {
    pub(super) frame: Bytes,
    /// Where its event stands in a log, if that is to be known.
    pub(super) place: Option<(ChannelId, Seq)>,
    /// It may go out in one frame with others.
    pub(super) is_event: bool,
}

impl Encoded {
    /// One that stands for itself.
    pub(super) const fn bare(frame: Bytes) -> Self {
        Self {
            frame,
            place: None,
            is_event: false,
        }
    }
}

/// In which dialect a socket is spoken to.
pub(crate) enum Dialect {
    /// Frames of JSON.
    Json,
    /// Messages of STOMP, under the subscription that the client has, if it has one.
    Stomp(Mutex<Option<Arc<str>>>),
}

impl Dialect {
    /// STOMP, before its client has subscribed.
    pub(crate) fn stomp() -> Self {
        Self::Stomp(Mutex::default())
    }

    /// The client subscribes under this id, or no more.
    pub(crate) fn subscribe(&self, id: Option<&str>, version: Version) {
        if let Self::Stomp(subscription) = self {
            let head = |id| {
                Arc::from(format!(
                    "MESSAGE\n{}",
                    header_line("subscription", id, version)
                ))
            };
            let mut subscription = subscription.lock().unwrap_or_else(PoisonError::into_inner);
            *subscription = id.map(head);
        }
    }

    /// Hands each WebSocket frame that a frame is to `each`.
    pub(super) fn encode(&self, frame: &Frame, mut each: impl FnMut(Encoded)) {
        match self {
            Self::Json => each(Encoded {
                frame: frame.json().clone(),
                place: None,
                is_event: frame.is_event(),
            }),
            Self::Stomp(subscription) => {
                let subscription = subscription.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(head) = subscription.as_ref() {
                    for message in frame.stomp() {
                        each(Encoded {
                            frame: message.under(head),
                            place: message.place,
                            is_event: false,
                        });
                    }
                }
            }
        }
    }
}
