//! People of the tenant by REST.

use discuss_test_support::{HttpServer, Reply, SECRET};
use serde_json::json;

use crate::support::World;

#[actix_web::test]
async fn people_are_found_by_a_part_of_their_name_or_address() {
    let world = World::new().await;
    for id in [1, 2, 12] {
        world.person(id).get("/channels").await.data();
    }
    world.foreigner(3).get("/channels").await.data();
    let found = world.person(1).get("/users?query=PERSON%202").await;
    assert_eq!(found.ids(), [2]);
    let first = &found.data()["items"][0];
    assert_eq!(first["name"], "Person 2");
    assert_eq!(first["email"], "person2@example.com");
    let found = world.person(1).get("/users?query=person12%40").await;
    assert_eq!(found.ids(), [12]);
    assert_eq!(world.person(1).get("/users").await.ids(), [1, 12, 2]);
    assert_eq!(
        world.foreigner(3).get("/users?query=person").await.ids(),
        [3]
    );
}

#[actix_web::test]
async fn at_most_fifty_people_are_listed() {
    let world = World::new().await;
    world
        .sql("INSERT INTO users (tenant_id, user_id, name) SELECT 3, i, 'An ' || i FROM generate_series(1, 60) i")
        .await;
    assert_eq!(world.person(1).get("/users?query=an").await.ids().len(), 50);
}

#[actix_web::test]
async fn a_query_is_bounded_and_nobody_asks_without_a_token() {
    let world = World::new().await;
    let long = format!("/users?query={}", "x".repeat(101));
    world.person(1).get(&long).await.refused_field("query");
    world
        .person(1)
        .get("/users?query=a%00")
        .await
        .refused_field("query");
    world
        .anonymous()
        .get("/users")
        .await
        .refused(401, "UNAUTHORIZED");
}

#[actix_web::test]
async fn somebody_the_account_service_does_not_know_is_not_added() {
    let service = HttpServer::start(|request| {
        if !request.contains("/users/17 ") {
            return Reply::status(404);
        }
        let account = json!({ "id": 17, "firstName": "An", "lastName": "Lê", "organizationId": 3 });
        Reply::Json(
            200,
            json!({ "status": "success", "code": 200, "data": account }),
        )
    })
    .await;
    let url = service.url();
    let world = World::with(&[("JWT_SECRET", SECRET), ("ACCOUNT_SERVICE_URL", &url)]).await;
    let one = world.person(1);
    let channel = one.group(&[]).await;
    let members = format!("/channels/{channel}/members");
    let before = one.last_seq(channel).await;
    for (path, body, field) in [
        (members.as_str(), json!({ "userIds": [17, 99] }), "userIds"),
        (
            "/channels/group",
            json!({ "name": "Team", "memberIds": [99] }),
            "memberIds",
        ),
        (
            "/channels/direct",
            json!({ "otherUserId": 99 }),
            "otherUserId",
        ),
    ] {
        let answer = one.post(path, body).await;
        answer.refused(404, "USER_NOT_FOUND");
        assert_eq!(answer.body["errors"][0]["field"], field);
    }
    assert_eq!(one.last_seq(channel).await, before);
    assert_eq!(one.get("/channels").await.ids(), [channel]);
    let added = one.post(&members, json!({ "userIds": [17] })).await;
    assert_eq!(added.data()["userIds"], json!([17]));
    let listed = one.get(&members).await;
    assert_eq!(listed.data()["items"][1]["user"]["name"], "An Lê");
}

#[actix_web::test]
async fn while_the_account_service_is_away_somebody_unknown_has_to_wait() {
    let url = HttpServer::nowhere().await;
    let world = World::with(&[("JWT_SECRET", SECRET), ("ACCOUNT_SERVICE_URL", &url)]).await;
    let one = world.person(1);
    let answer = one
        .post("/channels/direct", json!({ "otherUserId": 99 }))
        .await;
    answer.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(one.get("/channels").await.ids(), [0_i64; 0]);
}
