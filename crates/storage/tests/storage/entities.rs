//! Business records, their links, the inbox, and what Discuss says itself.

use discuss_domain::entities::{
    EntityType, Label, Link, RecordId, RecordRef, RecordState, Version,
};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, TenantId, UserId};
use discuss_storage::entities::{
    find_gone_everywhere, list_for_update, list_links, list_tenants_of, save, save_gone_everywhere,
    save_link,
};
use discuss_storage::inbox::{InboxKey, contains, insert};
use discuss_storage::messages::system::{SystemMessage, insert_system};
use discuss_storage::{AsyncConnection, StorageError};
use discuss_test_support::World;

fn record(id: &str) -> RecordRef {
    let id = RecordId::parse(id).unwrap();
    RecordRef {
        sort: EntityType::Task,
        id,
    }
}

fn version(at_ms: i64) -> Version {
    Version {
        at_ms,
        event: format!("event {at_ms}"),
    }
}

#[tokio::test]
async fn a_record_is_kept_with_the_version_of_each_field() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let tenant = TenantId::from(World::TENANT);
    let known = list_for_update(&mut connection, tenant, &[record("7")]).await;
    assert_eq!(known.unwrap()[&record("7")], (RecordState::default(), None));

    let mut state = RecordState {
        is_announced: true,
        ..RecordState::default()
    };
    let label = |text| Label::parse(text).unwrap().unwrap();
    state.name.set(&version(1), label("Call"));
    state.status.set(&version(2), label("DONE"));
    state.gone.set(&version(3), true);
    state.expect(UserId::from(5), Role::Owner);
    state.expect(UserId::from(6), Role::Member);
    let channel = Some(ChannelId::from(9));
    let key = (tenant, &record("7"));
    save(&mut connection, key, &state, channel).await.unwrap();
    let known = list_for_update(&mut connection, tenant, &[record("7")]).await;
    assert_eq!(known.unwrap()[&record("7")], (state, channel));
    let deleted = "SELECT count(*) FROM entities WHERE deleted_at = to_timestamp(0.003)";
    assert_eq!(world.number(deleted).await, 1);
}

#[tokio::test]
async fn links_are_found_from_both_ends_within_their_tenant() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let tenant = TenantId::from(World::TENANT);
    let mut link = Link {
        from: record("1"),
        to: record("2"),
        version: version(1),
    };
    save_link(&mut connection, tenant, &link).await.unwrap();
    link.version = version(2);
    save_link(&mut connection, tenant, &link).await.unwrap();
    for end in ["1", "2"] {
        let found = list_links(&mut connection, tenant, &[record(end)], 10).await;
        assert_eq!(found.unwrap(), [link.clone()]);
    }
    let other = TenantId::from(4);
    let found = list_links(&mut connection, other, &[record("1")], 10).await;
    assert_eq!(found.unwrap(), []);
}

#[tokio::test]
async fn the_newest_deletion_without_a_tenant_stays_and_is_no_tenants_record() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    for at_ms in [2, 3, 1] {
        let saved = save_gone_everywhere(&mut connection, &record("7"), &version(at_ms)).await;
        saved.unwrap();
    }
    let gone = find_gone_everywhere(&mut connection, &record("7")).await;
    assert_eq!(gone.unwrap().versioned(), Some(&(version(3), true)));
    let tenants = list_tenants_of(&mut connection, &record("7"), 10).await;
    assert_eq!(tenants.unwrap(), []);
    let tenant = TenantId::from(World::TENANT);
    list_for_update(&mut connection, tenant, &[record("7")])
        .await
        .unwrap();
    let tenants = list_tenants_of(&mut connection, &record("7"), 10).await;
    assert_eq!(tenants.unwrap(), [tenant]);
}

#[tokio::test]
async fn an_event_is_noted_once_and_not_at_all_when_its_effect_is_undone() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let key = InboxKey {
        source: "ENTITY_EVENTS".to_owned(),
        event_id: "1".to_owned(),
    };
    let undone: Result<(), StorageError> = connection
        .transaction(async |connection| {
            assert!(insert(connection, &key).await?);
            Err(StorageError::Unavailable("undone".into()))
        })
        .await;
    assert!(undone.is_err());
    assert!(!contains(&mut connection, &key).await.unwrap());
    assert!(insert(&mut connection, &key).await.unwrap());
    assert!(!insert(&mut connection, &key).await.unwrap());
    assert!(contains(&mut connection, &key).await.unwrap());
}

#[tokio::test]
async fn what_discuss_says_is_counted_and_unread_by_nobody() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "hello").await;
    let mut connection = world.connection().await;
    let message = SystemMessage {
        tenant: TenantId::from(World::TENANT),
        channel,
        content: "Task created",
        at: chrono::DateTime::from_timestamp_millis(5).unwrap(),
        correlation_id: Some("c"),
        traceparent: None,
    };
    let said = insert_system(&mut connection, &message).await.unwrap();
    assert_eq!(said.seq.get(), 3);
    let numbers = said.numbers;
    let numbers = (numbers.message_no, numbers.timeline_no, numbers.unread_no);
    assert_eq!(numbers, (2, 2, 1));
    world.send(2, channel, "again").await;
    world.require_consistent().await;
}
