//! Sends by a socket that wait for their answers.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::rest::Stored;

/// A message to send by a socket.
pub(crate) struct Request {
    /// The channel.
    pub(crate) channel: u64,
    /// The text.
    pub(crate) content: String,
    /// The sender's id for it.
    pub(crate) client_id: Uuid,
    /// Where the answer goes; dropped without one when the socket breaks.
    pub(crate) reply: oneshot::Sender<Result<Stored, Refused>>,
}

/// The gateway refused a request.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The contract's symbol.
    pub(crate) code: String,
    /// When to come back.
    pub(crate) retry_after: Option<Duration>,
}

/// The requests of one socket that have no answer yet.
#[derive(Default)]
pub(crate) struct Pending {
    last: u64,
    replies: HashMap<u64, oneshot::Sender<Result<Stored, Refused>>>,
}

impl Pending {
    /// The frame of `request`, which waits from now on; nothing if nobody waits for it any more.
    pub(crate) fn enter(&mut self, request: Request) -> Option<String> {
        if request.reply.is_closed() {
            return None;
        }
        self.last += 1;
        let Request {
            channel,
            content,
            client_id,
            reply,
        } = request;
        self.replies.insert(self.last, reply);
        let payload =
            json!({ "channelId": channel, "content": content, "clientMessageId": client_id });
        let frame = json!({ "type": "SEND_MESSAGE", "requestId": self.last.to_string(), "payload": payload });
        Some(frame.to_string())
    }

    /// The answer to a request has come.
    pub(crate) fn answer(&mut self, request: u64, answer: Result<Stored, Refused>) {
        if let Some(reply) = self.replies.remove(&request) {
            // Whoever asked may have stopped waiting.
            drop(reply.send(answer));
        }
    }

    /// The socket broke: whoever waits must ask again.
    pub(crate) fn forget(&mut self) {
        self.replies.clear();
    }
}
