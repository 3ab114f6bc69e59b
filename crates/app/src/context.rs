//! Who asks, and under which ids it is logged.

use discuss_domain::users::{Caller, User};
use discuss_domain::{TenantId, UserId};

/// One request, as the use cases see it.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who asks.
    pub caller: Caller,
    /// The request's correlation id.
    pub correlation_id: Option<String>,
    /// The request's trace (W3C).
    pub traceparent: Option<String>,
}

impl Context {
    /// A request of which nothing but its caller is known.
    #[must_use]
    pub const fn of(caller: Caller) -> Self {
        Self {
            caller,
            correlation_id: None,
            traceparent: None,
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
