//! The routes, a module per feature.

use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// What every route begins with.
pub(crate) const BASE: &str = "/discuss/api/v1";

/// Adds every route.
pub(crate) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(scope(BASE));
}
