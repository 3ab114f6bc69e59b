//! A conversation in STOMP: the same requests under other names.

use std::time::{Duration, Instant};

use actix_ws::AggregatedMessage;
use discuss_app::deliveries;
use discuss_wire::stomp::{self, ClientFrame, Command, Incoming};

use super::Conversation;
use crate::frames::Close;
use crate::socket::requests::Request;
use crate::socket::stomp::{bytes_of, message};

/// The longest id of a subscription: it is in every message.
const MAX_SUBSCRIPTION_BYTES: usize = 128;

/// It is looked so often what was written, and whether a heart-beat is due.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// Whether a beat that is to come so often would be late at the next look, so long after the last one.
pub(super) fn is_due(since_last: Duration, every: Duration) -> bool {
    since_last.saturating_add(LOOK) > every
}

impl Conversation<'_> {
    /// Carries out the frames of a message.
    pub(super) async fn answer_stomp(&mut self, heard: &AggregatedMessage) -> Result<(), Close> {
        let Some(bytes) = bytes_of(heard) else {
            self.socket.answer_ping(heard);
            return Ok(());
        };
        let version = self.socket.agreement.version;
        let incoming = stomp::parse(bytes, version);
        let incoming = incoming.map_err(|error| self.socket.refuse_frame(&error.to_string()))?;
        for incoming in incoming {
            let Incoming::Frame(frame) = incoming else {
                continue;
            };
            self.count_frame()?;
            self.obey(&frame).await?;
        }
        Ok(())
    }

    /// A message may hold many frames: they count like so many messages, and end with the connection.
    fn count_frame(&mut self) -> Result<(), Close> {
        let gateway = &self.socket.gateway;
        if let Some(close) = self.socket.outgoing.close_reason() {
            return Err(close);
        }
        if gateway.draining.is_cancelled() {
            return Err(self.send_away());
        }
        let counted = self.frames.count(gateway.limits.frames(), Instant::now());
        counted.map_err(|refused| self.socket.refuse_more(refused))
    }

    async fn obey(&mut self, frame: &ClientFrame<'_>) -> Result<(), Close> {
        metrics::counter!("discuss_gateway_frames_in_total").increment(1);
        match frame.command {
            // A receipt says that it was done: what was refused has none.
            Command::Send if !self.send_stomp(frame).await? => return Ok(()),
            Command::Send => {}
            Command::Subscribe => self.subscribe_stomp(frame)?,
            Command::Unsubscribe => self.listen_under(None),
            Command::Disconnect => {
                self.tell_receipt(frame);
                return Err(Close::Normal);
            }
            Command::Connect => return Err(self.socket.refuse_frame("it is connected already")),
            Command::Unsupported => {
                let message = "nothing is acknowledged or done in transactions here";
                return Err(self.socket.refuse_frame(message));
            }
        }
        self.tell_receipt(frame);
        Ok(())
    }

    /// Carries out a SEND, or tells why not; answers whether it was carried out.
    async fn send_stomp(&mut self, frame: &ClientFrame<'_>) -> Result<bool, Close> {
        self.note_activity();
        let destination = frame.header("destination").unwrap_or_default();
        let receipt = frame.header("receipt");
        match stomp::request(destination, frame.body) {
            Ok(asked) => {
                let request = Request::new(asked.kind, Some(&asked.payload), receipt);
                self.carry_out_or_tell(&request).await
            }
            Err(error) => self.tell(error.into(), receipt).map(|()| false),
        }
    }

    fn subscribe_stomp(&mut self, frame: &ClientFrame<'_>) -> Result<(), Close> {
        if frame.header("destination") != Some(stomp::EVENTS) {
            let message = format!("only {} can be subscribed to", stomp::EVENTS);
            return Err(self.socket.refuse_frame(&message));
        }
        let id = frame.header("id").unwrap_or("0");
        if id.len() > MAX_SUBSCRIPTION_BYTES {
            let message = format!("id: must have at most {MAX_SUBSCRIPTION_BYTES} bytes");
            return Err(self.socket.refuse_frame(&message));
        }
        self.listen_under(Some(id));
        self.start();
        Ok(())
    }

    fn listen_under(&self, id: Option<&str>) {
        let version = self.socket.agreement.version;
        self.socket.outgoing.dialect.subscribe(id, version);
    }

    fn tell_receipt(&self, frame: &ClientFrame<'_>) {
        if let Some(receipt) = frame.header("receipt") {
            let headers = [("receipt-id", receipt)];
            let version = self.socket.agreement.version;
            let receipt = message("RECEIPT", &headers, "", version);
            self.socket.outgoing.push_bytes(receipt);
        }
    }

    /// What went out has come: these clients don't say so themselves.
    pub(super) fn note_written(&self) {
        for (channel, seq) in self.socket.outgoing.take_written() {
            deliveries::gather(&self.socket.gateway.app, &self.context, channel, seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_comes_no_later_than_was_promised() {
        let every = Duration::from_secs(10);
        for late in [0, 1, 1_999].map(Duration::from_millis) {
            let mut looks = (1..).map(|look| LOOK * look + late);
            let beat = looks.find(|since| is_due(*since, every)).unwrap();
            assert!(beat <= every, "{beat:?}");
            assert!(beat + LOOK > every, "{beat:?} is too often");
        }
    }
}
