//! What a socket says of its person: what came, what they read and type, whether they are there; and what
//! it wants to hear.

use discuss_app::{channels, deliveries, presence, reads, typing};
use discuss_domain::{ChannelId, Seq};
use discuss_wire::errors::{ErrorCode, FieldError};
use discuss_wire::messages::MarkReadRequest;
use discuss_wire::presence::{ChoosePresenceRequest, parse_device};
use discuss_wire::typing::TypingRequest;
use serde::{Deserialize, Serialize};

use super::Conversation;
use crate::access;
use crate::frames;
use crate::hub::Leaving;
use crate::socket::refusal::Refusal;
use crate::socket::requests::{InChannel, Request, ResumePayload, positions};

/// Channels of one ACK at most.
const MOST_ACKED: usize = 1_000;

/// With what somebody is there.
#[derive(Debug, Deserialize)]
struct DevicePayload {
    device: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscribed {
    channel_id: ChannelId,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seq: Option<Seq>,
}

/// A channel can't be left or heard at the moment.
fn busy() -> Refusal {
    let message = "what was missed in it is being read, or waits for RESUME; try again";
    Refusal::told(ErrorCode::ServiceUnavailable, message)
}

impl Conversation<'_> {
    /// Says something of the person, or asks to hear more or less; answers whether it was such a request. All but an
    /// ACK, which programs send, and to hear less counts among the person's calls.
    pub(super) async fn say_state(&mut self, request: &Request<'_>) -> Result<bool, Refusal> {
        if !matches!(request.kind.as_str(), "ACK" | "UNSUBSCRIBE_CHANNEL") {
            self.count_read().await?;
        }
        match request.kind.as_str() {
            "ACK" => self.acknowledge(request)?,
            "MARK_READ" => {
                let (channel, message) = request.payload::<MarkReadRequest>()?.parse()?;
                if !self.tell_if_barred(channel, request) {
                    reads::gather(&self.socket.gateway.app, &self.context, channel, message);
                }
            }
            "TYPING_START" | "TYPING_STOP" => self.tell_typing(request).await?,
            "SET_PRESENCE" => self.set_presence(request).await?,
            "SUBSCRIBE_CHANNEL" => self.subscribe(request).await?,
            "UNSUBSCRIBE_CHANNEL" => self.unsubscribe(request).await?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The client has everything up to these seqs.
    fn acknowledge(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let ResumePayload { channels } = request.payload()?;
        if channels.len() > MOST_ACKED {
            let message = format!("must be at most {MOST_ACKED}");
            return Err(FieldError::new("channels", message).into());
        }
        let gateway = &self.socket.gateway;
        for (channel, seq) in positions(&channels)? {
            // What they are not in is nobody's mark, and would only fill the place of others'.
            if self.session.is_barred(channel) || !gateway.hubs.is_in(self.session.id, channel) {
                continue;
            }
            deliveries::gather(&gateway.app, &self.context, channel, seq);
        }
        Ok(())
    }

    async fn tell_typing(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let is_typing = request.kind == "TYPING_START";
        let channel = request.payload::<TypingRequest>()?.parse()?;
        let app = &self.socket.gateway.app;
        Ok(typing::tell(app, &self.context, channel, is_typing).await?)
    }

    async fn set_presence(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let DevicePayload { device } = request.payload()?;
        let choice: ChoosePresenceRequest = request.payload()?;
        let names_only_device =
            device.is_some() && choice.status.is_none() && choice.status_message.is_none();
        let device = device.as_deref().map(parse_device).transpose()?;
        let choice = (!names_only_device).then(|| choice.parse()).transpose()?;
        // All of it is right: now it is done.
        let gateway = &self.socket.gateway;
        if let Some(device) = device {
            gateway.links.set_device(self.connection_id, device);
        }
        if let Some((status, message)) = choice {
            presence::choose(&gateway.app, &self.context, status, message.as_ref()).await?;
        }
        Ok(())
    }

    /// Has the channel heard again; its events come from the seq that the answer says.
    async fn subscribe(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let channel = request.payload::<InChannel>()?.parse()?;
        let gateway = &self.socket.gateway;
        let Some(mut loaded) = gateway.loader.channels_of(self.session.person).await else {
            let message = "not available at the moment; try again";
            return Err(Refusal::told(ErrorCode::ServiceUnavailable, message));
        };
        loaded.channels.retain(|(id, _)| *id == channel);
        loaded.records.retain(|(id, _)| *id == channel);
        if loaded.channels.is_empty() {
            return Err(self.why_not_in(channel).await);
        }
        let admitted = access::admitted(&self.session, loaded).await;
        let Some((_, last_seq)) = admitted.channels.first().copied() else {
            let id = request.id.as_deref();
            self.push(&access::refusal(&self.session, channel, id));
            access::apply(gateway, &self.session, (Vec::new(), admitted.closed));
            return Ok(());
        };
        let say = |from| {
            self.session.gated(|gate| gate.note_returned(channel));
            self.say_subscribed(channel, Some(from), request);
        };
        let hears = gateway
            .hubs
            .subscribe(self.session.id, channel, last_seq, say);
        if hears { Ok(()) } else { Err(busy()) }
    }

    async fn unsubscribe(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let channel = request.payload::<InChannel>()?.parse()?;
        if self.tell_if_barred(channel, request) {
            return Ok(());
        }
        // Nobody lets it in meanwhile.
        self.session.gated(|gate| gate.note_unsubscribed(channel));
        let leaving = self.socket.gateway.hubs.leave(self.session.id, channel);
        if matches!(leaving, Leaving::Done | Leaving::Quiet) {
            self.session.gated(|gate| gate.note_left(channel));
            self.say_subscribed(channel, None, request);
            return Ok(());
        }
        self.session.gated(|gate| gate.note_added(channel));
        match leaving {
            Leaving::Busy => Err(busy()),
            _ => Err(self.why_not_in(channel).await),
        }
    }

    /// Refuses what is about a channel whose record the person may not see; answers whether that is so.
    fn tell_if_barred(&self, channel: ChannelId, request: &Request<'_>) -> bool {
        let is_barred = self.session.is_barred(channel);
        if is_barred {
            let id = request.id.as_deref();
            self.push(&access::refusal(&self.session, channel, id));
        }
        is_barred
    }

    /// Why there is nothing to hear of a channel that the session is not in.
    async fn why_not_in(&self, channel: ChannelId) -> Refusal {
        match channels::get(&self.socket.gateway.app, &self.context, channel).await {
            Ok(seen) if seen.membership.is_some() => {
                Refusal::told(ErrorCode::ServiceUnavailable, "not heard of yet; try again")
            }
            Ok(_) => {
                let message = "you are not a member of this channel";
                Refusal::told(ErrorCode::NotChannelMember, message)
            }
            Err(error) => error.into(),
        }
    }

    fn say_subscribed(&self, channel_id: ChannelId, last_seq: Option<Seq>, request: &Request<'_>) {
        let kind = match last_seq {
            Some(_) => "CHANNEL_SUBSCRIBED",
            None => "CHANNEL_UNSUBSCRIBED",
        };
        let subscribed = Subscribed {
            channel_id,
            last_seq,
        };
        self.push(&frames::own(kind, subscribed, request.id.as_deref()));
    }
}
