//! The other services of SERP, as the configuration names them.

use discuss_app::{
    Services,
    services::{ClientSettings, ServiceSettings, ServiceSettingsError},
};
use discuss_runtime::config::{AccountConfig, AuthConfig};

use crate::config::Config;

/// The other services, as the configuration says.
pub(crate) fn services(config: &Config) -> Result<Services, ServiceSettingsError> {
    let records = &config.records;
    Services::new(&ServiceSettings {
        account: config.account.account_service_url.clone(),
        client: client(&config.account, &config.auth),
        crm: records.crm_service_url.clone(),
        ptm: records.ptm_service_url.clone(),
        pm: records.pm_service_url.clone(),
        purchase: records.purchase_service_url.clone(),
        logistics: records.logistics_service_url.clone(),
        logistics_path: records.logistics_access_path.clone(),
        ..ServiceSettings::default()
    })
}

/// As whom the account service is asked, where all that it takes is set.
fn client(account: &AccountConfig, auth: &AuthConfig) -> Option<ClientSettings> {
    Some(ClientSettings {
        keycloak: auth.keycloak_url.clone()?,
        realm: auth.keycloak_realm.clone(),
        id: account.keycloak_client_id.clone()?,
        secret: account.keycloak_client_secret.clone()?,
    })
}
