//! The other services of SERP, over HTTP: the account service, which knows people, and those that say
//! who may see a business record. What is not configured is not asked.

use std::time::Duration;

mod account;
mod breaker;
mod http;
mod records;
mod tokens;

pub(crate) use account::{Account, Person};
pub(crate) use breaker::Breaker;
pub(crate) use http::NoAnswer;
pub(crate) use records::{RecordServices, Says};

/// No answer takes longer.
const LIMIT: Duration = Duration::from_secs(2);

/// Where the other services are.
#[derive(Clone)]
pub struct ServiceSettings {
    /// The account service.
    pub account: Option<String>,
    /// As whom it is asked; without these without a token.
    pub client: Option<ClientSettings>,
    /// CRM.
    pub crm: Option<String>,
    /// PTM.
    pub ptm: Option<String>,
    /// PM.
    pub pm: Option<String>,
    /// The purchase service.
    pub purchase: Option<String>,
    /// The logistics service.
    pub logistics: Option<String>,
    /// Path of a record there, with `{type}` and `{id}`.
    pub logistics_path: String,
    /// No answer takes longer.
    pub limit: Duration,
}

/// As whom Discuss asks on its own behalf: a client of Keycloak.
#[derive(Clone)]
pub struct ClientSettings {
    /// Keycloak.
    pub keycloak: String,
    /// The realm there.
    pub realm: String,
    /// The client.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl Default for ServiceSettings {
    /// Nobody is asked.
    fn default() -> Self {
        Self {
            account: None,
            client: None,
            crm: None,
            ptm: None,
            pm: None,
            purchase: None,
            logistics: None,
            logistics_path: String::new(),
            limit: LIMIT,
        }
    }
}

/// Why the services can't be used as they are configured.
#[derive(Debug, thiserror::Error)]
pub enum ServiceSettingsError {
    /// The variable holds no URL.
    #[error("{0}: must be a URL such as http://host:port")]
    Url(&'static str),
    /// The path names no record.
    #[error("LOGISTICS_ACCESS_PATH: must contain {{id}}")]
    LogisticsPath,
    /// No HTTP client can be made.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
}

/// The other services.
pub struct Services {
    pub(crate) account: Option<Account>,
    pub(crate) records: RecordServices,
}

impl Services {
    /// The services as they are configured.
    pub fn new(settings: &ServiceSettings) -> Result<Self, ServiceSettingsError> {
        let client = http::client(settings.limit).map_err(ServiceSettingsError::Client)?;
        Ok(Self {
            account: Account::new(settings, &client)?,
            records: RecordServices::new(settings, &client)?,
        })
    }

    /// Nobody is asked.
    #[must_use]
    pub fn none() -> Self {
        Self {
            account: None,
            records: RecordServices::default(),
        }
    }
}
