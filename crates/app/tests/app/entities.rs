//! Events of business records, and the channels that come of them.

use discuss_app::entities::{Delivery, InboxKey, Taken, apply};
use discuss_app::{App, messages};
use discuss_domain::channels::Channel;
use discuss_domain::entities::{
    EntityEvent, EntityNews, EntityType, Facts, Happened, Label, RecordId, RecordRef, Version,
};
use discuss_domain::{TenantId, UserId};
use discuss_storage::channels::find_topic;
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;
use tokio::task::JoinHandle;

use crate::fixture::{refusal, users};

mod linked;
mod orders;

/// A record of this id.
pub(crate) fn record(sort: EntityType, id: &str) -> RecordRef {
    let id = RecordId::parse(id).unwrap();
    RecordRef { sort, id }
}

/// Something that happened to a record of the world's tenant.
pub(crate) fn event(record: &RecordRef, at_ms: i64, happened: Happened) -> EntityEvent {
    EntityEvent {
        tenant: TenantId::from(World::TENANT),
        record: record.clone(),
        version: Version {
            at_ms,
            event: format!("{record} {at_ms}"),
        },
        happened,
        facts: Facts::default(),
    }
}

pub(crate) fn created(record: &RecordRef, at_ms: i64, by: i64, name: &str) -> EntityEvent {
    let by = Some(UserId::from(by));
    let mut event = event(record, at_ms, Happened::Created { by });
    event.facts.name = Label::parse(name).unwrap();
    event
}

fn assigned(record: &RecordRef, at_ms: i64, people: &[i64]) -> EntityEvent {
    let mut event = event(record, at_ms, Happened::Changed);
    event.facts.people = users(people);
    event
}

/// Delivers an event under an id of its own.
pub(crate) async fn deliver(app: &App, event: &EntityEvent, id: &str) -> Taken {
    let news = EntityNews::Event(event.clone());
    apply(app, &delivery(id), &news).await.unwrap()
}

fn deliver_in_background(app: &App, event: &EntityEvent, id: String) -> JoinHandle<Taken> {
    let (app, event) = (app.clone(), event.clone());
    tokio::spawn(async move { deliver(&app, &event, &id).await })
}

fn delivery(id: &str) -> Delivery {
    Delivery {
        inbox: InboxKey {
            source: "ENTITY_EVENTS".to_owned(),
            event_id: id.to_owned(),
        },
        correlation_id: None,
        traceparent: None,
    }
}

async fn take(world: &World, events: &[EntityEvent]) {
    for (place, event) in events.iter().enumerate() {
        deliver(&world.app, event, &format!("event {place}")).await;
    }
}

/// The channel that answers to a record.
pub(crate) async fn channel_of(world: &World, record: &RecordRef) -> Channel {
    let tenant = TenantId::from(World::TENANT);
    let mut connection = world.connection().await;
    let found = find_topic(&mut connection, tenant, record).await.unwrap();
    found.unwrap()
}

pub(crate) async fn members(world: &World, channel: &Channel) -> String {
    let client = world.database.client().await;
    let sql = "SELECT coalesce(string_agg(user_id || ' ' || role, ', ' ORDER BY user_id), '')
                 FROM channel_members WHERE channel_id = $1 AND status = 'ACTIVE'";
    let row = client.query_one(sql, &[&channel.id.get()]).await.unwrap();
    row.get(0)
}

async fn log_kinds(world: &World, channel: &Channel) -> Vec<String> {
    let client = world.database.client().await;
    let sql = "SELECT kind FROM channel_events WHERE channel_id = $1 ORDER BY seq";
    let rows = client.query(sql, &[&channel.id.get()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_creation_makes_a_channel_with_its_people_and_one_message() {
    let world = World::new().await;
    let acme = record(EntityType::Customer, "7");
    let mut event = created(&acme, 1, 5, "Acme");
    event.facts.people = users(&[6, 5, 7]);
    assert_eq!(deliver(&world.app, &event, "1").await, Taken::Now);
    assert_eq!(deliver(&world.app, &event, "1").await, Taken::Before);
    assert_eq!(deliver(&world.app, &event, "another id").await, Taken::Now);

    let channel = channel_of(&world, &acme).await;
    assert_eq!(channel.name.as_deref(), Some("Customer: Acme"));
    assert!(channel.is_private);
    assert_eq!(
        members(&world, &channel).await,
        "5 OWNER, 6 MEMBER, 7 MEMBER"
    );
    assert_eq!(
        log_kinds(&world, &channel).await,
        ["channel_created", "message_created"]
    );
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 1);
    let system = "SELECT count(*) FROM messages WHERE kind = 'SYSTEM' AND sender_id = 0
                     AND content = 'Customer created' AND unread_no = 0";
    assert_eq!(world.number(system).await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn two_processes_that_take_creations_at_once_make_one_channel_a_record() {
    let world = World::new().await;
    let apps = [world.app.clone(), world.another_app()];
    let mut tasks = Vec::new();
    for round in 0..10 {
        let acme = record(EntityType::Customer, &round.to_string());
        let event = created(&acme, 1, 5, "Acme");
        // The same id twice, and two others for the same.
        for (process, app) in apps.iter().enumerate() {
            tasks.push(deliver_in_background(app, &event, format!("{round}")));
            tasks.push(deliver_in_background(
                app,
                &event,
                format!("{round} {process}"),
            ));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 10);
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 10);
    assert_eq!(world.number("SELECT count(*) FROM inbox").await, 30);
    world.require_consistent().await;
}

#[tokio::test]
async fn names_people_and_status_follow_the_record() {
    let world = World::new().await;
    let task = record(EntityType::Task, "7");
    let mut renamed = event(&task, 3, Happened::Changed);
    renamed.facts.name = Label::parse("Call them").unwrap();
    renamed.facts.status = Label::parse("DONE").unwrap();
    let mut older = event(&task, 2, Happened::Changed);
    older.facts.name = Label::parse("Call him").unwrap();
    let events = [
        created(&task, 1, 5, "Call"),
        renamed,
        older,
        assigned(&task, 1, &[6, 5]),
    ];
    take(&world, &events).await;
    let channel = channel_of(&world, &task).await;
    assert_eq!(channel.name.as_deref(), Some("Task: Call them"));
    assert_eq!(members(&world, &channel).await, "5 OWNER, 6 MEMBER");
    let told = "SELECT count(*) FROM messages WHERE content = 'Status: DONE'";
    assert_eq!(world.number(told).await, 1);
    let kinds = log_kinds(&world, &channel).await;
    let since = ["message_created", "channel_updated", "member_added"];
    assert_eq!(kinds[2..], since);
    world.require_consistent().await;
}

#[tokio::test]
async fn who_made_a_record_owns_its_channel_though_that_is_heard_late() {
    let world = World::new().await;
    let order = record(EntityType::Order, "SO-2024/00123");
    let nobody = event(&order, 1, Happened::Created { by: None });
    let events = [nobody, assigned(&order, 2, &[5]), created(&order, 3, 5, "")];
    take(&world, &events).await;
    let channel = channel_of(&world, &order).await;
    assert_eq!(members(&world, &channel).await, "5 OWNER");
    let kinds = log_kinds(&world, &channel).await;
    assert_eq!(kinds[2..], ["member_added", "member_role_changed"]);
    world.require_consistent().await;
}

#[tokio::test]
async fn many_people_are_added_a_hundred_at_a_time() {
    let world = World::new().await;
    let project = record(EntityType::Project, "7");
    let mut event = created(&project, 1, 900, "Big");
    event.facts.people = users(&(1..=250).collect::<Vec<i64>>());
    take(&world, &[event]).await;
    let channel = channel_of(&world, &project).await;
    assert_eq!(channel.member_count, 251);
    let kinds = log_kinds(&world, &channel).await;
    assert_eq!(kinds[2..], ["member_added", "member_added"]);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_send_after_the_record_was_deleted_is_refused_though_the_writer_remembers_the_channel() {
    let world = World::new().await;
    let task = record(EntityType::Task, "7");
    take(&world, &[created(&task, 1, 5, "Call")]).await;
    let channel = channel_of(&world, &task).await.id;
    for text in ["one", "two", "three"] {
        world.send(5, channel, text).await;
    }
    deliver(
        &world.another_app(),
        &event(&task, 2, Happened::Gone),
        "gone",
    )
    .await;
    let late = world.try_send(5, channel, World::draft("late")).await;
    assert_eq!(refusal(late), ErrorCode::ChannelArchived);
    deliver(&world.app, &event(&task, 3, Happened::Returned), "back").await;
    let back = messages::send(&world.app, &World::person(5), channel, World::draft("back")).await;
    assert!(back.is_ok());
    world.require_consistent().await;
}

#[tokio::test]
async fn tenants_have_channels_of_their_own_for_the_same_id() {
    let world = World::new().await;
    let acme = record(EntityType::Customer, "7");
    let here = created(&acme, 1, 5, "Acme");
    let mut there = created(&acme, 1, 6, "Other");
    there.tenant = TenantId::from(4);
    let mut gone = event(&acme, 2, Happened::Gone);
    gone.tenant = TenantId::from(4);
    take(&world, &[here, there, gone]).await;
    let channel = channel_of(&world, &acme).await;
    assert_eq!(channel.name.as_deref(), Some("Customer: Acme"));
    assert_eq!(channel.archived_at, None);
    let archived = "SELECT count(*) FROM channels WHERE tenant_id = 4 AND archived_at IS NOT NULL";
    assert_eq!(world.number(archived).await, 1);
    world.require_consistent().await;
}
