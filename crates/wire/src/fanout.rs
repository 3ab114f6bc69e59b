//! What processes tell each other through Redis: frames, encoded once, behind a short header that a
//! gateway reads without looking into the frame.
//!
//! `e {channel} {seq} {kind} {user,user,…|-}\n{frame}` is an event of a channel's log;
//! `n {channel}\n{frame}` a notice that has no seq (marks, unread counts).

use bytes::Bytes;
use discuss_domain::{ChannelId, EventKind, Seq, UserId};

/// One message on Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fanout {
    /// An event of a channel's log.
    Event(FanoutEvent),
    /// State without a seq, for everybody to whom its topic goes.
    Notice {
        /// The channel it is about.
        channel: ChannelId,
        /// The frame, JSON.
        frame: Bytes,
    },
}

/// An event of a channel's log with its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FanoutEvent {
    /// The channel.
    pub channel: ChannelId,
    /// Its place in the channel's log.
    pub seq: Seq,
    /// What it says.
    pub kind: EventKind,
    /// Who came or went by it; empty for messages.
    pub users: Vec<UserId>,
    /// The frame, JSON.
    pub frame: Bytes,
}

/// The bytes are no message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fan-out message")]
pub struct FanoutError;

impl Fanout {
    /// The bytes to publish.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (header, frame) = match self {
            Self::Event(event) => (event.header(), &event.frame),
            Self::Notice { channel, frame } => (format!("n {channel}\n"), frame),
        };
        let mut bytes = header.into_bytes();
        bytes.extend_from_slice(frame);
        bytes
    }

    /// Reads what was published; the frame is a slice of `bytes`, not a copy.
    pub fn decode(bytes: &Bytes) -> Result<Self, FanoutError> {
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or(FanoutError)?;
        let header = bytes
            .get(..end)
            .and_then(|head| std::str::from_utf8(head).ok());
        let mut words = header.ok_or(FanoutError)?.split(' ');
        let kind = words.next();
        let channel = ChannelId::from(number(words.next())?);
        let frame = bytes.slice(end.saturating_add(1)..);
        match kind {
            Some("n") => Ok(Self::Notice { channel, frame }),
            Some("e") => {
                let seq = Seq::from(number(words.next())?);
                let kind = words.next().and_then(EventKind::find).ok_or(FanoutError)?;
                let users = users(words.next().ok_or(FanoutError)?)?;
                Ok(Self::Event(FanoutEvent {
                    channel,
                    seq,
                    kind,
                    users,
                    frame,
                }))
            }
            _ => Err(FanoutError),
        }
    }
}

impl FanoutEvent {
    fn header(&self) -> String {
        let users: Vec<String> = self.users.iter().map(UserId::to_string).collect();
        let users = if users.is_empty() {
            "-".to_owned()
        } else {
            users.join(",")
        };
        format!(
            "e {} {} {} {users}\n",
            self.channel,
            self.seq,
            self.kind.as_str()
        )
    }
}

fn number(word: Option<&str>) -> Result<i64, FanoutError> {
    word.and_then(|word| word.parse().ok()).ok_or(FanoutError)
}

fn users(word: &str) -> Result<Vec<UserId>, FanoutError> {
    if word == "-" {
        return Ok(Vec::new());
    }
    word.split(',')
        .map(|user| number(Some(user)).map(UserId::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(users: Vec<UserId>) -> Fanout {
        Fanout::Event(FanoutEvent {
            channel: ChannelId::from(7),
            seq: Seq::from(12),
            kind: EventKind::MemberAdded,
            users,
            frame: Bytes::from_static(b"{\"a\":\"x\\n y\"}\n"),
        })
    }

    #[test]
    fn what_is_published_is_read_again() {
        let notice = Fanout::Notice {
            channel: ChannelId::from(7),
            frame: Bytes::from_static(b"{}"),
        };
        for fanout in [
            event(vec![]),
            event(vec![UserId::from(1), UserId::from(2)]),
            notice,
        ] {
            assert_eq!(Fanout::decode(&Bytes::from(fanout.encode())), Ok(fanout));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bytes in [
            "",
            "e 1 2\n{}",
            "x 1\n",
            "e a 2 message_created -\n",
            "e 1 2 nothing -\n",
        ] {
            assert_eq!(
                Fanout::decode(&Bytes::from(bytes)),
                Err(FanoutError),
                "{bytes:?}"
            );
        }
    }
}
