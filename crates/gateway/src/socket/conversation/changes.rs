//! What a socket asks to become of messages that are there.

use discuss_app::messages::change::{Changed, Target, delete, edit};
use discuss_app::rate_limits::CallClass;
use discuss_app::reactions;
use discuss_domain::MessageId;
use discuss_wire::errors::FieldError;
use discuss_wire::messages::change::{EditMessageRequest, MessageAckView, MessageRequest};
use discuss_wire::reactions::ReactToRequest;

use super::Conversation;
use crate::frames;
use crate::socket::refusal::Refusal;
use crate::socket::requests::Request;

impl Conversation<'_> {
    /// Changes a message: `ACK` once that is durable, also when it was like that already. It counts as the same
    /// call by REST does.
    pub(super) async fn change(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let class = match request.kind.as_str() {
            "EDIT_MESSAGE" => CallClass::Send,
            _ => CallClass::Read,
        };
        let limiter = &self.socket.gateway.limiter;
        limiter.take(&self.context.caller, class).await.require()?;
        let Changed { message, .. } = match request.kind.as_str() {
            "EDIT_MESSAGE" => self.edit(request).await?,
            "DELETE_MESSAGE" => {
                let target = target(request)?;
                delete(&self.socket.gateway.app, &self.context, target).await?
            }
            _ => self.react(request).await?,
        };
        let ack = MessageAckView {
            message_id: message.id.get(),
        };
        self.push(&frames::own("ACK", ack, request.id.as_deref()));
        Ok(())
    }

    async fn edit(&self, request: &Request<'_>) -> Result<Changed, Refusal> {
        let target = target(request)?;
        let content = request.payload::<EditMessageRequest>()?.parse()?;
        let gateway = &self.socket.gateway;
        let edit = edit(
            &gateway.app,
            &self.context,
            target,
            (content, gateway.messages.window()),
        );
        Ok(edit.await?)
    }

    async fn react(&self, request: &Request<'_>) -> Result<Changed, Refusal> {
        let (message, emoji) = request.payload::<ReactToRequest>()?.parse()?;
        let (app, target) = (&self.socket.gateway.app, message.into());
        Ok(if request.kind == "ADD_REACTION" {
            reactions::add(app, &self.context, target, emoji).await?
        } else {
            reactions::remove(app, &self.context, target, emoji).await?
        })
    }
}

fn target(request: &Request<'_>) -> Result<Target, FieldError> {
    let message: MessageId = request.payload::<MessageRequest>()?.parse()?;
    Ok(message.into())
}
