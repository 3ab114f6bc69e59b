//! What `openapi/asyncapi.yaml` says of frames and records, for tests to hold them against.
//!
//! The document leaves room for members that are not in it, so that clients don't break when one is added. Of what we
//! send ourselves, a test wants to know that every member is described: there it is read without that room.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::Value;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/asyncapi.yaml");

/// Messages that clients and other services send; they may say more than is described.
const OTHERS: [&str; 3] = ["json.client.", "stomp.client.", "consumed."];

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = std::fs::read_to_string(PATH).expect("asyncapi.yaml must be there");
    serde_saphyr::from_str(&text).expect("asyncapi.yaml must be YAML")
});

/// The document, without room for what it does not describe.
static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let mut document = DOCUMENT.clone();
    close(&mut document);
    document
});

/// What was compiled, by its place in the document.
static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The document.
#[must_use]
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The names of the messages that begin so, without that beginning.
#[must_use]
pub fn list_messages(beginning: &str) -> BTreeSet<&'static str> {
    let messages = document().pointer("/components/messages");
    let messages = messages.and_then(Value::as_object);
    let names = messages.expect("there must be messages").keys();
    names
        .filter_map(|name| name.strip_prefix(beginning))
        .collect()
}

/// Fails unless this is a payload of the message as it is described, as `json.server.NEW_MESSAGE`.
pub fn require_payload(message: &str, payload: &Value) {
    require(message, "payload", payload);
}

/// The same of a message's headers.
pub fn require_headers(message: &str, headers: &Value) {
    require(message, "headers", headers);
}

/// Fails unless sockets of this dialect, `json` or `stomp`, are closed with such a code.
pub fn require_close_code(dialect: &str, code: u16) {
    let codes = format!("/channels/{dialect}/x-close-codes/{code}");
    let is_known = document().pointer(&codes).is_some();
    assert!(is_known, "asyncapi.yaml has no close code {code}");
}

fn require(message: &str, part: &str, value: &Value) {
    let validator = compiled(message, part);
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("at {:?}: {error}", error.instance_path().as_str()))
        .collect();
    assert!(
        wrong.is_empty(),
        "asyncapi.yaml says otherwise of the {part} of {message}: {}\n{value}",
        wrong.join("; ")
    );
}

fn compiled(message: &str, part: &str) -> Arc<Validator> {
    let place = format!("/components/messages/{message}/{part}");
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(validator) = compiled.get(&place) {
        return Arc::clone(validator);
    }
    let is_others = OTHERS.iter().any(|other| message.starts_with(other));
    let document = if is_others { &*DOCUMENT } else { &*CLOSED };
    assert!(
        document.pointer(&place).is_some(),
        "asyncapi.yaml describes no {part} of {message}"
    );
    let validator = Arc::new(compile(document, &place));
    compiled.insert(place, Arc::clone(&validator));
    validator
}

/// The schema at a place of the document; it may name others of the document.
fn compile(document: &Value, place: &str) -> Validator {
    let mut whole = document.clone();
    let members = whole.as_object_mut().expect("it must be an object");
    members.insert("$ref".to_owned(), format!("#{place}").into());
    let options = jsonschema::options().with_draft(Draft::Draft7);
    options.build(&whole).expect("it must be a schema")
}

/// Has every object with members have no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") {
                members
                    .entry("additionalProperties")
                    .or_insert(Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
