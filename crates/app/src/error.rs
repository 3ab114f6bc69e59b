//! Why a use case was refused or failed, and the symbol that says so outside.

use discuss_domain::channels::{ChangeError, NotTwoPeople};
use discuss_domain::members::{JoinError, StandingError};
use discuss_domain::messages::SendError;
use discuss_domain::messages::change::ChangeError as MessageChangeError;
use discuss_domain::permissions::{Denied, NotInChannel, Refused};
use discuss_domain::rate_limits::Standing;
use discuss_domain::threads::ReplyError;
use discuss_storage::{StorageError, TransactionError};
use discuss_wire::errors::{ErrorCode, FieldError};

/// Why a use case was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] FieldError),
    /// The caller is not in the channel.
    #[error(transparent)]
    NotInChannel(#[from] NotInChannel),
    /// The caller's role is too low.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The message was not accepted.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The message was not changed.
    #[error(transparent)]
    MessageChange(#[from] MessageChangeError),
    /// There is no such message, for this caller.
    #[error("there is no such message")]
    MessageNotFound,
    /// There is nobody of that id in the channel.
    #[error("there is no such member")]
    MemberNotFound,
    /// Nobody may do this in such a channel, or this member may not, or not now.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The channel is not changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The caller does not come into the channel by themselves.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// Nobody stands otherwise than before.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The owner can't leave.
    #[error("the owner can't leave: name another owner first")]
    OwnerCannotLeave,
    /// Nobody says that the caller may see the business record.
    #[error(
        "you may not see the business record of this channel, or nobody can say whether you may"
    )]
    EntityAccess,
    /// The owner can't be removed.
    #[error("the owner can't be removed")]
    CannotRemoveOwner,
    /// It took too long, or too much is waiting already.
    #[error("too much is waiting; try again")]
    Busy,
    /// The caller has called too often; when to come back is in it.
    #[error("too many calls; try again later")]
    TooManyCalls(Standing),
    /// Another service of SERP can't be asked now.
    #[error("{0}")]
    ServiceAway(String),
    /// A store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Our own fault; it was logged where it happened.
    #[error("internal error")]
    Internal,
}

impl AppError {
    /// The symbol that callers see.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(field) => field.code,
            Self::NotInChannel(error)
            | Self::Send(SendError::NotInChannel(error))
            | Self::Join(JoinError::NotInChannel(error)) => not_in_channel(*error),
            Self::Refused(error) | Self::Change(ChangeError::Refused(error)) => refused(*error),
            Self::Denied(_)
            | Self::Change(ChangeError::PublicTopic)
            | Self::Join(JoinError::Removed)
            | Self::Standing(_) => ErrorCode::Forbidden,
            Self::OwnerCannotLeave => ErrorCode::OwnerCannotLeave,
            Self::Send(SendError::Denied(_)) => ErrorCode::CannotSendMessages,
            Self::Send(SendError::Archived) | Self::Join(JoinError::Archived) => {
                ErrorCode::ChannelArchived
            }
            Self::Send(SendError::Conflict) => ErrorCode::Conflict,
            Self::Send(SendError::Reply(error)) => reply(*error),
            Self::MessageChange(error) => change(*error),
            Self::EntityAccess => ErrorCode::EntityAccessDenied,
            Self::MessageNotFound => ErrorCode::MessageNotFound,
            Self::MemberNotFound => ErrorCode::MemberNotFound,
            Self::CannotRemoveOwner => ErrorCode::CannotRemoveOwner,
            Self::Busy | Self::ServiceAway(_) => ErrorCode::ServiceUnavailable,
            Self::TooManyCalls(_) => ErrorCode::TooManyRequests,
            Self::Storage(error) if error.is_unavailable() => ErrorCode::ServiceUnavailable,
            Self::Storage(_) | Self::Internal => ErrorCode::InternalError,
        }
    }

    /// What callers may read: never anything of the inside.
    #[must_use]
    pub fn public_message(&self) -> String {
        match self.code() {
            ErrorCode::ServiceUnavailable => "not available at the moment; try again".to_owned(),
            ErrorCode::InternalError => "internal error".to_owned(),
            _ => self.to_string(),
        }
    }
}

const fn not_in_channel(error: NotInChannel) -> ErrorCode {
    match error {
        NotInChannel::Unknown => ErrorCode::ChannelNotFound,
        NotInChannel::NotMember => ErrorCode::NotChannelMember,
    }
}

const fn refused(error: Refused) -> ErrorCode {
    match error {
        Refused::InDirect | Refused::Denied(_) => ErrorCode::Forbidden,
        Refused::Archived => ErrorCode::ChannelArchived,
    }
}

const fn reply(error: ReplyError) -> ErrorCode {
    match error {
        ReplyError::Elsewhere => ErrorCode::ParentMessageNotInChannel,
        ReplyError::Deleted => ErrorCode::MessageDeleted,
    }
}

const fn change(error: MessageChangeError) -> ErrorCode {
    match error {
        MessageChangeError::NotFound => ErrorCode::MessageNotFound,
        MessageChangeError::NotMember => ErrorCode::NotChannelMember,
        MessageChangeError::Denied(_) | MessageChangeError::NotSender => ErrorCode::Forbidden,
        MessageChangeError::System => ErrorCode::CannotEditSystemMessage,
        MessageChangeError::Deleted => ErrorCode::MessageDeleted,
        MessageChangeError::WindowExpired => ErrorCode::EditWindowExpired,
        MessageChangeError::Archived => ErrorCode::ChannelArchived,
        MessageChangeError::TooManyReactions(_) => ErrorCode::TooManyReactions,
    }
}

impl From<TransactionError> for AppError {
    fn from(error: TransactionError) -> Self {
        Self::Storage(error.into())
    }
}

impl From<NotTwoPeople> for AppError {
    fn from(error: NotTwoPeople) -> Self {
        Self::Invalid(FieldError::new("otherUserId", error.to_string()))
    }
}
