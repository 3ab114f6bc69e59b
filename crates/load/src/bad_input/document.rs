//! An OpenAPI document, as far as one must know it to send bad input.

use std::fmt;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Map, Value};

/// A member of an object; null where there is none.
pub(super) fn at<'v>(value: &'v Value, name: &str) -> &'v Value {
    static NULL: Value = Value::Null;
    value.get(name).unwrap_or(&NULL)
}

/// An OpenAPI document.
pub(super) struct Document {
    schemas: Map<String, Value>,
    operations: Vec<Operation>,
}

/// One operation of it.
pub(super) struct Operation {
    pub(super) method: Method,
    path: String,
    pub(super) parameters: Vec<Parameter>,
    /// The schema of its JSON body.
    pub(super) body: Option<Value>,
}

/// A parameter.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) schema: Value,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Elsewhere,
}

impl Document {
    pub(super) fn read(document: &Value) -> anyhow::Result<Self> {
        let schemas = document.pointer("/components/schemas");
        let schemas = schemas.and_then(Value::as_object);
        let paths = at(document, "paths")
            .as_object()
            .context("it has no paths")?;
        let mut operations = Vec::new();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let method = Method::from_bytes(method.to_uppercase().as_bytes())?;
                operations.push(Operation::read(method, path, operation));
            }
        }
        Ok(Self {
            schemas: schemas.cloned().unwrap_or_default(),
            operations,
        })
    }

    pub(super) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// A schema with its references followed: the first that says more than "or null".
    pub(super) fn follow<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        // Deeper than this it refers to itself.
        for _ in 0..8 {
            let referred = at(schema, "$ref")
                .as_str()
                .and_then(|path| path.rsplit('/').next())
                .and_then(|name| self.schemas.get(name));
            let one_of = ["oneOf", "anyOf", "allOf"].into_iter().find_map(|kind| {
                let all = at(schema, kind).as_array()?;
                all.iter().find(|one| at(one, "type") != "null")
            });
            match referred.or(one_of) {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }

    /// Which JSON types a schema allows; none where it says nothing.
    pub(super) fn types<'a>(&'a self, schema: &'a Value) -> Vec<&'a str> {
        match at(self.follow(schema), "type") {
            Value::String(one) => vec![one.as_str()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl Operation {
    fn read(method: Method, path: &str, operation: &Value) -> Self {
        let parameters = at(operation, "parameters").as_array().into_iter().flatten();
        let body = operation.pointer("/requestBody/content/application~1json/schema");
        Self {
            method,
            path: path.to_owned(),
            parameters: parameters.map(Parameter::read).collect(),
            body: body.cloned(),
        }
    }

    /// Its path with `named` in it, where it has that parameter; else with what is there.
    pub(super) fn path_with(
        &self,
        named: Option<&(String, String)>,
        channel: u64,
        message: u64,
    ) -> String {
        let parts = self.path.split('/').map(|part| {
            let Some(name) = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
            else {
                return part.to_owned();
            };
            match named {
                Some((bad, value)) if bad == name => value.clone(),
                _ if name == "channelId" => channel.to_string(),
                _ if name == "messageId" => message.to_string(),
                _ => "2".to_owned(),
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

impl Parameter {
    fn read(parameter: &Value) -> Self {
        let text = |name: &str| at(parameter, name).as_str().unwrap_or_default();
        Self {
            name: text("name").to_owned(),
            place: match text("in") {
                "path" => Place::Path,
                "query" => Place::Query,
                _ => Place::Elsewhere,
            },
            schema: at(parameter, "schema").clone(),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
