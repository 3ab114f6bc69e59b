//! `ENTITY_EVENTS`: all services, one flat object; the type is the sort of record and a verb, such as
//! `CUSTOMER_CREATED`. With `ENTITY_` before the verb, `entityType` says the sort.

use discuss_domain::entities::{EntityType, Facts, Happened, Label};

use super::fields::Fields;
use super::{Told, Unreadable, What};

/// What a verb says.
#[derive(Clone, Copy)]
enum Verb {
    Created,
    Changed,
    Assigned,
    Gone,
    Returned,
    Converted,
    Merged,
    /// The record has come as far as the verb says.
    Reached,
}

const VERBS: [(&str, Verb); 20] = [
    ("CREATED", Verb::Created),
    ("UPDATED", Verb::Changed),
    ("RENAMED", Verb::Changed),
    ("STATUS_CHANGED", Verb::Changed),
    ("STAGE_CHANGED", Verb::Changed),
    ("ASSIGNED", Verb::Assigned),
    ("DELETED", Verb::Gone),
    ("ARCHIVED", Verb::Gone),
    ("UNARCHIVED", Verb::Returned),
    ("RESTORED", Verb::Returned),
    ("CONVERTED", Verb::Converted),
    ("MERGED", Verb::Merged),
    ("COMPLETED", Verb::Reached),
    ("DELIVERED", Verb::Reached),
    ("SHIPPED", Verb::Reached),
    ("QUALIFIED", Verb::Reached),
    ("WON", Verb::Reached),
    ("LOST", Verb::Reached),
    ("APPROVED", Verb::Reached),
    ("CANCELLED", Verb::Reached),
];

/// Reads an event.
pub(super) fn decode(fields: &Fields<'_>) -> Result<Option<Told>, Unreadable> {
    let kind = fields.require("type", fields.text("type")?)?;
    let Some((prefix, word, verb)) = split(kind) else {
        return Ok(None);
    };
    let sort = match prefix {
        "ENTITY" => fields.require("entityType", fields.text("entityType")?)?,
        prefix => prefix,
    };
    let Some(sort) = EntityType::find(sort) else {
        return Ok(None);
    };
    let Some(happened) = happened(*fields, (verb, sort))? else {
        return Ok(None);
    };
    let mut facts = facts(*fields, sort)?;
    match verb {
        Verb::Reached if facts.status.is_none() => {
            facts.status = Label::parse(word).ok().flatten();
        }
        Verb::Assigned if facts.people.is_empty() => {
            return Err(fields.wrong("assignedTo", "is required"));
        }
        _ => {}
    }
    let tenant = fields.tenant()?;
    let own_id = format!("{}Id", camel_case(sort));
    let record = fields.record(fields.first(&["entityId", &own_id]), sort)?;
    Ok(Some(Told {
        kind: kind.to_owned(),
        event_id: fields.event_id("eventId")?,
        at_ms: fields.at_ms("timestamp")?,
        what: What::Event {
            tenant,
            record,
            happened,
            facts,
        },
    }))
}

/// `CUSTOMER_CREATED`: the sort of record, and the verb.
fn split(kind: &str) -> Option<(&str, &'static str, Verb)> {
    let mut verbs = VERBS.iter();
    verbs.find_map(|(word, verb)| {
        let prefix = kind.strip_suffix(word)?.strip_suffix('_')?;
        Some((prefix, *word, *verb))
    })
}

/// What happened; nothing if the record became something that has no channel.
fn happened(
    fields: Fields<'_>,
    (verb, sort): (Verb, EntityType),
) -> Result<Option<Happened>, Unreadable> {
    Ok(Some(match verb {
        Verb::Created => Happened::Created {
            by: fields.user("createdBy")?,
        },
        Verb::Changed | Verb::Assigned | Verb::Reached => Happened::Changed,
        Verb::Gone => Happened::Gone,
        Verb::Returned => Happened::Returned,
        Verb::Converted => {
            let to = fields.require("toEntityType", fields.text("toEntityType")?)?;
            let Some(to) = EntityType::find(to) else {
                return Ok(None);
            };
            Happened::Became(fields.record("toEntityId", to)?)
        }
        Verb::Merged => Happened::Became(fields.record("intoEntityId", sort)?),
    }))
}

fn facts(fields: Fields<'_>, sort: EntityType) -> Result<Facts, Unreadable> {
    let own_name = format!("{}Name", camel_case(sort));
    let mut people = fields.users("memberIds")?;
    for name in ["assignedTo", "assigneeId"] {
        people.extend(fields.user(name)?);
    }
    Ok(Facts {
        name: fields.label(fields.first(&["entityName", &own_name, "name", "title"]))?,
        status: fields.label(fields.first(&["stage", "status"]))?,
        people,
    })
}

/// `work_item` as `workItem`.
fn camel_case(sort: EntityType) -> String {
    let mut words = sort.as_str().split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (initial, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        text + &initial.to_ascii_uppercase() + rest
    })
}
