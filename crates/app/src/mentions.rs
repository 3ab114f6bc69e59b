//! Whom a draft mentions: by its field, and by its text among the members of its channel.

use discuss_domain::ChannelId;
use discuss_domain::messages::Draft;
use discuss_domain::messages::mentions::{Mentions, Written};
use discuss_storage::messages::mentions as stored;
use discuss_wire::errors::FieldError;

use crate::{App, AppError, Context};

/// Whom the caller's draft for a channel mentions. Ids may be of people who are not in the channel; names
/// are only looked up among its members, and only if the text has any.
pub(crate) async fn find(
    app: &App,
    context: &Context,
    channel: ChannelId,
    draft: &Draft,
) -> Result<Mentions, AppError> {
    let written = Written::of(draft);
    let names = written.names();
    let members = if names.is_empty() {
        Vec::new()
    } else {
        let mut connection = app.connection().await?;
        stored::list_named(&mut connection, (context.tenant(), channel), &names).await?
    };
    let found = written.complete(&draft.mentions, &members, context.user());
    Ok(found.map_err(FieldError::from)?)
}
