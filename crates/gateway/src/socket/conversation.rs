//! A socket whose person is known: what it asks for, and its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use discuss_app::rate_limits::CallClass;
use discuss_app::{Context, messages, reads, users};
use discuss_domain::Seq;
use discuss_domain::users::Caller;
use discuss_runtime::traces;
use discuss_wire::errors::{ErrorCode, FieldError};
use discuss_wire::messages::{MarkReadRequest, MessageView};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tracing::Instrument as _;
use uuid::Uuid;

use super::refusal::Refusal;
use super::requests::{Auth, Empty, Request, Resume, ResumePayload};
use super::{Identity, Socket};
use crate::frames::{self, Close};
use crate::gateway::Gateway;
use crate::hub::{Person, Start};
use crate::loader::Channels;
use crate::session::{ReadOrder, ResumeOrder, Session};

mod changes;

/// RESUMEs of one socket that may wait for each other.
const WAITING_RESUMES: usize = 4;

/// A socket whose person is known.
pub(super) struct Conversation<'s> {
    socket: &'s mut Socket,
    session: Arc<Session>,
    context: Context,
    expires_at: Option<i64>,
    connection_id: Uuid,
    heard_at: Instant,
    /// The session waits for its RESUME until this time; it starts in these channels.
    held: Option<(Instant, Channels)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connected {
    user_id: i64,
    tenant_id: i64,
    connection_id: Uuid,
    server_time: i64,
    heartbeat_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<BTreeMap<String, Seq>>,
}

impl<'s> Conversation<'s> {
    /// Opens the session, says CONNECTED, and starts it unless its RESUME comes first.
    pub(super) async fn open(
        socket: &'s mut Socket,
        identity: Identity,
        resumes: bool,
        resume: Option<Resume>,
    ) -> Result<Self, Close> {
        let expires_at = identity.expires_at;
        let context = socket.gateway.app.context(identity);
        let person = Person {
            tenant: context.tenant(),
            user: context.user(),
        };
        let id = socket.gateway.next_session();
        let session = Arc::new(Session::new(id, person, Arc::clone(&socket.outgoing)));
        socket.gateway.hubs.open(&session);
        let mut conversation = Self {
            socket,
            session,
            context,
            expires_at,
            connection_id: Uuid::new_v4(),
            heard_at: Instant::now(),
            held: None,
        };
        conversation.begin(resumes, resume).await?;
        Ok(conversation)
    }

    async fn begin(&mut self, resumes: bool, resume: Option<Resume>) -> Result<(), Close> {
        let gateway = &self.socket.gateway;
        let Some(channels) = gateway.loader.channels_of(self.session.person).await else {
            let message = "not available at the moment; try again";
            self.push(frames::error(ErrorCode::ServiceUnavailable, message, None));
            return Err(Close::Unavailable);
        };
        let (app, caller) = (gateway.app.clone(), self.context.caller.clone());
        tokio::spawn(async move { users::remember(&app, &caller).await });
        self.say_connected(Some(&channels), None);
        let until = Instant::now() + gateway.limits.first_frame();
        self.held = Some((until, channels));
        if let Some(resume) = resume {
            if let Err(refusal) = self.resume(resume) {
                self.tell(refusal, None)?;
                self.start();
            }
        } else if !resumes {
            self.start();
        }
        Ok(())
    }

    /// Answers requests until the end.
    pub(super) async fn hold(mut self) -> Close {
        let gateway = Arc::clone(&self.socket.gateway);
        let ping = gateway.limits.ping();
        let mut pings = interval_at(Instant::now() + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let held_until = self.held.as_ref().map(|(until, _)| *until);
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
                return close;
            }
        }
    }

    fn send_away(&self) -> Close {
        let after = self.socket.gateway.limits.gateway_reconnect_ms;
        self.push(frames::own("RECONNECT", json!({ "afterMs": after }), None));
        Close::Drain
    }

    /// Pings; closes when the client is silent or its token's time is over.
    fn look_at_the_clock(&self) -> Option<Close> {
        if self.heard_at.elapsed() >= self.socket.gateway.limits.silence() {
            return Some(Close::Silent);
        }
        let now = frames::now_millis().div_euclid(1_000);
        if self.expires_at.is_some_and(|expires_at| expires_at <= now) {
            let message = "the token has expired";
            self.push(frames::error(ErrorCode::Unauthorized, message, None));
            return Some(Close::Unauthorized);
        }
        self.push(frames::ping());
        None
    }

    async fn answer(&mut self, message: &actix_ws::AggregatedMessage) -> Result<(), Close> {
        self.heard_at = Instant::now();
        let Some(request) = self.socket.understand(message)? else {
            return Ok(());
        };
        metrics::counter!("discuss_gateway_frames_in_total").increment(1);
        let span = request.span();
        self.context.traceparent = traces::traceparent(&span);
        match self.carry_out(&request).instrument(span).await {
            Ok(()) => Ok(()),
            Err(refusal) => self.tell(refusal, request.id.as_deref()),
        }
    }

    async fn carry_out(&mut self, request: &Request<'_>) -> Result<(), Refusal> {
        let id = request.id.as_deref();
        match request.kind.as_str() {
            "PING" => self.push(frames::own("PONG", Empty {}, id)),
            "SEND_MESSAGE" => {
                let (channel, draft) = request.send()?;
                let Gateway { app, limiter, .. } = &*self.socket.gateway;
                let verdict = limiter.take(&self.context.caller, CallClass::Send).await;
                let sent =
                    messages::send_within(app, &self.context, verdict, channel, draft).await?;
                self.push(frames::own(
                    "MESSAGE_SENT",
                    MessageView::of(&sent.message),
                    id,
                ));
            }
            "EDIT_MESSAGE" | "DELETE_MESSAGE" | "ADD_REACTION" | "REMOVE_REACTION" => {
                self.change(request).await?;
            }
            "MARK_READ" => {
                let (channel, message) = request.payload::<MarkReadRequest>()?.parse()?;
                reads::gather(&self.socket.gateway.app, &self.context, channel, message);
            }
            "RESUME" => {
                let ResumePayload { channels } = request.payload()?;
                self.resume(Resume {
                    channels,
                    request_id: request.id.clone(),
                })?;
            }
            "AUTH" => {
                let auth: Auth = request.payload()?;
                self.renew(&auth, id).await?;
            }
            _ => return Err(FieldError::new("type", "is not known").into()),
        }
        Ok(())
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
        self.say_connected(None, request_id);
        Ok(())
    }

    fn resume(&mut self, resume: Resume) -> Result<(), Refusal> {
        let channels = resume.parse()?;
        if self.session.waiting_resumes() >= WAITING_RESUMES {
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

    /// Live from CONNECTED's seqs.
    fn start(&mut self) {
        let Some((_, channels)) = self.held.take() else {
            return;
        };
        let starts: Vec<_> = channels
            .into_iter()
            .map(|(channel, at)| (channel, Start::At(at)))
            .collect();
        self.socket.gateway.hubs.start(self.session.id, &starts);
    }

    fn say_connected(&self, channels: Option<&Channels>, request_id: Option<&str>) {
        let position = |(channel, seq): &(_, _)| (ToString::to_string(channel), *seq);
        let connected = Connected {
            user_id: self.session.person.user.get(),
            tenant_id: self.session.person.tenant.get(),
            connection_id: self.connection_id,
            server_time: frames::now_millis(),
            heartbeat_ms: self.socket.gateway.limits.gateway_ping_ms,
            channels: channels.map(|channels| channels.iter().map(position).collect()),
        };
        self.push(frames::own("CONNECTED", connected, request_id));
    }

    fn tell(&self, refusal: Refusal, request_id: Option<&str>) -> Result<(), Close> {
        self.push(refusal.into_frame(request_id)?);
        Ok(())
    }

    fn push(&self, frame: bytes::Bytes) {
        self.socket.outgoing.push(frame);
    }
}

impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        self.socket.gateway.hubs.close(&self.session);
    }
}

/// Waits for a time that may never come.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
