//! Rows of records and links, from and to the domain.

use std::collections::BTreeMap;

use diesel::prelude::*;
use discuss_domain::entities::{Label, Link, RecordRef, RecordState, Register};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, UserId};

use super::{record, version};
use crate::StorageError;
use crate::schema::{entities, entity_links};

#[derive(QueryableByName)]
#[diesel(table_name = entities)]
pub(super) struct EntityRow {
    entity_type: String,
    entity_id: String,
    is_announced: bool,
    name: Option<String>,
    name_at_ms: Option<i64>,
    name_event: Option<String>,
    status: Option<String>,
    status_at_ms: Option<i64>,
    status_event: Option<String>,
    is_gone: Option<bool>,
    gone_at_ms: Option<i64>,
    gone_event: Option<String>,
    waiting_members: Vec<i64>,
    waiting_owners: Vec<i64>,
    channel_id: Option<i64>,
}

impl EntityRow {
    /// The record, what is kept of it, and its channel.
    pub(super) fn into_state(
        self,
    ) -> Result<(RecordRef, (RecordState, Option<ChannelId>)), StorageError> {
        let record = record(&self.entity_type, &self.entity_id)?;
        let channel = self.channel_id.map(ChannelId::from);
        let state = RecordState {
            is_announced: self.is_announced,
            name: label("name", self.name, (self.name_at_ms, self.name_event))?,
            status: label(
                "status",
                self.status,
                (self.status_at_ms, self.status_event),
            )?,
            gone: register(self.is_gone, (self.gone_at_ms, self.gone_event)),
            waiting: waiting(&self.waiting_members, &self.waiting_owners),
        };
        Ok((record, (state, channel)))
    }
}

type StoredVersion = (Option<i64>, Option<String>);

pub(super) fn register<T>(value: Option<T>, (at_ms, event): StoredVersion) -> Register<T> {
    let at = at_ms.zip(event).map(|(at_ms, event)| version(at_ms, event));
    Register::from(at.zip(value))
}

fn label(
    column: &'static str,
    stored: Option<String>,
    version: StoredVersion,
) -> Result<Register<Label>, StorageError> {
    let Some(stored) = stored else {
        return Ok(Register::default());
    };
    let label = Label::parse(&stored).ok().flatten();
    let label = label.ok_or_else(|| StorageError::corrupt("entities", column, &stored))?;
    Ok(register(Some(label), version))
}

fn waiting(members: &[i64], owners: &[i64]) -> BTreeMap<UserId, Role> {
    let as_role = |users: &[i64], role| -> Vec<_> {
        let users = users.iter().copied();
        users.map(|user| (UserId::from(user), role)).collect()
    };
    let mut waiting: BTreeMap<UserId, Role> = as_role(members, Role::Member).into_iter().collect();
    waiting.extend(as_role(owners, Role::Owner));
    waiting
}

#[derive(AsChangeset)]
#[diesel(table_name = entities, treat_none_as_null = true)]
pub(super) struct EntityChanges {
    is_announced: bool,
    name: Option<String>,
    name_at_ms: Option<i64>,
    name_event: Option<String>,
    status: Option<String>,
    status_at_ms: Option<i64>,
    status_event: Option<String>,
    is_gone: Option<bool>,
    gone_at_ms: Option<i64>,
    gone_event: Option<String>,
    waiting_members: Vec<i64>,
    waiting_owners: Vec<i64>,
    channel_id: Option<i64>,
}

/// All columns of a record.
pub(super) fn changes(state: &RecordState, channel: Option<ChannelId>) -> EntityChanges {
    let (name, status, gone) = (&state.name, &state.status, &state.gone);
    let of_role = |wanted: Role| -> Vec<i64> {
        let waiting = state.waiting.iter().filter(|(_, role)| **role == wanted);
        waiting.map(|(user, _)| user.get()).collect()
    };
    EntityChanges {
        is_announced: state.is_announced,
        name: text(name),
        name_at_ms: at_ms(name),
        name_event: event(name),
        status: text(status),
        status_at_ms: at_ms(status),
        status_event: event(status),
        is_gone: gone.value().copied(),
        gone_at_ms: at_ms(gone),
        gone_event: event(gone),
        waiting_members: of_role(Role::Member),
        waiting_owners: of_role(Role::Owner),
        channel_id: channel.map(ChannelId::get),
    }
}

fn at_ms<T: Ord>(register: &Register<T>) -> Option<i64> {
    register.versioned().map(|(version, _)| version.at_ms)
}

fn event<T: Ord>(register: &Register<T>) -> Option<String> {
    let versioned = register.versioned();
    versioned.map(|(version, _)| version.event.clone())
}

fn text(register: &Register<Label>) -> Option<String> {
    register.value().map(|label| label.as_str().to_owned())
}

#[derive(QueryableByName)]
#[diesel(table_name = entity_links)]
pub(super) struct LinkRow {
    from_type: String,
    from_id: String,
    to_type: String,
    to_id: String,
    at_ms: i64,
    event: String,
}

impl TryFrom<LinkRow> for Link {
    type Error = StorageError;

    fn try_from(row: LinkRow) -> Result<Self, StorageError> {
        Ok(Self {
            from: record(&row.from_type, &row.from_id)?,
            to: record(&row.to_type, &row.to_id)?,
            version: version(row.at_ms, row.event),
        })
    }
}
