//! The other services of SERP, as the configuration names them.

use discuss_app::Services;
use discuss_app::services::{ServiceSettings, ServiceSettingsError};
use discuss_runtime::config::RecordServicesConfig;

/// The services that say who may see a record, as the configuration says; sockets name nobody who would
/// have to be known to the account service.
pub(crate) fn services(config: &RecordServicesConfig) -> Result<Services, ServiceSettingsError> {
    Services::new(&ServiceSettings {
        crm: config.crm_service_url.clone(),
        ptm: config.ptm_service_url.clone(),
        pm: config.pm_service_url.clone(),
        purchase: config.purchase_service_url.clone(),
        logistics: config.logistics_service_url.clone(),
        logistics_path: config.logistics_access_path.clone(),
        ..ServiceSettings::default()
    })
}
