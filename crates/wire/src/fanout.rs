//! What processes tell each other through Redis: frames, encoded once, behind a short header that a
//! gateway reads without looking into the frame.
//!
//! `e {channel} {seq} {kind} {user,user,…|-}\n{frame}` is an event of a channel's log;
//! `n {channel}\n{frame}` a notice that has no seq (marks, unread counts), `t {channel} {user} {s|e}\n{frame}`
//! one that somebody types or does so no more, `a {channel}\n` that who may hear it may be others than before, `p {user} {channel,channel,…|-}\n{frame}` whether somebody is
//! there.

use bytes::Bytes;
use discuss_domain::{ChannelId, EventKind, Seq, UserId};

/// Stands for a kind that is not known here.
const UNKNOWN: &str = "unknown";

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
    /// Somebody types, or does so no more: for everybody else in the channel.
    Typing {
        /// The channel.
        channel: ChannelId,
        /// Who.
        user: UserId,
        /// They type.
        starts: bool,
        /// The frame, JSON.
        frame: Bytes,
    },
    /// Who may see the business record of this channel may be others than before.
    Access {
        /// The channel.
        channel: ChannelId,
    },
    /// Whether somebody is there, for who is in one of these channels with them.
    Presence {
        /// Who.
        user: UserId,
        /// The channels.
        channels: Vec<ChannelId>,
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
    /// What it says; nothing, if only a newer version knows.
    pub kind: Option<EventKind>,
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
        let nothing = Bytes::new();
        let (header, frame) = match self {
            Self::Event(event) => (event.header(), &event.frame),
            Self::Notice { channel, frame } => (format!("n {channel}\n"), frame),
            Self::Typing {
                channel,
                user,
                starts,
                frame,
            } => {
                let what = if *starts { 's' } else { 'e' };
                (format!("t {channel} {user} {what}\n"), frame)
            }
            Self::Access { channel } => (format!("a {channel}\n"), &nothing),
            Self::Presence {
                user,
                channels,
                frame,
            } => (format!("p {user} {}\n", list(channels)), frame),
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
        let id = number(words.next())?;
        let channel = ChannelId::from(id);
        let frame = bytes.slice(end.saturating_add(1)..);
        match kind {
            Some("n") => Ok(Self::Notice { channel, frame }),
            Some("a") => Ok(Self::Access { channel }),
            Some("t") => Ok(Self::Typing {
                channel,
                user: UserId::from(number(words.next())?),
                starts: words.next() == Some("s"),
                frame,
            }),
            Some("p") => Ok(Self::Presence {
                user: UserId::from(id),
                channels: ids(words.next().ok_or(FanoutError)?)?,
                frame,
            }),
            Some("e") => {
                let seq = Seq::from(number(words.next())?);
                let kind = EventKind::find(words.next().ok_or(FanoutError)?);
                let users = ids(words.next().ok_or(FanoutError)?)?;
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
        let users = list(&self.users);
        format!(
            "e {} {} {} {users}\n",
            self.channel,
            self.seq,
            self.kind.map_or(UNKNOWN, EventKind::as_str)
        )
    }
}

fn number(word: Option<&str>) -> Result<i64, FanoutError> {
    word.and_then(|word| word.parse().ok()).ok_or(FanoutError)
}

fn list<I: ToString>(ids: &[I]) -> String {
    if ids.is_empty() {
        return "-".to_owned();
    }
    let ids: Vec<String> = ids.iter().map(I::to_string).collect();
    ids.join(",")
}

fn ids<I: From<i64>>(word: &str) -> Result<Vec<I>, FanoutError> {
    if word == "-" {
        return Ok(Vec::new());
    }
    word.split(',')
        .map(|id| number(Some(id)).map(I::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(users: Vec<UserId>) -> Fanout {
        Fanout::Event(FanoutEvent {
            channel: ChannelId::from(7),
            seq: Seq::from(12),
            kind: Some(EventKind::MemberAdded),
            users,
            frame: Bytes::from_static(b"{\"a\":\"x\\n y\"}\n"),
        })
    }

    fn typing(starts: bool) -> Fanout {
        Fanout::Typing {
            channel: ChannelId::from(7),
            user: UserId::from(3),
            starts,
            frame: Bytes::from_static(b"{}"),
        }
    }

    fn presence(channels: Vec<ChannelId>) -> Fanout {
        Fanout::Presence {
            user: UserId::from(3),
            channels,
            frame: Bytes::from_static(b"{}"),
        }
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
            typing(true),
            typing(false),
            Fanout::Access {
                channel: ChannelId::from(7),
            },
            presence(vec![]),
            presence(vec![ChannelId::from(7), ChannelId::from(9)]),
        ] {
            assert_eq!(Fanout::decode(&Bytes::from(fanout.encode())), Ok(fanout));
        }
    }

    #[test]
    fn an_event_of_a_kind_that_only_a_newer_version_knows_keeps_its_place_and_its_frame() {
        let bytes = Bytes::from_static(b"e 7 12 attachment_ready -\n{\"a\":1}");
        let expected = Fanout::Event(FanoutEvent {
            channel: ChannelId::from(7),
            seq: Seq::from(12),
            kind: None,
            users: vec![],
            frame: Bytes::from_static(b"{\"a\":1}"),
        });
        assert_eq!(Fanout::decode(&bytes), Ok(expected.clone()));
        let again = Bytes::from(expected.encode());
        assert_eq!(Fanout::decode(&again), Ok(expected));
    }

    #[test]
    fn anything_else_is_refused() {
        for bytes in [
            "",
            "e 1 2\n{}",
            "x 1\n",
            "e a 2 message_created -\n",
            "e 1 2 message_created\n",
        ] {
            assert_eq!(
                Fanout::decode(&Bytes::from(bytes)),
                Err(FanoutError),
                "{bytes:?}"
            );
        }
    }
}
