//! The routes, a module per feature.

mod channels;
mod members;
mod messages;
mod reads;
mod topics;
mod users;

use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// What every route begins with.
const BASE: &str = "/discuss/api/v1";

/// Adds every route.
pub(crate) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(
        scope(BASE)
            .configure(topics::configure)
            .configure(channels::configure)
            .configure(members::configure)
            .configure(messages::configure)
            .configure(reads::configure)
            .configure(users::configure),
    );
}
