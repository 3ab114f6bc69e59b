//! Metadata: what a front end keeps with a message or a channel, and the few members of it that are read.

use serde_json::Value;

use crate::errors::FieldError;
use crate::json::{NULL_CHARACTER, find_null_character};

/// The most bytes of metadata, written as JSON.
const MAX_METADATA_BYTES: usize = 8 * 1024;
/// The most characters of the name of a language.
const MAX_LANGUAGE_CHARS: usize = 40;

/// Checks metadata: an object of at most 8 KiB, also as PostgreSQL will write it, without U+0000.
pub(crate) fn metadata(value: Value) -> Result<Value, FieldError> {
    const FIELD: &str = "metadata";
    if !value.is_object() {
        return Err(FieldError::new(FIELD, "must be an object"));
    }
    let size = value.to_string().len();
    if size > MAX_METADATA_BYTES || size.saturating_add(growth(&value)) > MAX_METADATA_BYTES {
        let message = format!(
            "must be at most {MAX_METADATA_BYTES} bytes of JSON, numbers written without exponents"
        );
        return Err(FieldError::new(FIELD, message));
    }
    match find_null_character(&value, FIELD.to_owned()) {
        Some(path) => Err(FieldError::new(path, NULL_CHARACTER)),
        None => Ok(value),
    }
}

/// Checks the language that the metadata of CODE name, if they name one: a short identifier, as `c++`.
pub(super) fn require_language(metadata: Option<&Value>) -> Result<(), FieldError> {
    let Some(language) = metadata.and_then(|metadata| metadata.get("language")) else {
        return Ok(());
    };
    let is_fine = |name: &str| {
        let fits = (1..=MAX_LANGUAGE_CHARS).contains(&name.len());
        fits && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+#.-_".contains(&byte))
    };
    if language.as_str().is_some_and(is_fine) {
        return Ok(());
    }
    let message = format!(
        "must be a name of 1 to {MAX_LANGUAGE_CHARS} letters, digits and the characters + # . - _"
    );
    Err(FieldError::new("metadata.language", message))
}

/// How many bytes a value grows by when jsonb keeps it: its numbers have no exponents, so that 1e300
/// becomes 301 digits.
fn growth(value: &Value) -> usize {
    match value {
        Value::Number(number) if number.is_f64() => {
            let digits = number
                .as_f64()
                .map_or(0, |number| format!("{number}").len());
            digits.saturating_sub(number.to_string().len())
        }
        Value::Array(items) => items.iter().map(growth).sum(),
        Value::Object(members) => members.values().map(growth).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
