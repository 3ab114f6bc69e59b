//! Records that became one another, and the one channel that they share.
//!
//! A link says that one record became another: a lead an opportunity, a customer another customer. Links
//! are never taken back and have no order among them, so that whichever comes first, the same records
//! hang together in the end. The channel stands under the record where the newest link leads, and from
//! there on; it answers to all others. Its name and whether it is archived are of the record it stands
//! under: a lead that is deleted after it became an opportunity takes no channel with it.

use std::collections::BTreeMap;

use super::{EntityEvent, Happened, Label, RecordRef, RecordState, Version};
use crate::channels::ChannelName;

/// One record became another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it was.
    pub from: RecordRef,
    /// What it is.
    pub to: RecordRef,
    /// When: the newest that was heard of.
    pub version: Version,
}

/// Records that hang together, of one tenant: mostly just one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// The records.
    pub records: BTreeMap<RecordRef, RecordState>,
    /// Their links.
    pub links: Vec<Link>,
}

/// What the channel of a group is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The record it stands under.
    pub record: RecordRef,
    /// Its name.
    pub name: String,
    /// Since when it is archived, epoch milliseconds.
    pub archived_at_ms: Option<i64>,
    /// The other records it answers to, in order.
    pub aliases: Vec<RecordRef>,
}

impl Group {
    /// Takes an event about one of its records. Where that became another, both must be in the group
    /// with all that hangs together with them. Answers the status, if the record has another by this.
    pub fn apply(&mut self, event: &EntityEvent) -> Option<Label> {
        let record = self.records.entry(event.record.clone()).or_default();
        let status = record.take(event);
        if let Happened::Became(to) = &event.happened {
            self.link(&event.record, to, &event.version);
        }
        status
    }

    fn link(&mut self, from: &RecordRef, to: &RecordRef, version: &Version) {
        if from == to {
            return;
        }
        self.records.entry(to.clone()).or_default();
        let known = self
            .links
            .iter_mut()
            .find(|link| link.from == *from && link.to == *to);
        match known {
            Some(link) => link.version = version.max(&link.version).clone(),
            None => self.links.push(Link {
                from: from.clone(),
                to: to.clone(),
                version: version.clone(),
            }),
        }
    }

    /// What the group's channel is to be; nothing as long as none of its records was announced.
    #[must_use]
    pub fn topic(&self) -> Option<Topic> {
        if !self.records.values().any(|record| record.is_announced) {
            return None;
        }
        let record = self.head()?.clone();
        let state = self.records.get(&record)?;
        let aliases = self.records.keys().filter(|other| **other != record);
        Some(Topic {
            name: channel_name(&record, self.name_of(state)),
            archived_at_ms: state.gone_at_ms(),
            aliases: aliases.cloned().collect(),
            record,
        })
    }

    /// A record that was never named goes by the newest name that those before it had.
    fn name_of<'g>(&'g self, head: &'g RecordState) -> Option<&'g Label> {
        let names = self.records.values().filter_map(|one| one.name.versioned());
        head.name.value().or(names.max().map(|(_, name)| name))
    }

    /// The record under which the channel stands: where the newest link leads, and from there always
    /// along the newest, to the end.
    fn head(&self) -> Option<&RecordRef> {
        let newest = self.links.iter().max_by_key(|link| order(link));
        let Some(newest) = newest else {
            return self.records.keys().next();
        };
        let mut path = vec![newest];
        loop {
            let end = path.last().map(|link| &link.to)?;
            let Some(next) = self.newest_from(end) else {
                return Some(end);
            };
            // Round in a circle: it ends where its newest link leads.
            if let Some(place) = path.iter().position(|link| *link == next) {
                let circle = path.iter().skip(place);
                return circle.max_by_key(|link| order(link)).map(|link| &link.to);
            }
            path.push(next);
        }
    }

    fn newest_from(&self, record: &RecordRef) -> Option<&Link> {
        let links = self.links.iter().filter(|link| link.from == *record);
        links.max_by_key(|link| order(link))
    }
}

fn order(link: &Link) -> (&Version, &RecordRef, &RecordRef) {
    (&link.version, &link.to, &link.from)
}

/// "Customer: Acme", cut to what a channel's name may be; a record without a name goes by its id.
fn channel_name(record: &RecordRef, name: Option<&Label>) -> String {
    let name = name.map_or(record.id.as_str(), Label::as_str);
    let name = format!("{}: {name}", record.sort.title());
    name.chars().take(ChannelName::MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{EntityType, Facts, RecordId};
    use super::*;
    use crate::ids::{TenantId, UserId};
    use crate::members::Role;

    fn record(sort: EntityType, id: &str) -> RecordRef {
        let id = RecordId::parse(id).unwrap();
        RecordRef { sort, id }
    }

    fn label(text: &str) -> Option<Label> {
        Label::parse(text).unwrap()
    }

    fn event(record: &RecordRef, at_ms: i64, happened: Happened) -> EntityEvent {
        EntityEvent {
            tenant: TenantId::from(3),
            record: record.clone(),
            version: Version {
                at_ms,
                event: at_ms.to_string(),
            },
            happened,
            facts: Facts::default(),
        }
    }

    fn created(record: &RecordRef, at_ms: i64, name: &str) -> EntityEvent {
        let by = Some(UserId::from(1));
        let mut event = event(record, at_ms, Happened::Created { by });
        event.facts.name = label(name);
        event
    }

    fn of(events: &[EntityEvent]) -> Group {
        let mut group = Group::default();
        for event in events {
            group.apply(event);
        }
        group
    }

    #[test]
    fn a_creation_makes_a_channel_named_after_the_record() {
        let acme = record(EntityType::Customer, "7");
        let group = of(&[created(&acme, 1, "Acme")]);
        let topic = group.topic().unwrap();
        assert_eq!(topic.name, "Customer: Acme");
        assert_eq!((topic.archived_at_ms, topic.aliases), (None, vec![]));
        let waiting = &group.records[&acme].waiting;
        assert_eq!(waiting.get(&UserId::from(1)), Some(&Role::Owner));
    }

    #[test]
    fn whatever_comes_before_the_creation_waits_for_it() {
        let acme = record(EntityType::Customer, "7");
        let mut renamed = event(&acme, 3, Happened::Changed);
        renamed.facts.name = label("Acme Ltd");
        renamed.facts.people = vec![UserId::from(2)];
        let gone = event(&acme, 4, Happened::Gone);
        let mut group = of(&[renamed, gone]);
        assert_eq!(group.topic(), None);
        group.apply(&created(&acme, 1, "Acme"));
        let topic = group.topic().unwrap();
        assert_eq!(topic.name, "Customer: Acme Ltd");
        assert_eq!(topic.archived_at_ms, Some(4));
        assert_eq!(group.records[&acme].waiting.len(), 2);
    }

    #[test]
    fn a_status_is_news_once_and_an_older_one_never() {
        let task = record(EntityType::Task, "7");
        let mut group = of(&[created(&task, 1, "Call")]);
        let mut at = |at_ms, status: &str| {
            let mut event = event(&task, at_ms, Happened::Changed);
            event.facts.status = label(status);
            group.apply(&event)
        };
        assert_eq!(at(5, "DONE"), label("DONE"));
        assert_eq!(at(5, "DONE"), None);
        assert_eq!(at(4, "TODO"), None);
        assert_eq!(at(6, "DONE"), None);
    }

    #[test]
    fn a_record_made_anew_after_it_was_deleted_is_there_again() {
        let task = record(EntityType::Task, "7");
        let gone = event(&task, 2, Happened::Gone);
        let group = of(&[created(&task, 3, "Call"), gone, created(&task, 1, "Call")]);
        assert_eq!(group.topic().unwrap().archived_at_ms, None);
    }

    #[test]
    fn a_channel_goes_on_under_what_the_record_became() {
        let lead = record(EntityType::Lead, "7");
        let sale = record(EntityType::Opportunity, "9");
        let order = record(EntityType::Order, "SO-1");
        let mut group = of(&[
            created(&lead, 1, "Acme"),
            event(&lead, 2, Happened::Became(sale.clone())),
        ]);
        assert_eq!(group.topic().unwrap().name, "Opportunity: Acme");
        group.apply(&event(&sale, 3, Happened::Became(order.clone())));
        group.apply(&event(&lead, 4, Happened::Gone));
        let topic = group.topic().unwrap();
        assert_eq!(topic.record, order);
        assert_eq!(topic.aliases, [lead, sale]);
        assert_eq!(topic.archived_at_ms, None);
    }

    #[test]
    fn what_is_merged_into_something_that_became_another_follows_it() {
        let [one, two, three] = ["1", "2", "3"].map(|id| record(EntityType::Customer, id));
        let group = of(&[
            event(&one, 5, Happened::Became(two.clone())),
            event(&three, 6, Happened::Became(one.clone())),
            created(&three, 1, "Three"),
        ]);
        assert_eq!(group.topic().unwrap().record, two);
    }

    #[test]
    fn a_circle_ends_where_its_newest_link_leads() {
        let [one, two] = ["1", "2"].map(|id| record(EntityType::Customer, id));
        let group = of(&[
            created(&one, 1, "One"),
            event(&two, 6, Happened::Became(one.clone())),
            event(&one, 5, Happened::Became(two.clone())),
            event(&one, 7, Happened::Became(one.clone())),
        ]);
        assert_eq!(group.topic().unwrap().record, one);
        assert_eq!(group.links.len(), 2);
    }

    #[test]
    fn a_name_is_cut_to_what_a_channel_takes() {
        let order = record(EntityType::Order, "SO-2024/00123");
        let long = of(&[created(&order, 1, &"x".repeat(150))]);
        assert_eq!(long.topic().unwrap().name.chars().count(), 100);
        let unnamed = of(&[created(&order, 1, "")]);
        assert_eq!(unnamed.topic().unwrap().name, "Order: SO-2024/00123");
    }
}
