//! Who asks, and under which ids it is logged.

use std::fmt;
use std::sync::Arc;

use discuss_domain::users::{Caller, User};
use discuss_domain::{TenantId, UserId};

use crate::permissions::EntityAccess;

/// What a caller came with: other services are asked with the same, so that they see the same person.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Passport {
    /// Nothing that could be shown to others.
    #[default]
    None,
    /// Their token.
    Token(Arc<str>),
    /// The trusted headers of the SERP gateway.
    TrustedHeaders,
}

impl fmt::Debug for Passport {
    /// Says of what kind it is; a token is never shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token(***)",
            Self::TrustedHeaders => "TrustedHeaders",
        })
    }
}

/// One request, as the use cases see it.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who asks.
    pub caller: Caller,
    /// The request's correlation id.
    pub correlation_id: Option<String>,
    /// The request's trace (W3C).
    pub traceparent: Option<String>,
    /// What the caller came with.
    pub(crate) passport: Passport,
    /// Who is asked whether the caller may see a business record; without it membership decides.
    pub(crate) access: Option<Arc<EntityAccess>>,
}

impl Context {
    /// Can anybody be asked whether the caller may see business records?
    #[must_use]
    pub const fn asks_services(&self) -> bool {
        self.access.is_some()
    }

    /// What Discuss does on behalf of somebody who is not asking themselves: nobody is asked for access.
    /// Requests and sockets come with [`App::context`](crate::App::context).
    #[must_use]
    pub const fn of(caller: Caller) -> Self {
        Self {
            caller,
            correlation_id: None,
            traceparent: None,
            passport: Passport::None,
            access: None,
        }
    }

    /// The caller's tenant.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// The caller.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.caller.user
    }

    /// The caller as others see them.
    #[must_use]
    pub fn person(&self) -> User {
        User {
            id: self.caller.user,
            name: self.caller.name.clone(),
            email: self.caller.email.clone(),
            avatar_url: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_in_what_is_logged() {
        let mut context = Context::of(Caller {
            tenant: TenantId::from(3),
            user: UserId::from(7),
            name: None,
            email: None,
        });
        context.passport = Passport::Token("hunter2".into());
        let shown = format!("{context:?}");
        assert!(
            shown.contains("Token(***)") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
