//! Joining, leaving, roles: what is stored, what is told, and what many do at once.

use discuss_app::channels::{archive, get, unarchive, update};
use discuss_app::members::{self, join, leave, list, remove};
use discuss_domain::channels::{ChannelChanges, ChannelName};
use discuss_domain::members::{MemberStatus, Role, StandingChange};
use discuss_domain::{ChannelId, EventKind, Seq, TenantId, UserId};
use discuss_storage::redis::Topic;
use discuss_test_support::{World, until};
use discuss_wire::errors::ErrorCode;
use discuss_wire::fanout::Fanout;
use serde_json::{Value, json};

use crate::fixture::{lock, refusal, users};

const TO_OWNER: StandingChange = StandingChange {
    role: Some(Role::Owner),
    status: None,
};

async fn public(world: &World, members: &[i64]) -> ChannelId {
    world.group_of(&World::person(1), members, false).await
}

/// Waits until somebody waits for a lock.
async fn until_somebody_waits(world: &World) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock' AND datname = current_database()";
    until("somebody waits for the lock", async || {
        world.number(waiting).await > 0
    })
    .await;
}

/// The log's frames after `after`, as kind and JSON.
async fn frames(world: &World, channel: ChannelId, after: i64) -> Vec<(EventKind, Value)> {
    let log = discuss_app::log::list_after(&world.app, channel, Seq::from(after), 100).await;
    let log = log.unwrap().into_iter();
    log.map(|event| {
        (
            event.kind.unwrap(),
            serde_json::from_slice(&event.frame).unwrap(),
        )
    })
    .collect()
}

#[tokio::test]
async fn coming_going_and_standing_are_told_to_the_channel_as_the_log_says_them() {
    let world = World::new().await;
    let channel = public(&world, &[2]).await;
    let topic = Topic::Channel(TenantId::from(World::TENANT), channel);
    let mut listener = world.listen(&[topic]).await;
    let owner = World::person(1);

    join(&world.app, &World::person(5), channel).await.unwrap();
    leave(&world.app, &World::person(5), channel).await.unwrap();
    let two = (channel, UserId::from(2));
    members::update(&world.app, &owner, two, TO_OWNER)
        .await
        .unwrap();

    let mut told = Vec::new();
    for _ in 0..4 {
        let (_, bytes) = listener.next().await;
        let Fanout::Event(event) = Fanout::decode(&bytes).unwrap() else {
            unreachable!("a notice where an event was due");
        };
        told.push((
            event.kind.unwrap(),
            serde_json::from_slice(&event.frame).unwrap(),
        ));
    }
    let log = frames(&world, channel, 1).await;
    assert_eq!(log, told);
    let payloads: Vec<_> = log.iter().map(|(_, frame)| &frame["payload"]).collect();
    assert_eq!(payloads[0]["userIds"], json!([5]));
    assert_eq!(
        (&log[1].1["type"], payloads[1]),
        (
            &json!("MEMBER_LEFT"),
            &json!({ "channelId": channel.get(), "userId": 5 })
        )
    );
    let roles = payloads[2..].iter();
    let roles: Vec<_> = roles.map(|p| (&p["userId"], &p["role"])).collect();
    assert_eq!(
        roles,
        [(&json!(1), &json!("ADMIN")), (&json!(2), &json!("OWNER"))]
    );
    world.require_consistent().await;
}

#[tokio::test]
async fn a_changed_and_an_archived_channel_is_told_as_it_is_now() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let owner = World::person(1);
    let renamed = ChannelChanges {
        name: ChannelName::parse("Other").ok(),
        ..ChannelChanges::default()
    };
    update(&world.app, &owner, channel, renamed).await.unwrap();
    archive(&world.app, &owner, channel).await.unwrap();
    let archived = frames(&world, channel, 2).await;
    assert_eq!(archived[0].1["type"], "CHANNEL_ARCHIVED");
    assert_eq!(archived[0].1["payload"]["channel"]["isArchived"], true);
    unarchive(&world.app, &owner, channel).await.unwrap();

    let log = frames(&world, channel, 1).await;
    let kinds: Vec<_> = log.iter().map(|(_, frame)| &frame["type"]).collect();
    assert_eq!(
        kinds,
        ["CHANNEL_UPDATED", "CHANNEL_ARCHIVED", "CHANNEL_UPDATED"]
    );
    assert_eq!(log[0].1["payload"]["channel"]["name"], "Other");
    world.require_consistent().await;
}

#[tokio::test]
async fn a_channel_for_which_another_goes_on_stays_in_the_archive() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let other = world.group(1, &[2]).await;
    archive(&world.app, &World::person(1), channel)
        .await
        .unwrap();
    let merge = format!("UPDATE channels SET merged_into = {other} WHERE id = {channel}");
    world.execute(&merge).await;
    let before = world.everything().await;
    let back = unarchive(&world.app, &World::person(1), channel).await;
    assert_eq!(refusal(back), ErrorCode::ChannelArchived);
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn who_may_not_join_or_leave_is_told_so_and_nothing_is_stored() {
    let world = World::new().await;
    let (private, shown) = (world.group(1, &[2]).await, public(&world, &[2, 3]).await);
    world.remove(1, shown, 3).await;
    let foreign = World::person_of(World::TENANT + 1, 2);
    let before = world.everything().await;

    let joins = [
        (World::person(9), private, ErrorCode::ChannelNotFound),
        (World::person(3), shown, ErrorCode::Forbidden),
        (foreign.clone(), shown, ErrorCode::ChannelNotFound),
    ];
    for (person, channel, symbol) in joins {
        let joined = join(&world.app, &person, channel).await;
        assert_eq!(refusal(joined), symbol);
    }
    let leaves = [
        (World::person(1), private, ErrorCode::OwnerCannotLeave),
        (World::person(9), private, ErrorCode::ChannelNotFound),
        (World::person(9), shown, ErrorCode::NotChannelMember),
        (foreign, shown, ErrorCode::ChannelNotFound),
    ];
    for (person, channel, symbol) in leaves {
        let left = leave(&world.app, &person, channel).await;
        assert_eq!(refusal(left), symbol);
    }
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn who_waits_for_the_channel_is_decided_by_what_is_so_then() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let meanwhile = lock(&world, channel).await;
    let app = world.app.clone();
    let leaving = tokio::spawn(async move { leave(&app, &World::person(2), channel).await });
    until_somebody_waits(&world).await;
    let handed = "UPDATE channel_members SET role = 'OWNER' WHERE user_id = 2; COMMIT";
    meanwhile.batch_execute(handed).await.unwrap();
    let left = leaving.await.unwrap();
    assert_eq!(refusal(left), ErrorCode::OwnerCannotLeave);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_counted_however_many_come_and_go_at_once() {
    let world = World::new().await;
    let channel = public(&world, &[2, 3]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..48_i64 {
        let app = world.app.clone();
        let person = World::person(10 + place % 6);
        tasks.spawn(async move {
            // Many of these are refused: they are in already, or not in.
            let done = match place % 4 {
                0 | 1 => join(&app, &person, channel).await,
                2 => leave(&app, &person, channel).await,
                _ => remove(&app, &World::person(1), channel, person.user()).await,
            };
            drop(done);
        });
    }
    tasks.join_all().await;
    world.require_consistent().await;
    let (found, seen) = list(&world.app, &World::person(2), channel, (0, 50))
        .await
        .unwrap();
    assert_eq!(found.len(), usize::try_from(seen.member_count).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_to_whom_a_channel_is_handed_over_at_once_one_is_its_owner() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4, 5]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for user in users(&[2, 3, 4, 5]) {
        let app = world.app.clone();
        tasks.spawn(async move {
            members::update(&app, &World::person(1), (channel, user), TO_OWNER)
                .await
                .is_ok()
        });
    }
    let handed = tasks.join_all().await;
    assert_eq!(handed.iter().filter(|done| **done).count(), 1);
    let owners = "SELECT count(*) FROM channel_members WHERE role = 'OWNER'";
    assert_eq!(world.number(owners).await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn who_is_silenced_by_another_process_may_not_send_though_this_one_remembers_them() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(2, channel, "before").await;
    let silence = StandingChange {
        role: None,
        status: Some(MemberStatus::Muted),
    };
    let elsewhere = world.another_app();
    let two = (channel, UserId::from(2));
    members::update(&elsewhere, &World::person(1), two, silence)
        .await
        .unwrap();
    let sent = world.try_send(2, channel, World::draft("still")).await;
    assert_eq!(refusal(sent), ErrorCode::CannotSendMessages);
    archive(&elsewhere, &World::person(1), channel)
        .await
        .unwrap();
    let sent = world.try_send(1, channel, World::draft("late")).await;
    assert_eq!(refusal(sent), ErrorCode::ChannelArchived);
    let seen = get(&world.app, &World::person(2), channel).await.unwrap();
    assert!(seen.channel.archived_at.is_some());
    world.require_consistent().await;
}
