//! Channels of business records: the record's service is asked with the socket's token.

use discuss_app::channels::topics::get_or_create;
use discuss_app::services::ServiceSettings;
use discuss_domain::entities::{EntityType, RecordId, RecordRef};
use discuss_test_support::{HttpServer, Reply, World};
use serde_json::json;

use crate::process::Gateway;

#[tokio::test]
async fn who_may_not_see_the_record_does_not_send_by_a_socket_either() {
    let crm = HttpServer::start(|request| {
        let is_maker = request.contains("token-of-5");
        Reply::status(if is_maker { 200 } else { 403 })
    })
    .await;
    let world = World::with_services(&ServiceSettings {
        crm: Some(crm.url()),
        ..ServiceSettings::default()
    })
    .await;
    let id = RecordId::parse("7").unwrap();
    let sort = EntityType::Customer;
    let (five, customer) = (world.bearer(5), RecordRef { sort, id });
    let made = get_or_create(&world.app, &five, &customer, None).await;
    let channel = made.unwrap().0.channel.id;
    world.add(5, channel, &[6]).await;

    let gateway = Gateway::start_with(&world, &[("CRM_SERVICE_URL", &crm.url())]).await;
    let mut six = gateway.connect(6).await;
    let payload = json!({ "channelId": channel, "content": "hello" });
    six.say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
        .await;
    let error = six.expect("ERROR").await;
    assert_eq!(error["payload"]["code"], "ENTITY_ACCESS_DENIED", "{error}");
    let asked = crm.requests().pop().unwrap();
    assert!(asked.contains("authorization: bearer ey"), "{asked}");
    let said = "SELECT count(*) FROM messages WHERE sender_id = 6";
    assert_eq!(world.number(said).await, 0);
}
