//! The routes, a module per feature.

mod changes;
mod channels;
mod members;
mod messages;
mod reactions;
mod reads;
mod threads;

use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// What every route begins with.
const BASE: &str = "/discuss/api/v1";

/// Adds every route.
pub(crate) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(
        scope(BASE)
            .configure(channels::configure)
            .configure(members::configure)
            .configure(messages::configure)
            .configure(reads::configure)
            .configure(changes::configure)
            .configure(reactions::configure)
            .configure(threads::configure),
    );
}
