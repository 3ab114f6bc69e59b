//! Channels of business records by REST, beside a CRM that says what the test wants.

use discuss_test_support::{HttpServer, Reply, SECRET};
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, World};

async fn beside(crm: &HttpServer) -> World {
    World::with(&[("JWT_SECRET", SECRET), ("CRM_SERVICE_URL", &crm.url())]).await
}

async fn friendly() -> (HttpServer, World) {
    let crm = HttpServer::start(|_| Reply::status(200)).await;
    let world = beside(&crm).await;
    (crm, world)
}

#[actix_web::test]
async fn a_topic_is_made_once_and_then_joined() {
    let (crm, world) = friendly().await;
    let body = json!({ "entityType": "customer", "entityId": 7, "name": "Acme" });
    let made = world.person(5).post("/channels/topic", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let data = made.data();
    assert_eq!(
        (&data["type"], &data["entityId"]),
        (&json!("TOPIC"), &json!("7"))
    );
    assert_eq!(data["name"], "Customer: Acme");
    assert_eq!(data["myMembership"]["role"], "OWNER");

    let body = json!({ "type": "TOPIC", "entityType": "CUSTOMER", "entityId": "7" });
    let found = world.person(6).post("/channels", body).await;
    assert_eq!(
        (found.status, found.id()),
        (200, made.id()),
        "{}",
        found.body
    );
    assert_eq!(found.data()["myMembership"]["role"], "MEMBER");
    let asked = crm.requests();
    assert!(
        asked[0].contains("authorization: bearer ey"),
        "{}",
        asked[0]
    );
    let traced = format!("x-correlation-id: {}\r\n", made.header("x-correlation-id"));
    assert!(asked[0].contains(&traced), "{}", asked[0]);
}

#[actix_web::test]
async fn a_topic_is_refused_where_the_record_is_and_nothing_is_stored() {
    let crm = HttpServer::start(|_| Reply::status(403)).await;
    let world = beside(&crm).await;
    let five = world.person(5);
    for sort in ["customer", "task"] {
        let body = json!({ "entityType": sort, "entityId": 7 });
        let answer = five.post("/channels/topic", body).await;
        answer.refused(403, "ENTITY_ACCESS_DENIED");
    }
    for (body, field) in [
        (json!({ "entityId": 7 }), "entityType"),
        (
            json!({ "entityType": "invoice", "entityId": 7 }),
            "entityType",
        ),
        (json!({ "entityType": "customer" }), "entityId"),
        (
            json!({ "entityType": "customer", "entityId": true }),
            "entityId",
        ),
    ] {
        five.post("/channels/topic", body)
            .await
            .refused_field(field);
    }
    let body = json!({ "entityType": "customer", "entityId": 7 });
    let nobody = world.anonymous().post("/channels/topic", body).await;
    nobody.refused(401, "UNAUTHORIZED");
    let client = world.database.client().await;
    let row = client.query_one("SELECT count(*) FROM channels", &[]).await;
    assert_eq!(row.unwrap().get::<_, i64>(0), 0);
}

#[actix_web::test]
async fn a_channel_is_found_by_its_record() {
    let (crm, world) = friendly().await;
    let body = json!({ "entityType": "lead", "entityId": 7 });
    let made = world.person(5).post("/channels/topic", body).await.id();
    let path = "/channels/by-entity/lead/7";
    let own = world.person(5).get(path).await;
    assert_eq!((own.id(), &own.data()["isMember"]), (made, &json!(true)));
    assert_eq!(own.data()["members"][0]["userId"], 5);
    let preview = world.person(6).get(path).await;
    assert_eq!(
        (preview.id(), &preview.data()["isMember"]),
        (made, &json!(false))
    );
    assert_eq!(preview.data()["lastMessage"], json!(null));
    assert_eq!(preview.data()["members"], json!(null));

    crm.say(|_| Reply::status(404));
    world
        .person(7)
        .get(path)
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    let foreigner = world.foreigner(5).get(path).await;
    foreigner.refused(404, "CHANNEL_NOT_FOUND");
    world
        .anonymous()
        .get(path)
        .await
        .refused(401, "UNAUTHORIZED");
    let unknown = world.person(5).get("/channels/by-entity/invoice/7").await;
    unknown.refused_field("entityType");
}

#[actix_web::test]
async fn an_id_with_a_slash_is_written_encoded() {
    let shop = HttpServer::start(|_| Reply::status(200)).await;
    let url = shop.url();
    let world = World::with(&[("JWT_SECRET", SECRET), ("PURCHASE_SERVICE_URL", &url)]).await;
    let body = json!({ "entityType": "order", "entityId": "SO-2024/00123" });
    let made = world.person(5).post("/channels/topic", body).await.id();
    let path = "/channels/by-entity/order/SO-2024%2F00123";
    assert_eq!(world.person(5).get(path).await.id(), made);
    let asked = &shop.requests()[0];
    let asked_for = "get /purchase-service/api/v1/order/search/so-2024%2f00123 ";
    assert!(asked.starts_with(asked_for), "{asked}");
}

#[actix_web::test]
async fn every_way_into_a_topic_asks_the_records_service() {
    let (crm, world) = friendly().await;
    let (five, six) = (world.person(5), world.person(6));
    let body = json!({ "entityType": "customer", "entityId": 7 });
    let channel = five.post("/channels/topic", body).await.id();
    let members = format!("/channels/{channel}/members");
    five.post(&members, json!({ "userIds": [6] })).await.data();
    let message = five.say(channel, "hi").await;
    let before = five.last_seq(channel).await;

    crm.say(|_| Reply::status(403));
    for path in [
        format!("/channels/{channel}"),
        format!("/channels/{channel}/messages"),
        format!("/channels/{channel}/members"),
        format!("/channels/{channel}/messages/unread/count"),
        format!("/messages/{message}"),
        "/channels/by-entity/customer/7".to_owned(),
    ] {
        six.get(&path).await.refused(403, "ENTITY_ACCESS_DENIED");
    }
    let read = format!("/messages/{message}/read");
    six.post_nothing(&read)
        .await
        .refused(403, "ENTITY_ACCESS_DENIED");
    let send = format!("/channels/{channel}/messages");
    let sent = six.post(&send, json!({ "content": "still here" })).await;
    sent.refused(403, "ENTITY_ACCESS_DENIED");
    let added = six.post(&members, json!({ "userIds": [9] })).await;
    added.refused(403, "ENTITY_ACCESS_DENIED");
    let removed = six.delete(&format!("{members}/5")).await;
    removed.refused(403, "ENTITY_ACCESS_DENIED");
    let client = world.database.client().await;
    let sql = "SELECT last_seq FROM channels";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), before);
}

#[actix_web::test]
async fn who_comes_through_the_gateway_is_named_to_the_service() {
    let crm = HttpServer::start(|_| Reply::status(200)).await;
    let (trust, url) = (("AUTH_TRUST_GATEWAY_HEADERS", "true"), crm.url());
    let world = World::with(&[trust, ("CRM_SERVICE_URL", &url)]).await;
    let request = world.anonymous().request(Method::POST, "/channels/topic");
    let request = request.header("X-User-ID", "5").header("X-Tenant-ID", "3");
    let body = json!({ "entityType": "customer", "entityId": 7 });
    assert_eq!(Answer::of(request.json(&body)).await.status, 201);
    let asked = &crm.requests()[0];
    assert!(
        asked.contains("x-user-id: 5\r\n") && asked.contains("x-tenant-id: 3\r\n"),
        "{asked}"
    );
}
