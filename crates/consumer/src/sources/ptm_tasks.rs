//! `serp.ptm.task.events`: the tasks of personal task management, `{meta, data}`.

use discuss_domain::entities::{EntityType, Facts, Happened, RecordRef};
use serde_json::Value;

use super::fields::Fields;
use super::{Told, Unreadable, What};

/// Tasks that one event may delete at most.
const MOST_TASKS: usize = 10_000;

/// Reads an event.
pub(super) fn decode(fields: &Fields<'_>) -> Result<Option<Told>, Unreadable> {
    let meta = fields.object("meta", "meta.")?;
    let kind = meta.require("type", meta.text("type")?)?;
    let data = || fields.object("data", "data.");
    let what = match kind {
        "ptm.task.created" => {
            let by = data()?.user("userId")?;
            event(data()?, Happened::Created { by })?
        }
        "ptm.task.updated" => event(data()?, Happened::Changed)?,
        "ptm.task.bulk_deleted" => What::GoneEverywhere(tasks(data()?)?),
        _ => return Ok(None),
    };
    Ok(Some(Told {
        kind: kind.to_owned(),
        event_id: meta.event_id("id")?,
        at_ms: meta.at_ms("ts")?,
        what,
    }))
}

fn event(data: Fields<'_>, happened: Happened) -> Result<What, Unreadable> {
    Ok(What::Event {
        tenant: data.tenant()?,
        record: data.record("taskId", EntityType::Task)?,
        happened,
        facts: Facts {
            name: data.label("title")?,
            status: data.label("status")?,
            people: Vec::new(),
        },
    })
}

fn tasks(data: Fields<'_>) -> Result<Vec<RecordRef>, Unreadable> {
    const NAME: &str = "taskIds";
    match data.require(NAME, data.get(NAME))? {
        Value::Array(ids) if ids.len() <= MOST_TASKS => {
            let ids = ids.iter();
            ids.map(|id| data.record_of(NAME, id, EntityType::Task))
                .collect()
        }
        Value::Array(_) => Err(data.wrong(NAME, "must name at most 10000 tasks")),
        _ => Err(data.wrong(NAME, "must be a list")),
    }
}
