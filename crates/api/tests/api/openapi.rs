//! The OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::World;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/openapi.json");

#[test]
fn the_checked_in_document_is_current() {
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap();
    assert!(
        checked_in == discuss_api::document_as_json().unwrap(),
        "make it anew: cargo run -p discuss-api -- openapi > openapi/openapi.json"
    );
}

#[test]
fn every_operation_has_its_own_id_a_tag_and_its_refusals() {
    let document: Value = serde_json::from_str(&discuss_api::document_as_json().unwrap()).unwrap();
    let mut ids = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(
                operation["tags"][0].is_string() && operation["summary"].is_string(),
                "{id}"
            );
            for status in ["400", "401", "429", "503"] {
                assert!(operation["responses"][status].is_object(), "{id} {status}");
            }
        }
    }
    assert!(ids.contains("send_message") && ids.len() >= 14, "{ids:?}");
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
}

#[tokio::test]
async fn the_document_is_served() {
    let world = World::new().await;
    let answer = reqwest::get(format!("http://{}/discuss/openapi.json", world.address()))
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let served: Value = answer.json().await.unwrap();
    assert_eq!(
        served,
        serde_json::from_str::<Value>(&discuss_api::document_as_json().unwrap()).unwrap()
    );
}

#[tokio::test]
async fn the_page_to_try_the_api_on_needs_no_token_and_reads_that_document() {
    let world = World::new().await;
    let page = |path: &str| reqwest::get(format!("http://{}{path}", world.address()));

    // Without the last slash it is found too.
    let index = page("/discuss/docs").await.unwrap();
    assert_eq!(index.status().as_u16(), 200);
    assert_eq!(index.url().path(), "/discuss/docs/");
    assert!(index.text().await.unwrap().contains("swagger-ui-bundle.js"));

    let script = page("/discuss/docs/swagger-initializer.js").await.unwrap();
    let script = script.text().await.unwrap();
    assert!(script.contains("/discuss/openapi.json"), "{script}");
    let bundle = page("/discuss/docs/swagger-ui-bundle.js").await.unwrap();
    assert_eq!(bundle.status().as_u16(), 200);
    let nothing = page("/discuss/docs/nothing.js").await.unwrap();
    assert_eq!(nothing.status().as_u16(), 404);
}
