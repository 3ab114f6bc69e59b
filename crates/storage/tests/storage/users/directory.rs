//! Finding people, and what the account service said of them.

use chrono::{DateTime, Utc};
use discuss_domain::UserId;
use discuss_domain::users::{Caller, User};
use discuss_storage::Connection;
use discuss_storage::users::{list_known, search, upsert, upsert_checked};
use discuss_test_support::World;

use crate::fixture::{elsewhere, tenant, user};

const MOST: i64 = 50;

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap()
}

fn person(id: i64, name: &str, email: &str) -> User {
    User {
        name: Some(name.to_owned()),
        email: Some(email.to_owned()),
        ..User::unknown(user(id))
    }
}

async fn known(connection: &mut Connection) {
    let people = [
        person(1, "Trần An", "an@example.com"),
        person(2, "Nguyễn Văn Bình", "binh@example.com"),
        person(3, "Đặng Ancuta", "x_y@example.com"),
        person(4, "Johan Berg", "joe@example.com"),
    ];
    upsert_checked(connection, tenant(), &people, at(1))
        .await
        .unwrap();
}

async fn found(connection: &mut Connection, query: &str, others: &[UserId]) -> Vec<i64> {
    let found = search(connection, tenant(), (query, others), MOST).await;
    found.unwrap().iter().map(|user| user.id.get()).collect()
}

#[tokio::test]
async fn words_that_begin_with_the_query_come_first_in_any_case() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    known(&mut connection).await;
    // 2 has it within "Văn" only by another letter; 4 within "Johan".
    assert_eq!(found(&mut connection, "AN", &[]).await, [1, 3, 4]);
    assert_eq!(found(&mut connection, "nguyễn", &[]).await, [2]);
    assert_eq!(found(&mut connection, "joe@", &[]).await, [4]);
    assert_eq!(found(&mut connection, "zzz", &[]).await, [0_i64; 0]);
    assert_eq!(found(&mut connection, "", &[]).await.len(), 4);
}

#[tokio::test]
async fn the_query_is_taken_by_the_letter() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    known(&mut connection).await;
    assert_eq!(found(&mut connection, "x_y", &[]).await, [3]);
    for wild in ["%", "j_e", r"\"] {
        assert_eq!(
            found(&mut connection, wild, &[]).await,
            [0_i64; 0],
            "{wild}"
        );
    }
}

#[tokio::test]
async fn others_are_added_and_people_of_other_tenants_never() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    known(&mut connection).await;
    let theirs = [person(9, "Anna", "anna@example.com")];
    upsert_checked(&mut connection, elsewhere(), &theirs, at(1))
        .await
        .unwrap();
    let others = [user(4), user(9)];
    assert_eq!(found(&mut connection, "bình", &others).await, [2, 4]);
    assert_eq!(found(&mut connection, "anna", &others).await, [4]);
}

#[tokio::test]
async fn no_more_are_found_than_were_asked_for() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    known(&mut connection).await;
    let found = search(&mut connection, tenant(), ("example", &[]), 2).await;
    assert_eq!(found.unwrap().len(), 2);
}

#[tokio::test]
async fn what_the_service_leaves_out_takes_no_name_away() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let caller = Caller {
        tenant: tenant(),
        user: user(7),
        name: Some("An".to_owned()),
        email: None,
    };
    upsert(&mut connection, &[&caller]).await.unwrap();
    let before = list_known(&mut connection, tenant(), &[user(7), user(8)]).await;
    assert_eq!(before.unwrap(), [(user(7), None)].into());
    let people = [User {
        avatar_url: Some("https://example.com/7.png".to_owned()),
        ..User::unknown(user(7))
    }];
    upsert_checked(&mut connection, tenant(), &people, at(5))
        .await
        .unwrap();
    let after = list_known(&mut connection, tenant(), &[user(7)]).await;
    assert_eq!(after.unwrap(), [(user(7), Some(at(5)))].into());
    let found = search(&mut connection, tenant(), ("an", &[]), MOST).await;
    let expected = User {
        name: Some("An".to_owned()),
        ..people[0].clone()
    };
    assert_eq!(found.unwrap(), [expected]);
}
