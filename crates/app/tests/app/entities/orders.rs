//! Whatever order events of records come in, and however often: what is stored ends alike.

use discuss_domain::entities::{EntityEvent, EntityType, Happened, Label, RecordRef};
use discuss_test_support::World;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{assigned, created, deliver, event, record};

/// What must not depend on the order: of each record its fields and versions, and of its channel the
/// name, the record, the archive and the members. Messages and seqs may differ.
const END: &str = "
SELECT e.entity_type, e.entity_id, e.is_announced, e.name, e.name_at_ms, e.name_event, e.status,
       e.status_at_ms, e.status_event, e.is_gone, e.gone_at_ms, e.gone_event, c.name, c.entity_type,
       c.entity_id, c.archived_at IS NOT NULL AS is_archived, c.merged_into IS NULL AS is_live,
       (SELECT string_agg(user_id || ' ' || role || ' ' || status, ', ' ORDER BY user_id)
          FROM channel_members WHERE channel_id = c.id) AS members,
       CASE WHEN c.id IS NULL THEN e.waiting_members END AS waiting,
       coalesce(a.channel_id = c.id, (c.entity_type, c.entity_id) = (e.entity_type, e.entity_id)) AS answers
  FROM entities e
  LEFT JOIN channels c ON c.id = e.channel_id
  LEFT JOIN channel_aliases a ON (a.tenant_id, a.entity_type, a.entity_id)
                               = (e.tenant_id, e.entity_type, e.entity_id)";

async fn end(events: &[EntityEvent]) -> Vec<String> {
    let world = World::new().await;
    for (place, event) in events.iter().enumerate() {
        // What comes twice comes under two ids: the inbox is not what makes it harmless.
        deliver(&world.app, event, &place.to_string()).await;
    }
    world.require_consistent().await;
    let client = world.database.client().await;
    let sql = format!("SELECT r::text FROM ({END}) r ORDER BY 1");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn of_record(record: &RecordRef, other: &RecordRef, start: i64) -> Vec<EntityEvent> {
    let mut renamed = event(record, start + 2, Happened::Changed);
    renamed.facts.name = Label::parse("Renamed").unwrap();
    renamed.facts.status = Label::parse("OPEN").unwrap();
    let mut renamed_again = event(record, start + 4, Happened::Changed);
    renamed_again.facts.name = Label::parse("Renamed again").unwrap();
    vec![
        created(record, start, start, "New"),
        assigned(record, start + 1, &[20, 21]),
        renamed,
        event(record, start + 3, Happened::Gone),
        renamed_again,
        assigned(record, start + 5, &[start, 22]),
        event(record, start + 6, Happened::Became(other.clone())),
        created(other, start + 7, start + 1, "Other"),
    ]
}

fn in_order() -> Vec<EntityEvent> {
    let lead = |id| record(EntityType::Lead, id);
    let [one, two, sale, order] = [
        lead("1"),
        lead("2"),
        record(EntityType::Opportunity, "3"),
        record(EntityType::Order, "SO-4"),
    ];
    let mut events = of_record(&one, &sale, 100);
    events.extend(of_record(&two, &one, 200));
    events.push(event(&sale, 300, Happened::Became(order)));
    events.push(event(&sale, 301, Happened::Gone));
    events.extend(of_record(&lead("5"), &lead("6"), 400));
    events
}

#[tokio::test]
async fn every_order_of_events_is_stored_alike() {
    let events = in_order();
    let expected = end(&events).await;
    assert_eq!(expected.len(), 6);
    let mut runner = TestRunner::deterministic();
    let again = prop::sample::subsequence(events.clone(), 0..=events.len());
    let mixed = (Just(events), again)
        .prop_map(|(events, again)| [events, again].concat())
        .prop_shuffle();
    for _ in 0..20 {
        let events = mixed.new_tree(&mut runner).unwrap().current();
        assert_eq!(end(&events).await, expected, "{events:#?}");
    }
}
