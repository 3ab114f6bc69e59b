use serde_json::json;

use super::*;

fn parse(body: serde_json::Value, key: Option<&str>) -> Result<Draft, FieldError> {
    serde_json::from_value::<SendMessageRequest>(body)
        .unwrap()
        .parse(key)
}

#[test]
fn a_send_is_taken_as_it_is() {
    let draft = parse(json!({"content": " hi ", "mentions": ["18", 17, 17]}), None).unwrap();
    assert_eq!(draft.content.as_str(), " hi ");
    assert_eq!(draft.mentions, [UserId::from(17), UserId::from(18)]);
    assert_eq!(draft.kind, MessageKind::Text);
    assert_eq!(draft.client_message_id, None);
}

#[test]
fn a_reply_names_its_parent_as_number_or_digits() {
    for parent in [json!(5), json!("5")] {
        let draft = parse(json!({"content": "x", "parentId": parent}), None).unwrap();
        assert_eq!(draft.parent_id, Some(MessageId::from(5)));
    }
}

#[test]
fn the_bodys_client_id_wins_over_the_header() {
    let id = "7f3b0a52-8d6e-4a34-9c5d-0f6a4c1b2d3e";
    let draft = parse(json!({"content": "x", "clientMessageId": id}), Some("key")).unwrap();
    assert_eq!(draft.client_message_id, Some(ClientMessageId::of_key(id)));
    let draft = parse(json!({"content": "x"}), Some("key")).unwrap();
    assert_eq!(
        draft.client_message_id,
        Some(ClientMessageId::of_key("key"))
    );
}

#[test]
fn too_many_mentions_have_a_symbol_of_their_own() {
    let refusal = parse(json!({"content": "x", "mentions": vec![1; 101]}), None).unwrap_err();
    assert_eq!(
        (refusal.field.as_str(), refusal.code),
        ("mentions", ErrorCode::TooManyMentions)
    );
}

#[test]
fn null_counts_as_left_out() {
    let body = json!({
        "content": "x", "messageType": null, "mentions": null, "metadata": null,
        "clientMessageId": null, "parentId": null, "attachmentIds": null,
    });
    assert_eq!(
        parse(body, None).unwrap(),
        parse(json!({"content": "x"}), None).unwrap()
    );
}

#[test]
fn metadata_may_have_numbers_with_exponents_while_all_their_digits_fit() {
    let body = json!({"content": "x", "metadata": {"a": vec![1e300; 27], "b": [0.1, -7, 2.5]}});
    assert!(parse(body, None).is_ok());
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (json!({"content": ""}), "content"),
        (json!({"content": "a\u{0}"}), "content"),
        (
            json!({"content": "x", "messageType": "SYSTEM"}),
            "messageType",
        ),
        (
            json!({"content": "x", "clientMessageId": "no"}),
            "clientMessageId",
        ),
        (json!({"content": "x", "metadata": [1]}), "metadata"),
        (
            json!({"content": "x", "metadata": {"a": "\u{0}"}}),
            "metadata.a",
        ),
        (
            json!({"content": "x", "metadata": {"a": "y".repeat(9000)}}),
            "metadata",
        ),
        (
            json!({"content": "x", "metadata": {"a": vec![1e300; 28]}}),
            "metadata",
        ),
        (
            json!({"content": "x", "metadata": {"a": vec![-1.5e-300; 28]}}),
            "metadata",
        ),
        (json!({"content": "x", "mentions": [0]}), "mentions"),
        (json!({"content": "x", "parentId": 0}), "parentId"),
        (
            json!({"content": "x", "attachmentIds": [5]}),
            "attachmentIds",
        ),
    ];
    for (body, field) in cases {
        assert_eq!(
            parse(body.clone(), None).unwrap_err().field,
            field,
            "{body}"
        );
    }
}
