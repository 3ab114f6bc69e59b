//! Who a socket is by its upgrade.

use discuss_app::identity::{Credentials, Identifier, Identity, IdentityError};

/// What the headers of the upgrade say of who it is; where they are trusted, for as long as the socket.
#[derive(Debug, Default)]
pub(crate) struct SaidByHeaders {
    pub(crate) user: Option<String>,
    pub(crate) tenant: Option<String>,
}

impl SaidByHeaders {
    /// What is kept of it as long as the socket: mostly nothing.
    pub(crate) fn kept(self) -> Option<Box<Self>> {
        (self.user.is_some() || self.tenant.is_some()).then(|| Box::new(self))
    }

    /// Who it is, by a token or else by the headers.
    pub(crate) async fn identify(
        &self,
        identifier: &Identifier,
        token: Option<&str>,
    ) -> Result<Identity, IdentityError> {
        let credentials = Credentials {
            token,
            user: self.user.as_deref(),
            tenant: self.tenant.as_deref(),
        };
        identifier.identify(credentials).await
    }
}
