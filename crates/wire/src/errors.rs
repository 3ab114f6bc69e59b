//! Errors as callers see them: a stable symbol, and the fields that were wrong.

use serde::Serialize;
use utoipa::ToSchema;

// A symbol is a token, not a literal fragment, which the derive of the schema could not read.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $symbol:tt, $status:literal;)*) => {
        /// The stable symbols of errors, each with its HTTP status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $symbol)] $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The symbol.
            #[must_use]
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$name => $symbol,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// A field is missing, badly typed or out of bounds.
    ValidationError = "VALIDATION_ERROR", 400;
    /// The token names no tenant.
    TenantIdRequired = "TENANT_ID_REQUIRED", 400;
    /// More people mentioned than a message may.
    TooManyMentions = "TOO_MANY_MENTIONS", 400;
    /// As many different reactions as a message may have.
    TooManyReactions = "TOO_MANY_REACTIONS", 400;
    /// What the system said stays as it is.
    CannotEditSystemMessage = "CANNOT_EDIT_SYSTEM_MESSAGE", 400;
    /// The message is a tombstone.
    MessageDeleted = "MESSAGE_DELETED", 400;
    /// The message was sent too long ago to be edited.
    EditWindowExpired = "EDIT_WINDOW_EXPIRED", 400;
    /// What is replied to is not in this channel.
    ParentMessageNotInChannel = "PARENT_MESSAGE_NOT_IN_CHANNEL", 400;
    /// The channel takes no more messages.
    ChannelArchived = "CHANNEL_ARCHIVED", 400;
    /// The owner can't be removed.
    CannotRemoveOwner = "CANNOT_REMOVE_OWNER", 400;
    /// The owner can't leave.
    OwnerCannotLeave = "OWNER_CANNOT_LEAVE", 400;
    /// No token, or a bad one.
    Unauthorized = "UNAUTHORIZED", 401;
    /// May see, but not do.
    Forbidden = "FORBIDDEN", 403;
    /// Not in this public channel.
    NotChannelMember = "NOT_CHANNEL_MEMBER", 403;
    /// A guest, or silenced.
    CannotSendMessages = "CANNOT_SEND_MESSAGES", 403;
    /// The record's own service says no.
    EntityAccessDenied = "ENTITY_ACCESS_DENIED", 403;
    /// No such route.
    NotFound = "NOT_FOUND", 404;
    /// No such channel for this caller.
    ChannelNotFound = "CHANNEL_NOT_FOUND", 404;
    /// No such message for this caller.
    MessageNotFound = "MESSAGE_NOT_FOUND", 404;
    /// Nobody of that id in the channel.
    MemberNotFound = "MEMBER_NOT_FOUND", 404;
    /// Nobody of that id in the tenant.
    UserNotFound = "USER_NOT_FOUND", 404;
    /// The route has other methods.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405;
    /// The same client message id with other content.
    Conflict = "CONFLICT", 409;
    /// The body is larger than any body here.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413;
    /// The body is no JSON.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415;
    /// The caller, or their whole tenant, has called too often.
    TooManyRequests = "TOO_MANY_REQUESTS", 429;
    /// Our own fault.
    InternalError = "INTERNAL_ERROR", 500;
    /// Something that this needs is down; try again.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", 503;
    /// A WebSocket frame that can't be read, or is too large.
    InvalidFrame = "INVALID_FRAME", 400;
    /// Too many frames on a socket, or too many sockets of somebody, or from one address.
    ConnectionThrottled = "CONNECTION_THROTTLED", 429;
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// The field, as JSON names it.
    pub field: String,
    /// What is wrong with it, for people.
    pub message: String,
    /// The symbol of the answer that names it.
    #[serde(skip)]
    pub code: ErrorCode,
}

impl FieldError {
    /// Says what is wrong with `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            code: ErrorCode::ValidationError,
        }
    }

    /// The same under a symbol of its own.
    #[must_use]
    pub fn coded(self, code: ErrorCode) -> Self {
        Self { code, ..self }
    }
}

/// Puts the field's name to whatever its check said.
pub(crate) trait InField<T> {
    /// The value, or the error with the name of its field.
    fn in_field(self, field: &str) -> Result<T, FieldError>;
}

impl<T, E: std::error::Error> InField<T> for Result<T, E> {
    fn in_field(self, field: &str) -> Result<T, FieldError> {
        self.map_err(|error| FieldError::new(field, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_error_reads_as_field_and_message() {
        let error = FieldError::new("name", "must not be blank");
        assert_eq!(error.to_string(), "name: must not be blank");
    }

    #[test]
    fn every_code_has_its_own_symbol() {
        let symbols: std::collections::HashSet<_> =
            ErrorCode::ALL.iter().map(|code| code.symbol()).collect();
        assert_eq!(symbols.len(), ErrorCode::ALL.len());
    }
}
