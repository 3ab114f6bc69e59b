//! A socket whose person is known: what it asks for, and its end.

use std::sync::Arc;

use discuss_app::rate_limits::CallClass;
use discuss_app::{Context, messages};
use discuss_domain::users::Caller;
use discuss_runtime::traces;
use discuss_wire::errors::{ErrorCode, FieldError};
use discuss_wire::messages::MessageView;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tracing::Instrument as _;
use uuid::Uuid;

use super::Socket;
use super::refusal::Refusal;
use super::requests::{Auth, Empty, Request, Resume, ResumePayload};
use super::stomp::Agreement;
use crate::access::{self, About, Gate};
use crate::event_frame::Frame;
use crate::frame_guard::FrameCount;
use crate::frames::{self, Close};
use crate::gateway::Gateway;
use crate::hub::Person;
use crate::loader::Channels;
use crate::outgoing::Dialect;
use crate::session::{ReadOrder, ResumeOrder, Session};

mod changes;
mod opening;
mod state;
mod stomp;

pub(super) use opening::Beginning;

/// RESUMEs of one socket that may wait for their answer.
const UNANSWERED_RESUMES: usize = 4;
/// What a program sends while its person does nothing.
const BY_PROGRAMS: [&str; 4] = ["PING", "ACK", "AUTH", "RESUME"];

/// A socket whose person is known.
pub(super) struct Conversation<'s> {
    socket: &'s mut Socket,
    session: Arc<Session>,
    context: Context,
    expires_at: Option<i64>,
    connection_id: Uuid,
    heard_at: Instant,
    /// When the person last did something, not only their program; and whether that is long ago.
    active_at: Instant,
    is_idle: bool,
    beat_at: Instant,
    /// Those of STOMP, of which a message may hold many.
    frames: FrameCount,
    /// The session waits for its RESUME until this time; it starts in these channels.
    held: Option<(Option<Instant>, Channels)>,
}

impl Conversation<'_> {
    /// Answers requests until the end.
    pub(super) async fn hold(&mut self) -> Close {
        let gateway = Arc::clone(&self.socket.gateway);
        let ping = match self.socket.outgoing.dialect {
            Dialect::Json => gateway.limits.ping(),
            Dialect::Stomp(_) => gateway.limits.ping().min(stomp::LOOK),
        };
        let mut pings = interval_at(Instant::now() + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let held_until = self.held.as_ref().and_then(|(until, _)| *until);
            let outgoing = Arc::clone(&self.socket.outgoing);
            let ended = tokio::select! {
                heard = self.socket.hear() => match heard {
                    Ok(Some(message)) => self.answer(&message).await.err(),
                    Ok(None) => Some(Close::Normal),
                    Err(close) => Some(close),
                },
                _ = pings.tick() => self.look_at_the_clock(),
                close = outgoing.closed() => Some(close),
                () = gateway.draining.cancelled() => Some(self.send_away()),
                () = until(held_until) => {
                    self.start();
                    None
                }
            };
            if let Some(close) = ended {
                self.note_written();
                return close;
            }
        }
    }

    fn send_away(&self) -> Close {
        let after = self.socket.gateway.limits.gateway_reconnect_ms;
        self.push(&frames::own("RECONNECT", json!({ "afterMs": after }), None));
        Close::Drain
    }

    /// Pings; closes when the client is silent or its token's time is over.
    fn look_at_the_clock(&mut self) -> Option<Close> {
        self.show_activity();
        let silence = self.socket.gateway.limits.silence();
        if self.heard_at.elapsed() >= self.socket.agreement.silence_within(silence) {
            return Some(Close::Silent);
        }
        let now = frames::now_millis().div_euclid(1_000);
        if self.expires_at.is_some_and(|expires_at| expires_at <= now) {
            let message = "the token has expired";
            self.socket.complain(ErrorCode::Unauthorized, message, None);
            return Some(Close::Unauthorized);
        }
        if self.session.gated(Gate::is_due) == Some(true) {
            access::look_again(&self.socket.gateway, &self.session, About::what_changed());
        }
        self.beat();
        None
    }

    /// Asks whether the client is there; in STOMP by a heart-beat, as often as the client wants one.
    fn beat(&mut self) {
        if matches!(self.socket.outgoing.dialect, Dialect::Json) {
            self.socket.outgoing.push_bytes(frames::ping());
            return;
        }
        self.note_written();
        let Agreement { beats, .. } = self.socket.agreement;
        let limits = &self.socket.gateway.limits;
        let pings = self.socket.agreement.needs_pings(limits.silence());
        let ping = limits.ping();
        let every = beats.map_or(ping, |beats| if pings { beats.min(ping) } else { beats });
        if stomp::is_due(self.beat_at.elapsed(), every) {
            self.beat_at = Instant::now();
            let outgoing = &self.socket.outgoing;
            if beats.is_some() {
                outgoing.push_bytes(frames::text(b"\n"));
            }
            if pings {
                outgoing.push_bytes(frames::ping());
            }
        }
    }

    async fn answer(&mut self, message: &actix_ws::AggregatedMessage) -> Result<(), Close> {
        self.heard_at = Instant::now();
        if matches!(self.socket.outgoing.dialect, Dialect::Stomp(_)) {
            return Box::pin(self.answer_stomp(message)).await;
        }
        let Some(request) = self.socket.understand(message)? else {
            return Ok(());
        };
        metrics::counter!("discuss_gateway_frames_in_total").increment(1);
        if !BY_PROGRAMS.contains(&request.kind.as_str()) {
            self.note_activity();
        }
        Box::pin(self.carry_out_or_tell(&request)).await.map(drop)
    }

    /// Answers whether it was carried out; else the client was told why not.
    async fn carry_out_or_tell(&mut self, request: &Request<'_>) -> Result<bool, Close> {
        let span = request.span();
        self.context.traceparent = traces::traceparent(&span);
        match self.carry_out(request).instrument(span).await {
            Ok(()) => Ok(true),
            Err(refusal) => self.tell(refusal, request.id.as_deref()).map(|()| false),
        }
    }

    async fn carry_out(&mut self, request: &Request<'_>) -> Result<(), Refusal> {
        let id = request.id.as_deref();
        match request.kind.as_str() {
            "PING" => self.push(&frames::own("PONG", Empty {}, id)),
            "SEND_MESSAGE" => {
                let (channel, draft) = request.send()?;
                let Gateway { app, limiter, .. } = &*self.socket.gateway;
                let verdict = limiter.take(&self.context.caller, CallClass::Send).await;
                let sent =
                    messages::send_within(app, &self.context, verdict, channel, draft).await?;
                self.push(&frames::own(
                    "MESSAGE_SENT",
                    MessageView::of(&sent.message),
                    id,
                ));
            }
            "EDIT_MESSAGE" | "DELETE_MESSAGE" | "ADD_REACTION" | "REMOVE_REACTION" => {
                self.change(request).await?;
            }
            "RESUME" => {
                let ResumePayload { channels } = request.payload()?;
                self.resume(Resume {
                    channels,
                    request_id: request.id.clone(),
                })
                .await?;
            }
            "AUTH" => {
                let auth: Auth = request.payload()?;
                self.renew(&auth, id).await?;
            }
            _ if self.say_state(request).await? => {}
            _ => return Err(FieldError::new("type", "is not known").into()),
        }
        Ok(())
    }

    /// Counts one of the calls that a person may make beside sends. Their tenant's are left for messages and REST.
    async fn count_read(&self) -> Result<(), Refusal> {
        let limiter = &self.socket.gateway.limiter;
        let verdict = limiter.take_own(&self.context.caller, CallClass::Read);
        Ok(verdict.await.require()?)
    }

    /// A new token on an open socket: of the same person, or it is not theirs.
    async fn renew(&mut self, auth: &Auth<'_>, request_id: Option<&str>) -> Result<(), Refusal> {
        let identity = match self.socket.verify(&auth.token).await {
            Ok(identity) => identity,
            Err(error) => return Err(Refusal::Closed(self.socket.refuse(error, request_id))),
        };
        let Caller { tenant, user, .. } = identity.caller;
        if (Person { tenant, user }) != self.session.person {
            let message = "the token is somebody else's";
            return Err(Refusal::told(ErrorCode::Forbidden, message));
        }
        self.expires_at = identity.expires_at;
        self.context = self.socket.gateway.app.context(identity);
        self.session.gated(|gate| gate.renew(self.context.clone()));
        self.say_connected(None, request_id);
        match auth.resume(request_id)? {
            Some(resume) => self.resume(resume).await,
            None => Ok(()),
        }
    }

    async fn resume(&mut self, resume: Resume) -> Result<(), Refusal> {
        let channels = resume.parse()?;
        // Whoever comes back may always have what it missed.
        if self.held.is_none() {
            self.count_read().await?;
        }
        if self.session.unanswered_resumes() >= UNANSWERED_RESUMES {
            let message = "wait for the answer to the last RESUME";
            return Err(Refusal::told(ErrorCode::ValidationError, message));
        }
        let starts = self.held.take().map(|(_, channels)| channels);
        let order = ResumeOrder {
            request_id: resume.request_id,
            channels,
            starts,
        };
        self.socket
            .gateway
            .hubs
            .order(&self.session, ReadOrder::Resume(order));
        Ok(())
    }

    fn tell(&self, refusal: Refusal, request_id: Option<&str>) -> Result<(), Close> {
        self.push(&refusal.into_frame(request_id)?);
        Ok(())
    }

    fn push(&self, frame: &Frame) {
        self.socket.outgoing.push(frame);
    }
}

impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        self.socket.gateway.links.close(self.connection_id);
        self.socket.gateway.hubs.close(&self.session);
    }
}

/// Waits for a time that may never come.
async fn until(time: Option<Instant>) {
    match time {
        // Boxed, as it is seldom.
        Some(time) => Box::pin(sleep_until(time)).await,
        None => std::future::pending().await,
    }
}
