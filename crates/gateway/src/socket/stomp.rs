//! How a connection begins in STOMP.

use std::time::Duration;

use actix_ws::AggregatedMessage;
use bytes::Bytes;
use discuss_app::identity::{Identity, IdentityError, bearer};
use discuss_domain::UserId;
use discuss_wire::stomp::{ClientFrame, Command, Incoming, Version, encode, heart_beat, parse};
use tokio::time::{Instant, timeout_at};

use super::Socket;
use crate::frames::{self, Close};

/// The server beats, and wants its clients to, so often.
const BEAT: Duration = Duration::from_secs(10);

/// What was agreed on with a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agreement {
    /// The version.
    pub(crate) version: Version,
    /// The client wants a beat so often.
    pub(crate) beats: Option<Duration>,
    /// A client that is silent for so long is gone.
    pub(crate) silence: Option<Duration>,
}

/// What it is agreed to be before anything is agreed.
impl Default for Agreement {
    fn default() -> Self {
        Self {
            version: Version::V12,
            beats: None,
            silence: None,
        }
    }
}

impl Agreement {
    fn of(version: Version, beats: Option<&str>) -> Self {
        let beats = beats.filter(|_| version != Version::V10);
        let (sends, wants) = beats.and_then(heart_beat).unwrap_or_default();
        let at_least = |millis: u32| {
            let every = Duration::from_millis(millis.into()).max(BEAT);
            (millis > 0).then_some(every)
        };
        Self {
            version,
            beats: at_least(wants),
            silence: at_least(sends).map(|every| every.saturating_mul(3)),
        }
    }

    /// How long the client may be silent, whatever it promised: no longer than others, `most`.
    pub(super) fn silence_within(&self, most: Duration) -> Duration {
        self.silence.map_or(most, |silence| silence.min(most))
    }

    /// Whether the client has to be asked for signs of life: nobody answers a heart-beat, and who promised none of
    /// their own, or too few, is heard of by their pongs.
    pub(super) fn needs_pings(&self, most: Duration) -> bool {
        let promised_enough = self.silence.is_some_and(|silence| silence <= most);
        self.beats.is_none() || !promised_enough
    }
}

/// A text of STOMP as a WebSocket frame.
pub(super) fn message(
    command: &str,
    headers: &[(&str, &str)],
    body: &str,
    version: Version,
) -> Bytes {
    frames::text(&encode(command, headers, body.as_bytes(), version))
}

/// The bytes of a message that may hold frames.
pub(super) fn bytes_of(message: &AggregatedMessage) -> Option<&[u8]> {
    match message {
        AggregatedMessage::Text(text) => Some(text.as_bytes()),
        AggregatedMessage::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

impl Socket {
    /// Waits for CONNECT, and tells who it is by it, or else by the upgrade.
    pub(super) async fn connect(
        &mut self,
        said: Option<Result<Identity, IdentityError>>,
    ) -> Result<Identity, Close> {
        let until = Instant::now() + self.gateway.limits.first_frame();
        loop {
            let heard = match timeout_at(until, self.hear()).await {
                Ok(heard) => heard?.ok_or(Close::Normal)?,
                Err(_elapsed) => return Err(self.refuse(IdentityError::Missing, None)),
            };
            let Some(bytes) = bytes_of(&heard) else {
                self.answer_ping(&heard);
                continue;
            };
            let incoming = parse(bytes, Version::V12);
            let incoming = incoming.map_err(|error| self.refuse_frame(&error.to_string()))?;
            match incoming.as_slice() {
                [] | [Incoming::HeartBeat] => {}
                [Incoming::Frame(frame)] if frame.command == Command::Connect => {
                    return self.agree(frame, said).await;
                }
                _ => return Err(self.refuse_frame("CONNECT must be the first frame, and alone")),
            }
        }
    }

    async fn agree(
        &mut self,
        frame: &ClientFrame<'_>,
        said: Option<Result<Identity, IdentityError>>,
    ) -> Result<Identity, Close> {
        let Some(version) = Version::highest(frame.header("accept-version")) else {
            return Err(self.refuse_frame("the versions are 1.0, 1.1 and 1.2"));
        };
        self.agreement = Agreement::of(version, frame.header("heart-beat"));
        let token = frame.header("Authorization");
        let token = token.or_else(|| frame.header("authorization"));
        let identified = match (token.map(|header| bearer(header)), said) {
            (Some(Some(token)), _) => self.verify(token).await,
            (Some(None), _) => Err(IdentityError::Invalid),
            (None, Some(said)) => said,
            (None, None) => Err(IdentityError::Missing),
        };
        identified.map_err(|error| self.refuse(error, None))
    }

    /// The answer to CONNECT.
    pub(super) fn say_connected(&self, user: UserId) {
        let version = self.agreement.version;
        let user = user.to_string();
        let beat = format!("{0},{0}", BEAT.as_millis());
        let mut headers = vec![("version", version.as_str()), ("user-name", user.as_str())];
        if version != Version::V10 {
            headers.push(("heart-beat", &beat));
        }
        self.outgoing
            .push_bytes(message("CONNECTED", &headers, "", version));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_promises_a_beat_in_seven_weeks_is_asked_and_gone_after_the_silence_of_all() {
        let most = Duration::from_mins(1);
        for (header, seconds, needs_pings) in [
            ("10000,10000", 30, false),
            ("20000,10000", 60, false),
            ("20001,10000", 60, true),
            ("4294967295,10000", 60, true),
            ("0,10000", 60, true),
            ("10000,0", 30, true),
        ] {
            let agreement = Agreement::of(Version::V12, Some(header));
            let silence = agreement.silence_within(most);
            assert_eq!(silence, Duration::from_secs(seconds), "{header}");
            assert_eq!(agreement.needs_pings(most), needs_pings, "{header}");
        }
    }

    #[test]
    fn beats_are_agreed_on_and_no_faster_than_ten_seconds() {
        let agreed = |version, header| {
            let agreement = Agreement::of(version, header);
            (agreement.beats, agreement.silence)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (header, expected) in [
            (Some("10000,10000"), (seconds(10), seconds(30))),
            (Some("1,1"), (seconds(10), seconds(30))),
            (Some("0,60000"), (seconds(60), None)),
            (Some("20000,0"), (None, seconds(60))),
            (Some("nonsense"), (None, None)),
            (None, (None, None)),
        ] {
            assert_eq!(agreed(Version::V12, header), expected, "{header:?}");
        }
        assert_eq!(agreed(Version::V10, Some("10000,10000")), (None, None));
    }
}
