//! What asyncapi.yaml says fits together, and fits the code where that has lists.

use std::collections::BTreeSet;

use discuss_domain::EventKind;
use discuss_test_support::asyncapi::{document, list_messages, require_headers, require_payload};
use discuss_wire::errors::ErrorCode;
use discuss_wire::records::route;
use discuss_wire::stomp::translate;
use serde_json::Value;

/// The examples of a message.
fn examples(message: &str) -> &'static [Value] {
    let examples = document()["components"]["messages"][message]["examples"].as_array();
    examples.map_or(&[], Vec::as_slice)
}

/// Every `$ref` in a part of the document.
fn references(part: &'static Value) -> Vec<&'static str> {
    match part {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            own.into_iter()
                .chain(members.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_example_is_as_its_message_says() {
    for message in list_messages("") {
        for example in examples(message) {
            if let Some(payload) = example.get("payload") {
                require_payload(message, payload);
            }
            if let Some(headers) = example.get("headers") {
                require_headers(message, headers);
            }
        }
    }
    for message in list_messages("json.") {
        assert!(
            !examples(&format!("json.{message}")).is_empty(),
            "{message}"
        );
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_part_is_used() {
    let used: BTreeSet<&str> = references(document()).into_iter().collect();
    for reference in &used {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document().pointer(place).is_some(), "{reference}");
    }
    for sort in ["messages", "schemas", "securitySchemes"] {
        for name in document()["components"][sort].as_object().unwrap().keys() {
            let reference = format!("#/components/{sort}/{name}");
            assert!(used.contains(&*reference), "{reference} is not used");
        }
    }
    for (channel, described) in document()["channels"].as_object().unwrap() {
        for name in described["messages"].as_object().unwrap().keys() {
            let reference = format!("#/channels/{channel}/messages/{name}");
            assert!(used.contains(&*reference), "no operation has {reference}");
        }
    }
}

#[test]
fn stomp_tells_of_the_json_dialect_what_is_described_and_nothing_else() {
    let mut told = BTreeSet::new();
    for kind in list_messages("json.server.") {
        for example in examples(&format!("json.server.{kind}")) {
            for translation in translate(example["payload"].to_string().as_bytes()) {
                let body: Value = serde_json::from_slice(&translation.body).unwrap();
                let kind = body["type"].as_str().unwrap().to_owned();
                require_payload(&format!("stomp.event.{kind}"), &body);
                told.insert(kind);
            }
        }
    }
    let told: BTreeSet<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(told, list_messages("stomp.event."));
}

#[test]
fn every_event_of_the_log_that_goes_to_kafka_is_described_in_its_topic() {
    let routed: BTreeSet<_> = EventKind::ALL.into_iter().filter_map(route).collect();
    let mut described = BTreeSet::new();
    for channel in document()["channels"].as_object().unwrap().values() {
        let topic = channel["address"].as_str().unwrap();
        let messages = channel["messages"].as_object().unwrap().keys();
        let records = messages.filter_map(|name| name.strip_prefix("kafka."));
        described.extend(records.map(|event_type| (topic, event_type)));
    }
    assert_eq!(described, routed);
}

#[test]
fn every_code_of_an_error_is_described() {
    let described = &document()["components"]["schemas"]["ErrorCode"]["enum"];
    let described = described.as_array().unwrap().iter();
    let described: BTreeSet<&str> = described.map(|code| code.as_str().unwrap()).collect();
    let codes = ErrorCode::ALL.iter().map(|code| code.symbol());
    assert_eq!(described, codes.collect());
}
