//! The routes, a module per feature.

mod changes;
mod channels;
mod erasures;
mod history;
mod members;
mod messages;
mod presence;
mod reactions;
mod reads;
mod receipts;
mod threads;
mod topics;
mod typing;
mod users;

use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// What every route begins with.
pub(crate) const BASE: &str = "/discuss/api/v1";

/// Adds every route.
pub(crate) fn configure(app: &mut ServiceConfig<'_>) {
    app.service(
        scope(BASE)
            .configure(topics::configure)
            .configure(channels::configure)
            .configure(members::configure)
            .configure(messages::configure)
            .configure(history::configure)
            .configure(reads::configure)
            .configure(receipts::configure)
            .configure(changes::configure)
            .configure(reactions::configure)
            .configure(threads::configure)
            .configure(presence::configure)
            .configure(typing::configure)
            .configure(users::configure)
            .configure(erasures::configure),
    );
}
