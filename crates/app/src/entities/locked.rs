//! Records that hang together, locked.

use std::collections::{BTreeMap, BTreeSet};

use discuss_domain::entities::{EntityEvent, Group, Happened, Link, RecordRef};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, TenantId, UserId};
use discuss_storage::{Connection, StorageError, entities};

use crate::AppError;

/// Records that hang together at most, and the links among them that are read.
const MOST_RECORDS: usize = 100;
const MOST_LINKS: usize = 1_000;

/// Records that hang together, locked.
pub(super) struct LockedGroup {
    pub(super) tenant: TenantId,
    pub(super) group: Group,
    /// Their channels: one, or one of each part that this event links.
    pub(super) channels: BTreeSet<ChannelId>,
}

impl LockedGroup {
    /// Locks these records and all that hang together with them. [`AppError::Busy`] when somebody
    /// linked them to others meanwhile.
    pub(super) async fn lock(
        connection: &mut Connection,
        tenant: TenantId,
        named: &[RecordRef],
    ) -> Result<Self, AppError> {
        let deletable = || {
            named
                .iter()
                .filter(|record| record.sort.is_deleted_without_tenant())
        };
        for record in deletable() {
            entities::share_everywhere(connection, record).await?;
        }
        let (records, _) = look_around(connection, tenant, named).await?;
        let in_order: Vec<RecordRef> = records.iter().cloned().collect();
        let rows = entities::list_for_update(connection, tenant, &in_order).await?;
        // Whoever links records holds them: what hangs together now stays so.
        let (now, links) = look_around(connection, tenant, named).await?;
        if now != records {
            return Err(AppError::Busy);
        }
        let channels = rows.values().filter_map(|(_, channel)| *channel).collect();
        let states = rows.into_iter().map(|(record, (state, _))| (record, state));
        let mut group = Group {
            records: states.collect(),
            links,
        };
        for record in deletable() {
            let gone = entities::find_gone_everywhere(connection, record).await?;
            if let (Some((version, is_gone)), Some(state)) =
                (gone.versioned(), group.records.get_mut(record))
            {
                state.gone.set(version, *is_gone);
            }
        }
        Ok(Self {
            tenant,
            group,
            channels,
        })
    }

    /// Takes out who is to be in the channel, as what.
    pub(super) fn take_waiting(&mut self) -> BTreeMap<UserId, Role> {
        let mut waiting = BTreeMap::new();
        for state in self.group.records.values_mut() {
            for (user, role) in std::mem::take(&mut state.waiting) {
                let expected = waiting.entry(user).or_insert(role);
                *expected = role.max(*expected);
            }
        }
        waiting
    }

    /// Stores the records, and the link that the event made.
    pub(super) async fn save(
        &self,
        connection: &mut Connection,
        event: &EntityEvent,
    ) -> Result<(), StorageError> {
        let channel = self.channels.first().copied();
        for (record, state) in &self.group.records {
            entities::save(connection, (self.tenant, record), state, channel).await?;
        }
        if let Happened::Became(to) = &event.happened {
            let mut links = self.group.links.iter();
            let link = links.find(|link| link.from == event.record && link.to == *to);
            if let Some(link) = link {
                entities::save_link(connection, self.tenant, link).await?;
            }
        }
        Ok(())
    }
}

/// These records, all that hang together with them, and the links among them.
async fn look_around(
    connection: &mut Connection,
    tenant: TenantId,
    named: &[RecordRef],
) -> Result<(BTreeSet<RecordRef>, Vec<Link>), AppError> {
    let mut records: BTreeSet<RecordRef> = named.iter().cloned().collect();
    let limit = i64::try_from(MOST_LINKS).unwrap_or(i64::MAX);
    loop {
        let known: Vec<RecordRef> = records.iter().cloned().collect();
        let links = entities::list_links(connection, tenant, &known, limit).await?;
        for link in &links {
            records.extend([link.from.clone(), link.to.clone()]);
        }
        if records.len() > MOST_RECORDS || links.len() >= MOST_LINKS {
            tracing::error!(%tenant, records = records.len(), "too many records became one another");
            return Err(AppError::Internal);
        }
        if records.len() == known.len() {
            return Ok((records, links));
        }
    }
}
