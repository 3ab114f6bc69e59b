//! What is sent to an operation that can't be right.

use std::fmt;

use serde_json::{Map, Value, json};

use super::document::{Document, Operation, Place, at};

/// Every text in a case holds this, so that a log can be searched for it.
pub(super) const MARK: &str = "zqxjkvb";
/// More than any body may have.
const TOO_LARGE: usize = 10 * 1024 * 1024;
/// More than any text may have, and less than a body.
const TOO_LONG: usize = 200_000;
/// More than any list may have.
const TOO_MANY: usize = 10_000;

/// One bad request.
#[derive(Debug, Default)]
pub(super) struct Case {
    what: String,
    /// A path parameter and what stands for it.
    pub(super) path: Option<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

impl Case {
    /// The statuses with which it may be refused: what stands in a path may also be of nothing that is there.
    pub(super) const fn refusals(&self) -> &'static [u16] {
        if self.path.is_some() {
            &[400, 404]
        } else {
            &[400, 413]
        }
    }

    /// The server may close the connection before all of it was sent.
    pub(super) fn may_be_cut(&self) -> bool {
        self.body
            .as_ref()
            .is_some_and(|body| body.len() > 1024 * 1024)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// All cases of an operation.
pub(super) fn of(document: &Document, operation: &Operation) -> Vec<Case> {
    let mut cases = of_parameters(document, operation);
    if let Some(schema) = &operation.body {
        cases.extend(of_forms());
        cases.extend(of_members(document, document.follow(schema)));
    }
    cases
}

/// Numbers that are none or out of bounds, truths that are none, and NUL in texts.
fn of_parameters(document: &Document, operation: &Operation) -> Vec<Case> {
    let mut cases = Vec::new();
    for parameter in &operation.parameters {
        let types = document.types(&parameter.schema);
        let values: &[&str] = match types.first() {
            Some(&"integer") => &["-1", "99999999999999999999", "1e3", MARK, "1.5"],
            Some(&"boolean") => &[MARK, "2"],
            Some(&"array") => &["\0zqxjkvb", "-1"],
            _ => &["\0zqxjkvb"],
        };
        for value in values {
            let (name, value) = (parameter.name.clone(), (*value).to_owned());
            let what = format!("{name} = {value:?}");
            cases.push(match parameter.place {
                Place::Path => Case {
                    what,
                    path: Some((name, value.replace('\0', "%00"))),
                    ..Case::default()
                },
                Place::Query => Case {
                    what,
                    query: vec![(name, value)],
                    ..Case::default()
                },
                Place::Elsewhere => continue,
            });
        }
    }
    cases
}

/// Bodies that are no JSON, or not of the right form.
fn of_forms() -> Vec<Case> {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!(
        "{{\"content\":\"{}\"}}",
        MARK.repeat(TOO_LARGE / MARK.len())
    );
    let forms = [
        ("half an object", format!("{{\"content\": \"{MARK}")),
        ("no JSON", MARK.to_owned()),
        ("an array", format!("[\"{MARK}\"]")),
        ("a text", format!("\"{MARK}\"")),
        ("a number", "17".to_owned()),
        ("two objects", "{}{}".to_owned()),
        (
            "a lone surrogate",
            format!("{{\"content\": \"\\ud800{MARK}\"}}"),
        ),
        (
            "no UTF-16",
            format!("{{\"{MARK}\\ud800\": 1, \"content\": 5}}"),
        ),
        ("brackets without end", deep),
        ("ten megabytes", large),
    ];
    let case = |(what, body): (&str, String)| Case {
        what: what.to_owned(),
        body: Some(body),
        ..Case::default()
    };
    forms.into_iter().map(case).collect()
}

/// Each member with what it can't be, in a body that is right otherwise.
fn of_members(document: &Document, schema: &Value) -> Vec<Case> {
    let none = Map::new();
    let members = at(schema, "properties").as_object().unwrap_or(&none);
    let required = at(schema, "required").as_array().into_iter().flatten();
    let required = required.filter_map(Value::as_str);
    let good: Map<String, Value> = required
        .filter_map(|name| Some((name.to_owned(), good(document, members.get(name)?))))
        .collect();
    let mut cases = Vec::new();
    for (name, member) in members {
        for (what, value) in bad(document, member) {
            let mut body = good.clone();
            body.insert(name.clone(), value);
            cases.push(Case {
                what: format!("{name}: {what}"),
                body: Some(Value::Object(body).to_string()),
                ..Case::default()
            });
        }
    }
    cases
}

/// A value that is right, by the schema's example where it has one.
fn good(document: &Document, schema: &Value) -> Value {
    let followed = document.follow(schema);
    for schema in [schema, followed] {
        if let Some(example) = schema.get("example") {
            return example.clone();
        }
    }
    match document.types(schema).first() {
        Some(&"integer") => json!(2),
        Some(&"array") => json!([2]),
        Some(&"boolean") => json!(true),
        Some(&"object") => json!({}),
        _ => json!(MARK),
    }
}

/// Values that are wrong for this schema.
fn bad(document: &Document, schema: &Value) -> Vec<(&'static str, Value)> {
    let types = document.types(schema);
    let allows = |kind: &str| types.contains(&kind);
    if types.is_empty() {
        return Vec::new();
    }
    let mut bad = Vec::new();
    if !allows("object") {
        bad.push(("an object", json!({ MARK: MARK })));
    }
    if !allows("array") {
        bad.push(("an array", json!([MARK])));
    }
    if !allows("boolean") {
        bad.push(("a truth value", json!(true)));
    }
    if allows("integer") {
        bad.push(("a negative number", json!(-1)));
        bad.push(("a fraction", json!(1.5)));
        bad.push(("a huge number", json!(9_999_999_999_999_999_999_u64)));
    }
    if allows("string") || allows("array") || allows("boolean") || allows("object") {
        bad.push(("U+0000", json!(format!("\0{MARK}"))));
    }
    if allows("string") && !allows("integer") {
        bad.push((
            "200,000 characters",
            json!(MARK.repeat(TOO_LONG / MARK.len())),
        ));
        bad.push(("a number", json!(17)));
    }
    if allows("array") {
        bad.push(("10,000 entries", json!((1..=TOO_MANY).collect::<Vec<_>>())));
        bad.push(("objects in it", json!([{ MARK: MARK }])));
        bad.push(("negative numbers in it", json!([-1])));
    }
    if allows("object") {
        bad.push(("much in it", json!({ MARK: MARK.repeat(3_000) })));
        bad.push(("U+0000 in it", json!({ MARK: format!("\0{MARK}") })));
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(operation: &Value) -> Vec<Case> {
        let document = json!({
            "components": { "schemas": { "Id": { "type": ["integer", "string"] } } },
            "paths": { "/things/{thingId}": { "post": operation } },
        });
        let document = Document::read(&document).unwrap();
        of(&document, document.operations().first().unwrap())
    }

    #[test]
    fn each_parameter_and_each_member_is_wrong_in_turn() {
        let cases = cases(&json!({
            "parameters": [
                { "name": "thingId", "in": "path", "schema": { "$ref": "#/components/schemas/Id" } },
                { "name": "isOld", "in": "query", "schema": { "type": "boolean" } },
            ],
            "requestBody": { "content": { "application/json": { "schema": {
                "type": "object", "required": ["name"],
                "properties": { "name": { "type": "string", "example": "A" }, "ids": {
                    "type": "array", "items": { "$ref": "#/components/schemas/Id" } } },
            } } } },
        }));
        let whats: Vec<String> = cases.iter().map(ToString::to_string).collect();
        for what in [
            "thingId = \"-1\"",
            "isOld = \"2\"",
            "name: a number",
            "ids: 10,000 entries",
        ] {
            assert!(whats.iter().any(|one| one == what), "{what} in {whats:?}");
        }
        let many = cases.iter().find(|case| case.what == "ids: 10,000 entries");
        let body = many.and_then(|case| case.body.as_deref()).unwrap();
        assert!(body.contains("\"name\":\"A\""), "the rest of it is right");
    }

    #[test]
    fn an_operation_without_a_body_gets_none() {
        let cases = cases(&json!({ "parameters": [] }));
        assert!(cases.is_empty());
    }
}
