//! An answer of the API, read.

use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// Status, headers and the envelope.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Sends a request and reads what comes back.
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
        Self {
            status,
            headers,
            body,
        }
    }

    /// What a success is about.
    pub(crate) fn data(&self) -> &Value {
        assert_eq!(self.body["status"], "success", "{}", self.body);
        assert_eq!(self.body["code"], self.status);
        &self.body["data"]
    }

    /// The id of what was made or read.
    pub(crate) fn id(&self) -> i64 {
        self.data()["id"].as_i64().unwrap()
    }

    /// The ids of a list's items.
    pub(crate) fn ids(&self) -> Vec<i64> {
        let items = self.data()["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["id"].as_i64().unwrap())
            .collect()
    }

    /// Asserts a refusal: its status, its symbol, and the shape that every one of them has.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, symbol: &str) -> &Self {
        assert_eq!(
            (self.status, &self.body["error"]),
            (status, &symbol.into()),
            "{}",
            self.body
        );
        assert_eq!(self.body["status"], "error");
        assert_eq!(self.body["code"], status);
        assert_eq!(self.body["data"], Value::Null);
        assert_eq!(self.body["traceId"], self.header("x-correlation-id"));
        self
    }

    /// Asserts a refusal for one field.
    #[track_caller]
    pub(crate) fn refused_field(&self, field: &str) -> &Self {
        self.refused(400, "VALIDATION_ERROR");
        assert_eq!(self.body["errors"][0]["field"], field, "{}", self.body);
        self
    }

    /// A header that must be there.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}"));
        value.to_str().unwrap()
    }
}
