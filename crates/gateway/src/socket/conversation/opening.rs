//! How a conversation begins: the session opens, and starts at once or after what comes first.

use std::collections::BTreeMap;
use std::sync::Arc;

use discuss_app::presence::NewLink;
use discuss_domain::Seq;
use discuss_domain::presence::Device;
use discuss_wire::errors::ErrorCode;
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::Conversation;
use crate::access::{self, Gate};
use crate::frame_guard::FrameCount;
use crate::frames::{self, Close};
use crate::hub::{Person, Start};
use crate::links::TOO_MANY;
use crate::loader::Channels;
use crate::session::Session;
use crate::socket::refusal::Refusal;
use crate::socket::requests::ReadResume;
use crate::socket::{Identity, Socket};

/// What comes before the session starts.
pub(in crate::socket) enum Beginning {
    /// Nothing.
    Live,
    /// A RESUME, which may have come already.
    Resumes(Option<ReadResume>),
    /// A SUBSCRIBE of STOMP.
    Subscribes,
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
    /// Opens the session, says CONNECTED, in answer to what asked for it, and starts it unless something comes first.
    pub(in crate::socket) async fn open(
        socket: &'s mut Socket,
        identity: Identity,
        (beginning, asked): (Beginning, Option<String>),
    ) -> Result<Box<Self>, Close> {
        let expires_at = identity.expires_at;
        let context = socket.gateway.app.context(identity);
        let person = Person {
            tenant: context.tenant(),
            user: context.user(),
        };
        let id = socket.gateway.next_session();
        let gate = context.asks_services().then(|| {
            let topics = Arc::clone(&socket.gateway.topics);
            Gate::new(context.clone(), topics)
        });
        let session = Session::new(id, person, Arc::clone(&socket.outgoing), gate);
        let session = Arc::new(session);
        socket.gateway.hubs.open(&session);
        let mut conversation = Box::new(Self {
            socket,
            session,
            context,
            expires_at,
            connection_id: Uuid::new_v4(),
            heard_at: Instant::now(),
            active_at: Instant::now(),
            is_idle: false,
            beat_at: Instant::now(),
            frames: FrameCount::new(std::time::Instant::now()),
            held: None,
        });
        conversation.show_link();
        conversation.begin(beginning, asked.as_deref()).await?;
        Ok(conversation)
    }

    /// Has others see that the person is there.
    fn show_link(&self) {
        let Person { tenant, user } = self.session.person;
        let link = NewLink {
            person: (tenant, user),
            link: self.connection_id,
            device: Device::Web,
            is_active: true,
        };
        self.socket.gateway.links.open(link, &self.socket.outgoing);
    }

    /// Notes that the person does something, not only their program.
    pub(super) fn note_activity(&mut self) {
        self.active_at = Instant::now();
        self.show_activity();
    }

    /// Has others see whether the person did something lately.
    pub(super) fn show_activity(&mut self) {
        let away = self.socket.gateway.limits.away();
        let is_idle = self.active_at.elapsed() >= away;
        if is_idle != self.is_idle {
            self.is_idle = is_idle;
            let links = &self.socket.gateway.links;
            links.set_active(self.connection_id, !is_idle);
        }
    }

    async fn begin(&mut self, beginning: Beginning, asked: Option<&str>) -> Result<(), Close> {
        let gateway = &self.socket.gateway;
        let most = gateway.limits.gateway_sockets_per_user;
        if most > 0 && gateway.hubs.count_of(self.session.person) > most {
            self.socket.refuse_for_now("too many connections", TOO_MANY);
            return Err(Close::Throttled);
        }
        let Some(loaded) = gateway.loader.channels_of(self.session.person).await else {
            let message = "not available at the moment; try again";
            self.socket
                .complain(ErrorCode::ServiceUnavailable, message, None);
            return Err(Close::Unavailable);
        };
        self.socket.turn = None;
        let gateway = &self.socket.gateway;
        let channels = access::admitted(&self.session, loaded).await.channels;
        let (shared, caller) = (Arc::clone(gateway), self.context.caller.clone());
        tokio::spawn(async move { shared.loader.keep_name(caller).await });
        match beginning {
            Beginning::Subscribes => self.socket.say_connected(self.session.person.user),
            _ => self.say_connected(Some(&channels), asked),
        }
        let until = match beginning {
            // Who never subscribes gets nothing, and that is all.
            Beginning::Subscribes => None,
            _ => Some(Instant::now() + gateway.limits.first_frame()),
        };
        self.held = Some((until, channels));
        match beginning {
            Beginning::Live => self.start(),
            Beginning::Resumes(None) | Beginning::Subscribes => {}
            Beginning::Resumes(Some(resume)) => {
                let resumed = match resume {
                    Ok(resume) => self.resume(resume).await,
                    Err(error) => Err(Refusal::from(error)),
                };
                if let Err(refusal) = resumed {
                    self.tell(refusal, asked)?;
                    self.start();
                }
            }
        }
        Ok(())
    }

    /// Live from CONNECTED's seqs.
    pub(super) fn start(&mut self) {
        let Some((_, channels)) = self.held.take() else {
            return;
        };
        let channels = channels.into_iter();
        let starts = channels.map(|(channel, at)| (channel, Start::At(at)));
        let starts = access::starts(&self.session, starts);
        self.socket.gateway.hubs.start(self.session.id, &starts);
        access::let_in_who_started(&self.socket.gateway, &self.session);
    }

    pub(super) fn say_connected(&self, channels: Option<&Channels>, request_id: Option<&str>) {
        let position = |(channel, seq): &(_, _)| (ToString::to_string(channel), *seq);
        let connected = Connected {
            user_id: self.session.person.user.get(),
            tenant_id: self.session.person.tenant.get(),
            connection_id: self.connection_id,
            server_time: frames::now_millis(),
            heartbeat_ms: self.socket.gateway.limits.gateway_ping_ms,
            channels: channels.map(|channels| channels.iter().map(position).collect()),
        };
        let connected = frames::own("CONNECTED", connected, request_id);
        match channels {
            // Once, and as long as they are many: no bound is to shut out whoever is in very many.
            Some(_) => self.socket.outgoing.push_replayed(&connected),
            None => self.push(&connected),
        }
    }
}
