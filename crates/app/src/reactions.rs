//! Reactions to messages.

use discuss_domain::messages::change::Change;
use discuss_domain::reactions::Emoji;

use crate::messages::change::{Changed, Target, change};
use crate::{App, AppError, Context};

/// Reacts to a message. Who has done so with this emoji changes nothing.
pub async fn add(
    app: &App,
    context: &Context,
    target: Target,
    emoji: Emoji,
) -> Result<Changed, AppError> {
    change(app, context, target, Change::React(emoji)).await
}

/// Takes a reaction back. Who has not reacted with this emoji changes nothing.
pub async fn remove(
    app: &App,
    context: &Context,
    target: Target,
    emoji: Emoji,
) -> Result<Changed, AppError> {
    change(app, context, target, Change::Unreact(emoji)).await
}
