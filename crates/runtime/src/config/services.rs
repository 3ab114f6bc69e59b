//! Where the other services of SERP are, and who Discuss is to them.

use std::fmt;

use clap::Args;

use crate::redact;

/// Where the account service is, and as whom it is asked. Without a URL it never is.
#[derive(Clone, Default, Args)]
pub struct AccountConfig {
    /// The account service as a URL: it knows people. Without it user ids are taken as they are.
    #[arg(long, env)]
    pub account_service_url: Option<String>,
    /// Client of Keycloak as which Discuss asks the account service.
    #[arg(long, env)]
    pub keycloak_client_id: Option<String>,
    /// Secret of that client.
    #[arg(long, env, hide_env_values = true)]
    pub keycloak_client_secret: Option<String>,
}

/// Where the services are that say who may see their records: what has no URL is never asked.
#[derive(Clone, Args)]
pub struct RecordServicesConfig {
    /// CRM as a URL: it says who may see customers, leads and opportunities.
    #[arg(long, env)]
    pub crm_service_url: Option<String>,
    /// PTM as a URL: it says who may see tasks.
    #[arg(long, env)]
    pub ptm_service_url: Option<String>,
    /// PM as a URL: it says who may see projects and work items.
    #[arg(long, env)]
    pub pm_service_url: Option<String>,
    /// The purchase service as a URL: it says who may see orders.
    #[arg(long, env)]
    pub purchase_service_url: Option<String>,
    /// The logistics service as a URL: it says who may see shipments and inventory items.
    #[arg(long, env)]
    pub logistics_service_url: Option<String>,
    /// Path of a record there; {type} and {id} are put in.
    #[arg(long, env, default_value = "/logistics/api/v1/{type}/search/{id}")]
    pub logistics_access_path: String,
}

impl fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.account_service_url.as_deref().map(redact::url);
        f.debug_struct("AccountConfig")
            .field("url", &url)
            .field("client_id", &self.keycloak_client_id)
            .field("has_secret", &self.keycloak_client_secret.is_some())
            .finish()
    }
}

impl fmt::Debug for RecordServicesConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = |url: &Option<String>| url.as_deref().map(redact::url);
        f.debug_struct("RecordServicesConfig")
            .field("crm", &url(&self.crm_service_url))
            .field("ptm", &url(&self.ptm_service_url))
            .field("pm", &url(&self.pm_service_url))
            .field("purchase", &url(&self.purchase_service_url))
            .field("logistics", &url(&self.logistics_service_url))
            .field("logistics_access_path", &self.logistics_access_path)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{describe, from_lookup};

    #[test]
    fn nobody_is_asked_unless_configured() {
        let account = from_lookup::<AccountConfig>(|_| None).unwrap();
        let read = from_lookup::<RecordServicesConfig>(|_| None).unwrap();
        let urls = [
            &account.account_service_url,
            &read.crm_service_url,
            &read.ptm_service_url,
            &read.pm_service_url,
            &read.purchase_service_url,
            &read.logistics_service_url,
        ];
        assert!(urls.iter().all(|url| url.is_none()));
    }

    #[test]
    fn the_secret_is_never_shown() {
        let lookup = |name: &str| (name == "KEYCLOAK_CLIENT_SECRET").then(|| "hunter2".into());
        let read = from_lookup::<AccountConfig>(lookup).unwrap();
        assert_eq!(read.keycloak_client_secret.as_deref(), Some("hunter2"));
        assert!(!format!("{read:?}").contains("hunter2"));
        let shown = describe::<AccountConfig>(lookup).unwrap();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("KEYCLOAK_CLIENT_SECRET=***\n"), "{shown}");
    }
}
