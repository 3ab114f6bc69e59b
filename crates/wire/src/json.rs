//! JSON that comes from outside, read the same way whether a request or a socket brought it: what is
//! wrong is said with the path at which it is wrong, in words of JSON and not of our types.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::errors::FieldError;

/// What is said of U+0000, which nothing behind this can store.
pub const NULL_CHARACTER: &str = "must not contain the character U+0000";

/// So deep the reader follows what is nested.
const DEEPEST: usize = 127;

/// Reads an object; `whole` names it where no field is to blame.
pub fn parse<'a, T: Deserialize<'a>>(whole: &str, json: &'a [u8]) -> Result<T, FieldError> {
    require_object(whole, json)?;
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        explain(whole, &path, error.inner())
    })?;
    reader.end().map_err(|error| explain(whole, ".", &error))?;
    refuse_unstorable_text(whole, json)?;
    Ok(value)
}

/// serde would take an array for a struct, its members in order, and names the struct when it gets
/// anything else.
fn require_object(whole: &str, json: &[u8]) -> Result<(), FieldError> {
    if json.trim_ascii_start().starts_with(b"{") {
        return Ok(());
    }
    Err(match serde_json::from_slice::<IgnoredAny>(json) {
        Ok(_) => FieldError::new(whole, "must be an object"),
        Err(error) => explain(whole, ".", &error),
    })
}

/// Says what is wrong and where, without the line and column that serde adds.
fn explain(whole: &str, path: &str, error: &serde_json::Error) -> FieldError {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let inside = path.trim_end_matches(['.', '?']);
    let missing = said
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    match missing {
        Some(field) if inside.is_empty() => FieldError::new(field, "is required"),
        Some(field) => FieldError::new(format!("{inside}.{field}"), "is required"),
        None if !inside.is_empty() => FieldError::new(inside, said),
        None if error.is_data() => FieldError::new(whole, said),
        None => FieldError::new(whole, format!("is no JSON: {said}")),
    }
}

/// Refuses U+0000 and lone surrogates in whatever string they are: also in those that nobody reads. JSON can
/// only write them as escapes, so most texts are not looked at twice.
fn refuse_unstorable_text(whole: &str, json: &[u8]) -> Result<(), FieldError> {
    if !json.windows(6).any(is_suspect) {
        return Ok(());
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value: Value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        explain(whole, &path, error.inner())
    })?;
    match find_null_character(&value, String::new()) {
        Some(path) if path.is_empty() => Err(FieldError::new(whole, NULL_CHARACTER)),
        Some(path) => Err(FieldError::new(path, NULL_CHARACTER)),
        None => Ok(()),
    }
}

/// Is JSON that was not looked into nested deeper than the reader would follow it?
#[must_use]
pub fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => depth = depth.saturating_add(1),
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEEPEST
}

/// Does this look like an escape of U+0000 or of a surrogate?
fn is_suspect(escape: &[u8]) -> bool {
    escape == br"\u0000" || matches!(escape, [b'\\', b'u', b'd' | b'D', ..])
}

/// The path, from `path` on, of the first string with U+0000 in it.
pub(crate) fn find_null_character(value: &Value, path: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(path),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(place, item)| find_null_character(item, format!("{path}[{place}]"))),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            if name.contains('\0') {
                return Some(path.clone());
            }
            let dot = if path.is_empty() { "" } else { "." };
            find_null_character(member, format!("{path}{dot}{name}"))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::messages::SendMessageRequest;

    use super::*;

    fn refusal(body: &str) -> String {
        parse::<SendMessageRequest>("body", body.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn too_deep_is_what_the_reader_would_not_follow() {
        for depth in [1, 126, 127, 128, 129, 10_000] {
            let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let is_read = serde_json::from_str::<Value>(&json).is_ok();
            assert_eq!(is_too_deep(&json), !is_read, "{depth}");
        }
        assert!(!is_too_deep(&"[]".repeat(500)));
        assert!(!is_too_deep(&format!(r#"["\"{}"]"#, "[".repeat(500))));
    }

    #[test]
    fn a_wrong_body_names_the_path_at_which_it_is_wrong() {
        for (body, said) in [
            ("", "body: is no JSON: EOF while parsing a value"),
            ("{", "body: is no JSON: EOF while parsing an object"),
            (" []", "body: must be an object"),
            (r#"["x"]"#, "body: must be an object"),
            ("3", "body: must be an object"),
            ("hello", "body: is no JSON: expected value"),
            ("{}", "content: is required"),
            (
                r#"{"content":"x"} y"#,
                "body: is no JSON: trailing characters",
            ),
            (
                r#"{"content":5}"#,
                "content: invalid type: integer `5`, expected a string",
            ),
            (r#"{"content":"\ud800"}"#, "content: "),
            (r#"{"content":"x","mentions":[1,{}]}"#, "mentions[1]: "),
            (
                r#"{"content":"x","mentions":[99999999999999999999]}"#,
                "mentions[0]: ",
            ),
            (
                r#"{"content":"x","metadata":{"a":1e999}}"#,
                "metadata.a: number out of range",
            ),
            (
                r#"{"content":"a\u0000"}"#,
                "content: must not contain the character U+0000",
            ),
            (
                r#"{"content":"x","other":[{"deep":"\u0000"}]}"#,
                "other[0].deep: must not contain",
            ),
            (r#"{"content":"x","o":{"\u0000":1}}"#, "o: must not contain"),
            (r#"{"content":"x","other":["\uDEAD"]}"#, "other[0]: "),
        ] {
            let refusal = refusal(body);
            assert!(refusal.starts_with(said), "{body}: {refusal}");
        }
    }

    #[test]
    fn pairs_of_surrogates_are_plain_text() {
        let request: SendMessageRequest = parse(
            "body",
            br#"{"content":"\ud83d\uDE00","other":"\ud83d\ude00"}"#,
        )
        .unwrap();
        assert_eq!(request.content, "\u{1f600}");
    }

    #[test]
    fn an_escaped_backslash_before_u0000_is_plain_text() {
        let request: SendMessageRequest = parse("body", br#"{"content":"C:\\u0000"}"#).unwrap();
        assert_eq!(request.content, r"C:\u0000");
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let body = format!(r#"{{"content":"x","metadata":{}}}"#, "[".repeat(100_000));
        assert!(refusal(&body).contains("recursion limit exceeded"));
    }
}
