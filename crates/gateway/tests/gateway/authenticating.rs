//! AUTH, and the RESUME that rides in it.

use discuss_test_support::{World, token};
use serde_json::json;

use crate::process::Gateway;

#[tokio::test]
async fn a_good_token_counts_whatever_the_resume_is_that_rides_with_it() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut client = gateway.open_at("/ws/discuss").await;
    let no_resume = [json!({ "channels": 5 }), json!({ "channels": { "x": 1 } })];
    // The second and third renew the token of an open socket.
    for resume in no_resume.into_iter().chain([json!(7)]) {
        let payload = json!({ "token": token(World::TENANT, 2), "resume": resume });
        client
            .say(json!({ "type": "AUTH", "payload": payload, "requestId": "a" }))
            .await;
        assert_eq!(client.expect("CONNECTED").await["requestId"], "a");
        let error = client.expect("ERROR").await;
        assert_eq!(error["payload"]["code"], "VALIDATION_ERROR");
        assert!(error["payload"]["details"]["field"].is_string(), "{error}");
        assert_eq!(error["requestId"], "a");
    }
    world.send(1, channel, "live").await;
    client.expect_seq(channel, 2).await;
}
