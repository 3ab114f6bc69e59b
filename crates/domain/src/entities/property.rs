//! Whatever order events come in, and however often: records, links and channels end alike.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::ids::{TenantId, UserId};
use crate::members::Role;

/// Records as a store has them: an event is applied to those that hang together with its own.
#[derive(Debug, Default)]
struct Store {
    records: BTreeMap<RecordRef, RecordState>,
    links: Vec<Link>,
}

impl Store {
    fn of<'e>(events: impl IntoIterator<Item = &'e EntityEvent>) -> Self {
        let mut store = Self::default();
        for event in events {
            store.apply(event);
        }
        store
    }

    fn apply(&mut self, event: &EntityEvent) {
        let mut named = vec![event.record.clone()];
        if let Happened::Became(to) = &event.happened {
            named.push(to.clone());
        }
        let mut group = self.around(&named);
        group.apply(event);
        self.links
            .retain(|link| !group.records.contains_key(&link.from));
        self.links.extend(group.links);
        self.records.extend(group.records);
    }

    /// These records and all that hang together with them.
    fn around(&self, named: &[RecordRef]) -> Group {
        let mut found: BTreeSet<RecordRef> = named.iter().cloned().collect();
        loop {
            let before = found.len();
            for link in &self.links {
                if found.contains(&link.from) || found.contains(&link.to) {
                    found.extend([link.from.clone(), link.to.clone()]);
                }
            }
            if found.len() == before {
                break;
            }
        }
        let links = self.links.iter().filter(|link| found.contains(&link.from));
        let links = links.cloned().collect();
        let state = |record: RecordRef| {
            let state = self.records.get(&record).cloned().unwrap_or_default();
            (record, state)
        };
        Group {
            records: found.into_iter().map(state).collect(),
            links,
        }
    }

    /// For each record what is kept of it, and its channel with everybody who is to be in it.
    fn end(&self) -> BTreeMap<RecordRef, End> {
        let end = |record: &RecordRef| {
            let group = self.around(std::slice::from_ref(record));
            let mut people = RecordState::default();
            for (user, role) in group.records.values().flat_map(|one| &one.waiting) {
                people.expect(*user, *role);
            }
            let state = self.records.get(record).cloned().unwrap_or_default();
            (state, group.topic(), people.waiting)
        };
        self.records
            .keys()
            .map(|record| (record.clone(), end(record)))
            .collect()
    }
}

type End = (RecordState, Option<Topic>, BTreeMap<UserId, Role>);

fn record() -> impl Strategy<Value = RecordRef> {
    let sort = prop::sample::select(vec![EntityType::Lead, EntityType::Order]);
    (sort, 1..4_u8).prop_map(|(sort, id)| RecordRef {
        sort,
        id: RecordId::parse(&id.to_string()).unwrap(),
    })
}

fn user() -> impl Strategy<Value = UserId> {
    (1..6_i64).prop_map(UserId::from)
}

fn happened() -> impl Strategy<Value = Happened> {
    prop_oneof![
        4 => prop::option::of(user()).prop_map(|by| Happened::Created { by }),
        4 => Just(Happened::Changed),
        2 => Just(Happened::Gone),
        1 => Just(Happened::Returned),
        2 => record().prop_map(Happened::Became),
    ]
}

fn facts() -> impl Strategy<Value = Facts> {
    let label = || prop::option::of("[A-C]".prop_map(|text| Label::parse(&text).unwrap().unwrap()));
    (label(), label(), vec(user(), 0..3)).prop_map(|(name, status, people)| Facts {
        name,
        status,
        people,
    })
}

/// Few times and ids, so that many versions are equal.
fn event() -> impl Strategy<Value = EntityEvent> {
    (record(), 1..9_i64, "[ab]", happened(), facts()).prop_map(
        |(record, at_ms, event, happened, facts)| EntityEvent {
            tenant: TenantId::from(3),
            record,
            version: Version { at_ms, event },
            happened,
            facts,
        },
    )
}

/// Events, and the same in another order with some of them more than once.
fn two_orders() -> impl Strategy<Value = (Vec<EntityEvent>, Vec<EntityEvent>)> {
    vec(event(), 0..24).prop_flat_map(|events| {
        let again = prop::sample::subsequence(events.clone(), 0..=events.len());
        let mixed = (Just(events.clone()), again)
            .prop_map(|(events, again)| [events, again].concat())
            .prop_shuffle();
        (Just(events), mixed)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_order_of_events_ends_in_one_state((events, mixed) in two_orders()) {
        let (one, other) = (Store::of(&events), Store::of(&mixed));
        prop_assert_eq!(one.end(), other.end());
    }
}
