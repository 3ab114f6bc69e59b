//! A lone send: one statement, one round trip, when nothing happened in its channel meanwhile.

use chrono::{DateTime, Utc};
use discuss_domain::messages::{ClientMessageId, Draft, Fingerprint};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{GroupError, GroupWriter};

/// A message that mentions nobody, decided on facts that are as old as `known_seq`.
#[derive(Debug)]
pub struct Lone<'a> {
    /// Names the send in the log, as a group of one.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Its channel.
    pub channel: ChannelId,
    /// The channel's newest seq when its facts were looked up.
    pub known_seq: Seq,
    /// Its tenant.
    pub tenant: TenantId,
    /// Who sent it.
    pub sender: UserId,
    /// What they said.
    pub draft: &'a Draft,
    /// The send, shortened.
    pub fingerprint: Fingerprint,
    /// The request's correlation id.
    pub correlation_id: Option<&'a str>,
    /// The request's trace.
    pub traceparent: Option<&'a str>,
}

impl GroupWriter {
    /// Stores a lone send with the seq after `known_seq`; `None`, and nothing stored, when the channel
    /// has given out a seq meanwhile.
    ///
    /// [`GroupError::Unknown`] means that the answer was lost: ask [`Self::find_group`] on a new
    /// connection. After any other error nothing was stored.
    pub async fn store_lone(&self, lone: &Lone<'_>) -> Result<Option<MessageId>, GroupError> {
        let metadata = lone
            .draft
            .metadata
            .as_ref()
            .map(serde_json::Value::to_string);
        let parameters: [&(dyn ToSql + Sync); 13] = [
            &lone.channel.get(),
            &lone.known_seq.get(),
            &lone.tenant.get(),
            &lone.sender.get(),
            &lone.draft.kind.as_str(),
            &lone.draft.content.as_str(),
            &lone.draft.client_message_id.map(ClientMessageId::get),
            &lone.fingerprint.get(),
            &lone.id,
            &lone.at,
            &metadata,
            &lone.correlation_id,
            &lone.traceparent,
        ];
        match self
            .answered(self.client.query_opt(&self.lone, &parameters))
            .await
        {
            Some(Ok(row)) => {
                let id: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
                Ok(id.map(MessageId::from))
            }
            Some(Err(error)) if is_refusal(&error) => Err(error.into()),
            Some(Err(_)) | None => Err(GroupError::Unknown),
        }
    }
}

/// Did the server refuse the statement, so that nothing was stored? When it ended the connection instead
/// (class 57), it may have committed before.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_some_and(|code| !code.code().starts_with("57"))
}
