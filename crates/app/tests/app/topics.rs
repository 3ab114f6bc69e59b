//! Channels of business records, opened by people.

use std::time::Duration;

use discuss_app::channels::topics::{Opened, get_by_entity, get_or_create};
use discuss_app::services::ServiceSettings;
use discuss_app::{Context, members};
use discuss_domain::UserId;
use discuss_domain::entities::{EntityType, Happened, Label, RecordRef};
use discuss_domain::members::{MemberStatus, Role, StandingChange};
use discuss_test_support::{HttpServer, Reply, World};
use discuss_wire::errors::ErrorCode;

use crate::entities::{channel_of, created, deliver, event, members as who, record};
use crate::fixture::refusal;
use crate::permissions::beside;

async fn friendly() -> (HttpServer, World) {
    let crm = HttpServer::start(|_| Reply::status(200)).await;
    // However busy the machine: it is not the time that is tested here.
    let settings = ServiceSettings {
        crm: Some(crm.url()),
        limit: Duration::from_mins(1),
        ..ServiceSettings::default()
    };
    let world = World::with_services(&settings).await;
    (crm, world)
}

fn acme() -> RecordRef {
    record(EntityType::Customer, "7")
}

async fn open(world: &World, context: &Context, record: &RecordRef) -> Opened {
    get_or_create(&world.app, context, record, None)
        .await
        .unwrap()
        .1
}

#[tokio::test]
async fn who_makes_the_channel_owns_it_and_who_finds_it_is_a_member() {
    let (_crm, world) = friendly().await;
    let name = Label::parse("Acme").unwrap();
    let (five, six) = (world.bearer(5), world.bearer(6));
    let made = get_or_create(&world.app, &five, &acme(), name.as_ref()).await;
    let (seen, opened) = made.unwrap();
    assert_eq!(opened, Opened::Made);
    assert_eq!(seen.channel.name.as_deref(), Some("Customer: Acme"));
    assert!(seen.current().is_some());
    assert_eq!(open(&world, &five, &acme()).await, Opened::Found);
    assert_eq!(open(&world, &six, &acme()).await, Opened::Found);
    let channel = channel_of(&world, &acme()).await;
    assert_eq!(who(&world, &channel).await, "5 OWNER, 6 MEMBER");
    world.require_consistent().await;
}

#[tokio::test]
async fn a_hundred_callers_at_once_get_one_channel() {
    let (_crm, world) = friendly().await;
    let callers = (1..=100).map(|user| {
        let (app, context) = (world.app.clone(), world.bearer(user));
        tokio::spawn(async move {
            let opened = get_or_create(&app, &context, &acme(), None).await;
            opened.unwrap().0.channel.id
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut channels = Vec::new();
    for caller in callers {
        channels.push(caller.await.unwrap());
    }
    channels.dedup();
    assert_eq!(channels.len(), 1);
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 1);
    let owners = "SELECT count(*) FROM channel_members WHERE role = 'OWNER'";
    assert_eq!(world.number(owners).await, 1);
    assert_eq!(
        world.number("SELECT count(*) FROM channel_members").await,
        100
    );
    world.require_consistent().await;
}

#[tokio::test]
async fn nothing_is_made_for_who_may_not_see_the_record_or_where_nobody_can_say_so() {
    let crm = HttpServer::start(|_| Reply::status(404)).await;
    let world = beside(&crm).await;
    let task = record(EntityType::Task, "7");
    for record in [acme(), task, record(EntityType::Customer, "search")] {
        let made = get_or_create(&world.app, &world.bearer(5), &record, None).await;
        assert_eq!(refusal(made), ErrorCode::EntityAccessDenied, "{record}");
    }
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM entities").await, 0);
}

#[tokio::test]
async fn the_event_that_comes_later_names_the_channel_and_adds_the_records_maker_as_an_owner() {
    let (_crm, world) = friendly().await;
    open(&world, &world.bearer(5), &acme()).await;
    deliver(&world.app, &created(&acme(), 1, 8, "Acme"), "created").await;
    let channel = channel_of(&world, &acme()).await;
    assert_eq!(channel.name.as_deref(), Some("Customer: Acme"));
    assert_eq!(who(&world, &channel).await, "5 OWNER, 8 OWNER");
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn after_the_event_nobody_becomes_an_owner_by_asking() {
    let (_crm, world) = friendly().await;
    deliver(&world.app, &created(&acme(), 1, 8, "Acme"), "created").await;
    assert_eq!(open(&world, &world.bearer(5), &acme()).await, Opened::Found);
    let channel = channel_of(&world, &acme()).await;
    assert_eq!(who(&world, &channel).await, "5 MEMBER, 8 OWNER");
}

#[tokio::test]
async fn who_asks_by_what_a_record_was_must_see_what_it_became() {
    let (crm, world) = friendly().await;
    let lead = record(EntityType::Lead, "7");
    let sale = record(EntityType::Opportunity, "9");
    deliver(&world.app, &created(&lead, 1, 8, "Acme"), "created").await;
    let became = event(&lead, 2, Happened::Became(sale.clone()));
    deliver(&world.app, &became, "became").await;
    let channel = channel_of(&world, &sale).await;
    assert_eq!(open(&world, &world.bearer(5), &lead).await, Opened::Found);
    let five = get_by_entity(&world.app, &world.bearer(5), &lead).await;
    assert_eq!(five.unwrap().channel.id, channel.id);

    crm.say(|request| {
        Reply::status(if request.contains("/leads/") {
            200
        } else {
            403
        })
    });
    let six = world.bearer(6);
    let made = get_or_create(&world.app, &six, &lead, None).await;
    assert_eq!(refusal(made), ErrorCode::EntityAccessDenied);
    let found = get_by_entity(&world.app, &six, &lead).await;
    assert_eq!(refusal(found), ErrorCode::ChannelNotFound);
    assert_eq!(who(&world, &channel).await, "5 MEMBER, 8 OWNER");
}

#[tokio::test]
async fn who_was_removed_does_not_come_back_by_themselves() {
    let (_crm, world) = friendly().await;
    let (five, six) = (world.bearer(5), world.bearer(6));
    open(&world, &five, &acme()).await;
    open(&world, &six, &acme()).await;
    let channel = channel_of(&world, &acme()).await;
    let removed = members::remove(&world.app, &five, channel.id, UserId::from(6)).await;
    removed.unwrap();
    let made = get_or_create(&world.app, &six, &acme(), None).await;
    assert_eq!(refusal(made), ErrorCode::NotChannelMember);
    assert_eq!(who(&world, &channel).await, "5 OWNER");
}

#[tokio::test]
async fn nobody_gains_by_leaving_and_opening_it_again() {
    let (_crm, world) = friendly().await;
    let (five, six, seven) = (world.bearer(5), world.bearer(6), world.bearer(7));
    for person in [&five, &six, &seven] {
        open(&world, person, &acme()).await;
    }
    let channel = channel_of(&world, &acme()).await;
    let guest = StandingChange {
        role: Some(Role::Guest),
        status: None,
    };
    let silenced = StandingChange {
        role: None,
        status: Some(MemberStatus::Muted),
    };
    for (person, change) in [(&six, guest), (&seven, silenced)] {
        let place = (channel.id, person.user());
        let changed = members::update(&world.app, &five, place, change).await;
        changed.unwrap();
        members::leave(&world.app, person, channel.id)
            .await
            .unwrap();
        assert_eq!(open(&world, person, &acme()).await, Opened::Found);
    }
    // Only who is not silenced is listed.
    assert_eq!(who(&world, &channel).await, "5 OWNER, 6 GUEST");
    let spoken = world.try_send(7, channel.id, World::draft("hi")).await;
    assert_eq!(refusal(spoken), ErrorCode::CannotSendMessages);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_record_that_is_gone_gets_no_channel_and_no_new_members() {
    let (_crm, world) = friendly().await;
    let gone = event(&acme(), 5, Happened::Gone);
    deliver(&world.app, &gone, "gone").await;
    let made = get_or_create(&world.app, &world.bearer(5), &acme(), None).await;
    assert_eq!(refusal(made), ErrorCode::ChannelArchived);
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 0);

    deliver(&world.app, &created(&acme(), 1, 8, "Acme"), "created").await;
    let made = get_or_create(&world.app, &world.bearer(5), &acme(), None).await;
    assert_eq!(refusal(made), ErrorCode::ChannelArchived);
    let channel = channel_of(&world, &acme()).await;
    assert_eq!(who(&world, &channel).await, "8 OWNER");
}

#[tokio::test]
async fn a_channel_is_found_by_its_record_by_members_and_by_who_may_see_the_record() {
    let (crm, world) = friendly().await;
    let five = world.bearer(5);
    let none = get_by_entity(&world.app, &five, &acme()).await;
    assert_eq!(refusal(none), ErrorCode::ChannelNotFound);
    open(&world, &five, &acme()).await;
    let own = get_by_entity(&world.app, &five, &acme()).await.unwrap();
    assert!(own.current().is_some() && own.last_message.is_some());
    let preview = get_by_entity(&world.app, &world.bearer(6), &acme()).await;
    let preview = preview.unwrap();
    assert!(preview.membership.is_none() && preview.last_message.is_none());

    crm.say(|_| Reply::status(403));
    let denied = get_by_entity(&world.app, &world.bearer(7), &acme()).await;
    assert_eq!(refusal(denied), ErrorCode::ChannelNotFound);
    let stranger = World::person_of(World::TENANT + 1, 5);
    let elsewhere = get_by_entity(&world.app, &stranger, &acme()).await;
    assert_eq!(refusal(elsewhere), ErrorCode::ChannelNotFound);
}
