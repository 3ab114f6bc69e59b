//! Records that became one another, and those that are deleted whosever they are.

use discuss_app::entities::{Taken, apply};
use discuss_domain::entities::{EntityNews, EntityType, Happened, Version};
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use super::{
    assigned, channel_of, created, deliver, deliver_in_background, delivery, event, log_kinds,
    members, record, take,
};
use crate::fixture::{refusal, users};

#[tokio::test]
async fn tasks_deleted_without_a_tenant_are_archived_before_and_after_they_are_made() {
    let world = World::new().await;
    let [known, late, newer] = ["7", "8", "9"].map(|id| record(EntityType::Task, id));
    take(&world, &[created(&known, 1, 5, "Known")]).await;
    let news = EntityNews::GoneEverywhere {
        records: vec![known.clone(), late.clone(), newer.clone()],
        version: Version {
            at_ms: 2,
            event: "bulk".to_owned(),
        },
    };
    let taken = apply(&world.app, &delivery("bulk"), &news).await;
    assert_eq!(taken.unwrap(), Taken::Now);
    let taken = apply(&world.app, &delivery("bulk"), &news).await;
    assert_eq!(taken.unwrap(), Taken::Before);
    deliver(&world.app, &created(&late, 1, 5, "Late"), "late").await;
    deliver(&world.app, &created(&newer, 3, 5, "Newer"), "newer").await;
    assert!(channel_of(&world, &known).await.archived_at.is_some());
    assert!(channel_of(&world, &late).await.archived_at.is_some());
    assert_eq!(channel_of(&world, &newer).await.archived_at, None);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_leads_channel_goes_on_under_what_it_became() {
    let world = World::new().await;
    let lead = record(EntityType::Lead, "7");
    let sale = record(EntityType::Opportunity, "9");
    take(&world, &[created(&lead, 1, 5, "Acme")]).await;
    let before = channel_of(&world, &lead).await;
    let became = event(&lead, 2, Happened::Became(sale.clone()));
    deliver(&world.app, &became, "became").await;
    deliver(&world.app, &created(&sale, 3, 6, "Acme, 10 cars"), "sale").await;
    let after = channel_of(&world, &sale).await;
    assert_eq!(after.id, before.id);
    assert_eq!(after.name.as_deref(), Some("Opportunity: Acme, 10 cars"));
    assert_eq!(channel_of(&world, &lead).await.id, before.id);
    assert_eq!(members(&world, &after).await, "5 OWNER, 6 OWNER");
    assert_eq!(world.number("SELECT count(*) FROM channels").await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn of_two_channels_that_become_one_the_older_goes_on_with_everybody() {
    let world = World::new().await;
    let [one, two] = ["1", "2"].map(|id| record(EntityType::Customer, id));
    take(
        &world,
        &[created(&one, 1, 5, "One"), created(&two, 2, 6, "Two")],
    )
    .await;
    let (older, younger) = (
        channel_of(&world, &one).await,
        channel_of(&world, &two).await,
    );
    let merged = event(&one, 3, Happened::Became(two.clone()));
    deliver(&world.app, &merged, "merged").await;
    deliver(&world.app, &merged, "merged again").await;
    for record in [&one, &two] {
        let channel = channel_of(&world, record).await;
        assert_eq!(channel.id, older.id);
        assert_eq!(channel.name.as_deref(), Some("Customer: Two"));
        assert_eq!(members(&world, &channel).await, "5 OWNER, 6 OWNER");
    }
    let late = world.try_send(6, younger.id, World::draft("late")).await;
    assert_eq!(refusal(late), ErrorCode::ChannelArchived);
    let kinds = log_kinds(&world, &younger).await;
    assert_eq!(kinds.last().unwrap(), "channel_archived");
    world.require_consistent().await;
}

#[tokio::test]
async fn two_processes_that_link_and_make_records_at_once_end_with_one_channel_for_all() {
    for _ in 0..5 {
        let world = World::new().await;
        let apps = [world.app.clone(), world.another_app()];
        let records: Vec<_> = (1..=4)
            .map(|id| record(EntityType::Lead, &id.to_string()))
            .collect();
        let mut events = Vec::new();
        for (place, one) in records.iter().enumerate() {
            let at_ms = i64::try_from(place).unwrap() + 1;
            events.push(created(one, at_ms, at_ms, "Lead"));
            if let Some(next) = records.get(place + 1) {
                events.push(event(one, at_ms + 10, Happened::Became(next.clone())));
            }
        }
        let mut tasks = Vec::new();
        for (place, event) in events.iter().enumerate() {
            tasks.push(deliver_in_background(
                &apps[place % 2],
                event,
                place.to_string(),
            ));
        }
        for task in tasks {
            assert_eq!(task.await.unwrap(), Taken::Now);
        }
        let channel = channel_of(&world, &records[3]).await;
        for one in &records {
            assert_eq!(channel_of(&world, one).await.id, channel.id);
        }
        assert_eq!(channel.archived_at, None);
        let all = "1 OWNER, 2 OWNER, 3 OWNER, 4 OWNER";
        assert_eq!(members(&world, &channel).await, all);
        world.require_consistent().await;
    }
}

#[tokio::test]
async fn a_silence_goes_on_and_who_was_removed_stays_out_when_channels_become_one() {
    let world = World::new().await;
    let [one, two] = ["1", "2"].map(|id| record(EntityType::Customer, id));
    let (mut first, mut second) = (created(&one, 1, 5, "One"), created(&two, 2, 6, "Two"));
    first.facts.people = users(&[2, 7, 8, 9, 10]);
    second.facts.people = users(&[1, 2, 3, 8, 9, 10]);
    take(&world, &[first, second]).await;
    let (older, younger) = (
        channel_of(&world, &one).await,
        channel_of(&world, &two).await,
    );
    let client = world.database.client().await;
    let silence = async |channel: ChannelId, users: &str| {
        let of = format!("channel_id = {channel} AND user_id IN ({users})");
        let sql = format!("UPDATE channel_members SET status = 'MUTED' WHERE {of}");
        world.execute(&sql).await;
    };
    silence(younger.id, "2, 3").await;
    silence(older.id, "7").await;
    let boss = World::person(5);
    for user in [8, 9] {
        let removed =
            discuss_app::members::remove(&world.app, &boss, older.id, UserId::from(user)).await;
        removed.unwrap();
    }
    deliver(&world.app, &assigned(&one, 3, &[9]), "back").await;
    let merged = event(&one, 4, Happened::Became(two.clone()));
    deliver(&world.app, &merged, "merged").await;

    let sql = "SELECT string_agg(user_id || ' ' || status, ', ' ORDER BY user_id)
                 FROM channel_members WHERE channel_id = $1";
    let row = client.query_one(sql, &[&older.id.get()]).await.unwrap();
    assert_eq!(
        row.get::<_, String>(0),
        "1 ACTIVE, 2 MUTED, 3 MUTED, 5 ACTIVE, 6 ACTIVE, 7 MUTED, 8 REMOVED, 9 ACTIVE, 10 ACTIVE"
    );
    let silenced = world.try_send(3, older.id, World::draft("mine")).await;
    assert_eq!(refusal(silenced), ErrorCode::CannotSendMessages);
    world.require_consistent().await;
}
