//! What is answered where no handler is: 405 with `Allow` on a known path, else 404.

use actix_web::{HttpRequest, dev::ResourceDef, http::Method, web::Data};
use discuss_wire::errors::ErrorCode;
use utoipa::openapi::{OpenApi, PathItem};

use crate::error::ApiError;

/// Every path with the methods it has, as the OpenAPI document has them.
pub(crate) struct Paths(Vec<(ResourceDef, String)>);

impl Paths {
    /// The paths of a document, and `others` that are not in it and take GET and HEAD.
    pub(crate) fn of(document: &OpenApi, others: &[&'static str]) -> Self {
        let documented = document
            .paths
            .paths
            .iter()
            .map(|(path, item)| (path.clone(), methods(item)));
        let others = others
            .iter()
            .map(|path| ((*path).to_owned(), "GET, HEAD".to_owned()));
        Self(
            documented
                .chain(others)
                .map(|(path, methods)| (ResourceDef::new(path), methods))
                .collect(),
        )
    }

    /// The methods of a path, separated by commas.
    fn find(&self, path: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(pattern, _)| pattern.is_match(path))
            .map(|(_, methods)| methods.as_str())
    }
}

fn methods(item: &PathItem) -> String {
    let has = [
        (Method::GET, item.get.is_some()),
        (Method::HEAD, item.get.is_some()),
        (Method::POST, item.post.is_some()),
        (Method::PUT, item.put.is_some()),
        (Method::PATCH, item.patch.is_some()),
        (Method::DELETE, item.delete.is_some()),
    ];
    let names: Vec<_> = has
        .iter()
        .filter(|(_, has)| *has)
        .map(|(method, _)| method.as_str())
        .collect();
    names.join(", ")
}

/// The handler of last resort.
pub(crate) async fn refuse(request: HttpRequest, paths: Data<Paths>) -> Result<(), ApiError> {
    match paths.find(request.match_info().as_str()) {
        Some(allowed) => Err(ApiError::method_not_allowed(allowed)),
        None => Err(ApiError::new(ErrorCode::NotFound, "there is no such route")),
    }
}
