//! What a connection does with each frame.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::json;
use tokio_tungstenite::tungstenite::{self, Message};

use super::{Connection, End, Phase, ending, say};
use crate::checker::Seen;
use crate::dialer::Socket;
use crate::frame::{self, EventKind, Incoming};
use crate::reload::fill_gap;
use crate::requests::Refused;
use crate::rest::Stored;

impl Connection {
    pub(super) async fn receive(
        &mut self,
        socket: &mut Socket,
        frame: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<(), End> {
        match frame {
            Some(Ok(Message::Text(text))) => self.read(socket, &text).await,
            Some(Ok(Message::Close(close))) => {
                Err(close.map_or(End::Broken, |close| ending(close.code.into())))
            }
            Some(Ok(_)) => Ok(()),
            Some(Err(_)) | None => Err(End::Broken),
        }
    }

    async fn read(&mut self, socket: &mut Socket, text: &str) -> Result<(), End> {
        match frame::parse(text) {
            Ok(Incoming::Event(event)) => {
                if let Seen::Message(since_due) = self.inbox.apply(&event, &self.stage.ledger) {
                    self.count(since_due);
                }
                if event.kind == EventKind::Left(self.person.user) {
                    self.stage.removed((event.channel, self.person.user));
                }
            }
            Ok(Incoming::Batch(events)) => {
                for event in events {
                    Box::pin(self.read(socket, event.get())).await?;
                }
            }
            Ok(Incoming::Connected(channels)) => return self.greeted(socket, &channels).await,
            Ok(Incoming::Resumed) => self.resumed(),
            Ok(Incoming::Gap { channel, to }) => {
                fill_gap(&self.stage, &self.person, &mut self.inbox, (channel, to)).await;
            }
            Ok(Incoming::Sent { request, id, seq }) => {
                self.pending.answer(request, Ok(Stored { id, seq }));
            }
            Ok(Incoming::Refused {
                request,
                code,
                retry_after_ms,
            }) => return self.refused(request, code, retry_after_ms),
            Ok(Incoming::Other) => {}
            Err(error) => self.stray(&error.to_string()),
        }
        Ok(())
    }

    fn refused(
        &mut self,
        request: Option<u64>,
        code: &str,
        retry_after_ms: Option<u64>,
    ) -> Result<(), End> {
        let Some(request) = request else {
            // The database is away while this connection asks for its channels.
            if code == "SERVICE_UNAVAILABLE" {
                return Err(End::Broken);
            }
            self.stray(&format!("ERROR {code}"));
            return Ok(());
        };
        let refused = Refused {
            code: code.to_owned(),
            retry_after: retry_after_ms.map(Duration::from_millis),
        };
        self.pending.answer(request, Err(refused));
        Ok(())
    }

    async fn greeted(
        &mut self,
        socket: &mut Socket,
        channels: &HashMap<u64, u64>,
    ) -> Result<(), End> {
        let back = self.phase != Phase::New;
        self.inbox.connected(channels, back);
        if back {
            return self.resume(socket, None).await;
        }
        self.go_live();
        Ok(())
    }

    pub(super) async fn resume(
        &mut self,
        socket: &mut Socket,
        rewind: Option<u64>,
    ) -> Result<(), End> {
        let frame =
            json!({ "type": "RESUME", "payload": { "channels": self.inbox.positions(rewind) } });
        say(socket, frame.to_string()).await
    }

    fn resumed(&mut self) {
        self.inbox.resumed();
        if self.phase == Phase::Resuming {
            self.stage.gauges.reconnects.fetch_add(1, Relaxed);
            if let Some(lost_at) = self.lost_at.take() {
                self.stage
                    .latencies
                    .back
                    .record(self.person.user, lost_at.elapsed());
            }
            self.go_live();
        }
    }

    fn count(&self, since_due: Duration) {
        let latencies = &self.stage.latencies;
        let recorder = if self.phase == Phase::Live && !self.is_slow {
            &latencies.delivery
        } else {
            &latencies.replay
        };
        recorder.record(self.person.user, since_due);
        self.stage.count_delivery();
    }

    pub(super) fn stray(&mut self, words: &str) {
        self.inbox
            .stray(format!("user {}: {words}", self.person.user));
    }
}
