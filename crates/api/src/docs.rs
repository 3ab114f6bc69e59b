//! The page on which people read and try the API; it needs no token, what it calls does.

use actix_web::web;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::openapi;

/// Where the page is.
pub(crate) const PATH: &str = "/discuss/docs";

/// Serves the page and its files.
pub(crate) fn configure(app: &mut web::ServiceConfig) {
    let page = SwaggerUi::new("/discuss/docs/{_:.*}").config(Config::from(openapi::PATH));
    app.service(web::redirect(PATH, "docs/")).service(page);
}
