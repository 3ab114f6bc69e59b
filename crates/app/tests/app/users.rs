//! People of the tenant, with and without the account service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use discuss_app::services::{ClientSettings, ServiceSettings};
use discuss_app::{AppError, channels, members, users};
use discuss_domain::UserId;
use discuss_domain::channels::{ChannelName, NewGroup};
use discuss_domain::members::Role;
use discuss_test_support::{HttpServer, Reply, World};
use discuss_wire::errors::ErrorCode;
use serde_json::{Value, json};

use crate::fixture::{refusal, users as ids};

fn account(id: i64, organization: i64) -> Value {
    json!({
        "id": id, "email": format!("{id}@example.com"), "firstName": "An",
        "lastName": format!("Nguyễn {id}"), "organizationId": organization, "status": "ACTIVE",
    })
}

/// An account service that knows everybody below 50, and 50 to 59 of another tenant.
fn says(request: &str) -> Reply {
    let path = request.split(' ').nth(1).unwrap_or_default();
    if path.contains('?') {
        let items = [account(40, 3), account(55, 4)];
        return Reply::Json(200, json!({ "data": { "items": items, "totalItems": 2 } }));
    }
    let id = path.rsplit('/').next().and_then(|id| id.parse().ok());
    match id {
        Some(id @ ..=49) => Reply::Json(200, json!({ "data": account(id, 3) })),
        Some(id @ 50..=59) => Reply::Json(200, json!({ "data": account(id, 4) })),
        _ => Reply::Json(404, json!({ "status": "error" })),
    }
}

async fn beside(url: String) -> World {
    World::with_services(&ServiceSettings {
        account: Some(url),
        limit: Duration::from_millis(300),
        ..ServiceSettings::default()
    })
    .await
}

async fn group(world: &World, people: &[i64]) -> Result<i64, AppError> {
    let group = NewGroup {
        name: ChannelName::parse("Team").unwrap(),
        description: None,
        is_private: true,
        members: ids(people),
        metadata: None,
    };
    let made = channels::create_group(&world.app, &World::person(1), &group).await;
    made.map(|seen| seen.channel.id.get())
}

/// The field that a refusal names.
fn field(error: &AppError) -> &str {
    match error {
        AppError::Invalid(error) => &error.field,
        _ => "",
    }
}

#[tokio::test]
async fn nobody_comes_into_a_channel_whom_the_service_does_not_know_in_the_tenant() {
    let service = HttpServer::start(says).await;
    let world = beside(service.url()).await;
    let channel = group(&world, &[2]).await.unwrap().into();
    let before = world.number("SELECT count(*) FROM channel_events").await;
    for stranger in [99, 55] {
        let error = group(&world, &[3, stranger]).await.unwrap_err();
        assert_eq!(
            (error.code(), field(&error)),
            (ErrorCode::UserNotFound, "memberIds")
        );
        let (owner, named) = (World::person(1), ids(&[3, stranger]));
        let added = members::add(&world.app, &owner, channel, &named, Role::Member).await;
        let error = added.unwrap_err();
        assert_eq!(
            (error.code(), field(&error)),
            (ErrorCode::UserNotFound, "userIds")
        );
        let other = UserId::from(stranger);
        let direct = channels::get_or_create_direct(&world.app, &owner, other).await;
        let error = direct.unwrap_err();
        assert_eq!(
            (error.code(), field(&error)),
            (ErrorCode::UserNotFound, "otherUserId")
        );
    }
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 1);
    let after = world.number("SELECT count(*) FROM channel_events").await;
    assert_eq!(after, before);
    let strangers = "SELECT count(*) FROM users WHERE user_id IN (3, 55, 99)";
    assert_eq!(world.number(strangers).await, 0);
}

#[tokio::test]
async fn what_the_service_says_is_kept_and_not_asked_again_for_an_hour() {
    let service = HttpServer::start(says).await;
    let world = beside(service.url()).await;
    group(&world, &[2, 3]).await.unwrap();
    assert_eq!(service.requests().len(), 2);
    let named = "SELECT count(*) FROM users WHERE name = 'An Nguyễn 2' AND email = '2@example.com'";
    assert_eq!(world.number(named).await, 1);
    group(&world, &[2, 3]).await.unwrap();
    assert_eq!(service.requests().len(), 2);
    world
        .execute("UPDATE users SET checked_at = now() - interval '61 minutes' WHERE user_id = 2")
        .await;
    group(&world, &[2, 3]).await.unwrap();
    assert_eq!(service.requests().len(), 3);
}

#[tokio::test]
async fn while_the_service_is_away_those_are_taken_who_are_known() {
    let silent = HttpServer::start(|_| Reply::Silence).await;
    let halting = HttpServer::start(|_| Reply::Half(200)).await;
    let broken = HttpServer::start(|_| Reply::status(500)).await;
    let odd = HttpServer::start(|_| Reply::Json(200, json!({ "data": { "id": "x" } }))).await;
    let closed = HttpServer::nowhere().await;
    for url in [silent.url(), halting.url(), broken.url(), odd.url(), closed] {
        let world = beside(url).await;
        world.remember(2).await;
        group(&world, &[2]).await.unwrap();
        let made = group(&world, &[2, 3]).await;
        assert_eq!(refusal(made), ErrorCode::ServiceUnavailable);
        assert_eq!(world.number("SELECT count(*) FROM channels").await, 1);
    }
}

#[tokio::test]
async fn a_service_that_fails_five_times_is_left_alone() {
    let broken = HttpServer::start(|_| Reply::status(503)).await;
    let world = beside(broken.url()).await;
    for stranger in 90..99 {
        let made = group(&world, &[stranger]).await;
        assert_eq!(refusal(made), ErrorCode::ServiceUnavailable);
    }
    assert_eq!(broken.requests().len(), 5);
}

#[tokio::test]
async fn without_the_service_ids_are_taken_as_they_are() {
    let world = World::new().await;
    group(&world, &[99]).await.unwrap();
}

#[tokio::test]
async fn a_stranger_is_told_of_the_channel_before_anybody_is_asked_for() {
    let service = HttpServer::start(says).await;
    let world = beside(service.url()).await;
    let channel = group(&world, &[]).await.unwrap().into();
    let stranger = World::person(9);
    let added = members::add(&world.app, &stranger, channel, &ids(&[99]), Role::Member).await;
    assert_eq!(refusal(added), ErrorCode::ChannelNotFound);
    assert_eq!(service.requests().len(), 0);
}

#[tokio::test]
async fn the_service_is_shown_a_token_that_is_fetched_once_and_again_when_it_is_refused() {
    let issued = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&issued);
    let keycloak = HttpServer::start(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let token = json!({ "access_token": format!("own-{number}"), "expires_in": 300 });
        Reply::Json(200, token)
    })
    .await;
    let service = HttpServer::start(|request| {
        if request.contains("Bearer own-1") || request.contains("bearer own-1") {
            return says(request);
        }
        Reply::status(401)
    })
    .await;
    let world = World::with_services(&ServiceSettings {
        account: Some(service.url()),
        client: Some(ClientSettings {
            keycloak: keycloak.url(),
            realm: "serp".to_owned(),
            id: "discuss".to_owned(),
            secret: "a&b".to_owned(),
        }),
        ..ServiceSettings::default()
    })
    .await;
    group(&world, &(2..20).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 1);
    let asked = &keycloak.requests()[0];
    let path = "post /realms/serp/protocol/openid-connect/token ";
    assert!(asked.starts_with(path), "{asked}");
    let form = "grant_type=client_credentials&client_id=discuss&client_secret=a%26b";
    assert!(asked.ends_with(form), "{asked}");

    service.say(|_| Reply::status(401));
    assert_eq!(
        refusal(group(&world, &[30]).await),
        ErrorCode::ServiceUnavailable
    );
    assert_eq!(
        refusal(group(&world, &[30]).await),
        ErrorCode::ServiceUnavailable
    );
    assert_eq!(issued.load(Ordering::SeqCst), 2);
}

async fn found(world: &World, query: &str) -> Vec<i64> {
    let found = users::search(&world.app, &World::person(1), query).await;
    found.unwrap().iter().map(|user| user.id.get()).collect()
}

#[tokio::test]
async fn a_search_finds_whom_the_service_finds_too_and_asks_it_once_an_hour() {
    let service = HttpServer::start(says).await;
    let world = beside(service.url()).await;
    world.remember(7).await;
    assert_eq!(found(&world, "person").await, [7, 40]);
    assert_eq!(found(&world, "person").await, [7, 40]);
    let asked = service.requests();
    assert_eq!(asked.len(), 1);
    let path = "get /internal/api/v1/users?organizationid=3&search=person&page=0&pagesize=50&status=active ";
    assert!(asked[0].starts_with(path), "{}", asked[0]);
    // Who is of another tenant is not even kept.
    assert_eq!(
        world
            .number("SELECT count(*) FROM users WHERE user_id = 55")
            .await,
        0
    );
}

#[tokio::test]
async fn a_search_works_while_the_service_is_away() {
    let broken = HttpServer::start(|_| Reply::status(500)).await;
    let world = beside(broken.url()).await;
    world.remember(7).await;
    assert_eq!(found(&world, "person").await, [7]);
}
