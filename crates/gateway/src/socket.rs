//! One socket, from its upgrade to its end: who it is, what it hears, when it is closed.

mod conversation;
mod refusal;
mod requests;
mod said;
pub(crate) mod stomp;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::PayloadError;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use discuss_app::identity::{Identity, IdentityError};
use discuss_wire::errors::ErrorCode;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use crate::frame_guard::Refused;
use crate::frames::{self, Close};
use crate::gateway::{Gateway, OpenSocket};
use crate::line::parting::{self, Peer};
use crate::outgoing::{Dialect, Outgoing};
use crate::pace::Turn;
use conversation::{Beginning, Conversation};
use requests::{Auth, Empty, ReadResume, Request};
pub(crate) use said::SaidByHeaders;
use stomp::Agreement;

/// How long a client has to answer the close frame.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long what waits for the client, its close frame at least, may then take to go out before the connection is
/// cut: it keeps its place among those that are open, and a drain waits for it.
const PARTING: Duration = Duration::from_secs(5);

/// What the upgrade request said.
pub(crate) struct Greeting {
    /// Who it is, if it said so.
    pub(crate) identity: Option<Result<Identity, IdentityError>>,
    /// Nothing of a channel may come before its RESUME.
    pub(crate) resumes: bool,
}

/// One socket.
pub(crate) struct Socket {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) said: Option<Box<SaidByHeaders>>,
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) stream: AggregatedMessageStream,
    /// It counts as open as long as its connection is.
    pub(crate) _open: OpenSocket,
    /// With whom its connection is.
    pub(crate) peer: Option<Peer>,
    /// What was agreed on in STOMP.
    pub(crate) agreement: Agreement,
    /// Held until its channels are looked up.
    pub(crate) turn: Option<Turn>,
    /// It said so, or is gone.
    pub(crate) is_leaving: bool,
    /// Says that nothing more is read of what it sends.
    pub(crate) refused: oneshot::Receiver<Refused>,
}

impl Socket {
    /// Serves the socket until its end. It and what is done once or seldom are boxed: ten thousand futures at rest are
    /// to be small.
    pub(crate) async fn run(mut self: Box<Self>, greeting: Box<Greeting>) {
        let close = match Box::pin(self.open(greeting)).await {
            Ok(mut conversation) => conversation.hold().await,
            Err(close) => close,
        };
        // Whoever was refused before that holds up nobody while it takes its leave.
        self.turn = None;
        let closing = Instant::now();
        metrics::counter!("discuss_gateway_closes_total", "reason" => close.word()).increment(1);
        self.outgoing.close(close);
        if !self.is_leaving {
            self.take_leave().await;
        }
        self.outgoing.finish();
        if let Some(peer) = self.peer {
            Box::pin(parting::part(peer, PARTING)).await;
        }
        if close == Close::Slow {
            metrics::histogram!("discuss_gateway_slow_close_seconds")
                .record(closing.elapsed().as_secs_f64());
        }
    }

    /// Waits for the client's close frame, which may be on its way. The rest of what it says is not for us.
    async fn take_leave(&mut self) {
        let farewell = async { while matches!(self.hear().await, Ok(Some(_))) {} };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::debug!("a client did not answer the close frame");
            self.outgoing.drop_all_but_close();
        }
    }

    /// Learns who it is, and opens the conversation.
    async fn open(&mut self, greeting: Box<Greeting>) -> Result<Box<Conversation<'_>>, Close> {
        let Greeting { identity, resumes } = *greeting;
        let is_stomp = matches!(self.outgoing.dialect, Dialect::Stomp(_));
        if is_stomp || identity.is_none() {
            // Who has to say more first holds up nobody.
            self.turn = None;
        }
        if is_stomp {
            let identity = self.connect(identity).await?;
            return Conversation::open(self, identity, (Beginning::Subscribes, None)).await;
        }
        let (identity, resume, asked) = match identity {
            Some(Ok(identity)) => (identity, None, None),
            Some(Err(error)) => return Err(self.refuse(error, None)),
            None => self.authenticate().await?,
        };
        let beginning = match resume {
            Some(resume) => Beginning::Resumes(Some(resume)),
            None if resumes => Beginning::Resumes(None),
            None => Beginning::Live,
        };
        Conversation::open(self, identity, (beginning, asked)).await
    }

    /// Waits for the first AUTH: who it says it is, the RESUME that rides in it, its `requestId`.
    async fn authenticate(
        &mut self,
    ) -> Result<(Identity, Option<ReadResume>, Option<String>), Close> {
        let until = Instant::now() + self.gateway.limits.first_frame();
        loop {
            let heard = match timeout_at(until, self.hear()).await {
                Ok(heard) => heard?.ok_or(Close::Normal)?,
                Err(_elapsed) => return Err(self.refuse(IdentityError::Missing, None)),
            };
            let Some(request) = self.understand(&heard)? else {
                continue;
            };
            let request_id = request.id.as_deref();
            match request.kind.as_str() {
                "AUTH" => {
                    let (identity, resume) = self.identify(&request).await?;
                    return Ok((identity, resume, request.id));
                }
                "PING" => self
                    .outgoing
                    .push(&frames::own("PONG", Empty {}, request_id)),
                _ => {
                    let error = IdentityError::Missing;
                    self.complain(error.code(), &error.to_string(), request_id);
                }
            }
        }
    }

    /// Who an AUTH says it is, and the RESUME that rides in it.
    async fn identify(
        &self,
        request: &Request<'_>,
    ) -> Result<(Identity, Option<ReadResume>), Close> {
        let request_id = request.id.as_deref();
        let Ok(auth) = request.payload::<Auth>() else {
            return Err(self.refuse(IdentityError::Missing, request_id));
        };
        match self.verify(&auth.token).await {
            Ok(identity) => Ok((identity, auth.resume(request_id).transpose())),
            Err(error) => Err(self.refuse(error, request_id)),
        }
    }

    async fn verify(&self, token: &str) -> Result<Identity, IdentityError> {
        let identifier = &self.gateway.identifier;
        let nothing = SaidByHeaders::default();
        let said = self.said.as_deref().unwrap_or(&nothing);
        said.identify(identifier, Some(token)).await
    }

    /// Says why somebody is nobody.
    fn refuse(&self, error: IdentityError, request_id: Option<&str>) -> Close {
        self.complain(error.code(), &error.to_string(), request_id);
        match error {
            IdentityError::NoTenant => Close::Forbidden,
            IdentityError::Missing | IdentityError::Invalid | IdentityError::Expired => {
                Close::Unauthorized
            }
            IdentityError::Unavailable => Close::Unavailable,
        }
    }

    /// The next message; nothing when the client is gone.
    async fn hear(&mut self) -> Result<Option<AggregatedMessage>, Close> {
        let message = tokio::select! {
            biased;
            Ok(refused) = &mut self.refused, if !self.refused.is_terminated() => {
                return Err(self.refuse_more(refused));
            }
            message = self.stream.recv() => message,
        };
        match message {
            None | Some(Ok(AggregatedMessage::Close(_))) => {
                self.is_leaving = true;
                Ok(None)
            }
            Some(Ok(message)) => Ok(Some(message)),
            Some(Err(ProtocolError::Io(error))) if !is_of_frames(&error) => {
                self.is_leaving = true;
                Ok(None)
            }
            Some(Err(error)) => Err(self.refuse_frame(&error.to_string())),
        }
    }

    /// The request in a message, if it is one; pings are answered.
    fn understand<'m>(&self, message: &'m AggregatedMessage) -> Result<Option<Request<'m>>, Close> {
        match message {
            AggregatedMessage::Text(text) => match Request::parse(text) {
                Ok(request) => Ok(Some(request)),
                Err(error) => Err(self.refuse_frame(&error.to_string())),
            },
            AggregatedMessage::Binary(_) => {
                Err(self.refuse_frame("only text frames are understood"))
            }
            other => {
                self.answer_ping(other);
                Ok(None)
            }
        }
    }

    fn answer_ping(&self, message: &AggregatedMessage) {
        if let AggregatedMessage::Ping(payload) = message {
            self.outgoing.push_bytes(frames::pong(payload));
        }
    }

    /// Says what is wrong. In STOMP that is the last word.
    fn complain(&self, code: ErrorCode, message: &str, request_id: Option<&str>) {
        if matches!(self.outgoing.dialect, Dialect::Json) {
            self.outgoing
                .push(&frames::error(code, message, request_id));
            return;
        }
        let headers = [("message", message), ("code", code.symbol())];
        let error = stomp::message("ERROR", &headers, message, self.agreement.version);
        self.outgoing.push_bytes(error);
    }

    /// Says why nothing more is read of it.
    fn refuse_more(&self, refused: Refused) -> Close {
        match refused {
            Refused::TooLarge => {
                let most = self.gateway.limits.gateway_max_frame_bytes;
                self.refuse_frame(&format!("a frame must have at most {most} bytes"))
            }
            Refused::TooMany(retry_after) => {
                self.refuse_for_now("too many frames", retry_after);
                Close::Throttled
            }
        }
    }

    /// Says that it is too much, and when to come back.
    fn refuse_for_now(&self, message: &str, retry_after: Duration) {
        match self.outgoing.dialect {
            Dialect::Json => self.outgoing.push(&frames::throttled(message, retry_after)),
            Dialect::Stomp(_) => self.complain(ErrorCode::ConnectionThrottled, message, None),
        }
    }

    fn refuse_frame(&self, message: &str) -> Close {
        self.complain(ErrorCode::InvalidFrame, message, None);
        Close::Invalid
    }
}

/// Whether the client sent what is no frame, as broken text or too many fragments; any other error is the
/// connection's end.
fn is_of_frames(error: &io::Error) -> bool {
    if let Some(inner) = error.get_ref()
        && inner.is::<PayloadError>()
    {
        return false;
    }
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::Other)
}
