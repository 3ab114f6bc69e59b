//! Bringing people into the channel of records: who was named with them, and who was in a channel that
//! becomes one with it.

use std::collections::{BTreeMap, BTreeSet};

use discuss_domain::UserId;
use discuss_domain::channels::Channel;
use discuss_domain::members::{MemberStatus, Membership, Role, Standing};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::{Connection, members};

use crate::members::{set_standing, take_in};
use crate::{AppError, Context, channels};

/// People of one event at most.
const PEOPLE: usize = 100;
/// Members of a channel that take part when it becomes one with another.
const MEMBERS: i64 = 10_000;

/// Who is to be in a channel.
pub(super) struct People {
    /// Who was named with a record, and as what.
    pub(super) named: BTreeMap<UserId, Role>,
    /// Who is in a channel that becomes one with it, and how they stand there.
    brought: BTreeMap<UserId, Membership>,
}

impl People {
    /// Who was named with the records.
    pub(super) const fn of(named: BTreeMap<UserId, Role>) -> Self {
        let brought = BTreeMap::new();
        Self { named, brought }
    }

    /// Takes out owners first, as many as one event may name.
    pub(super) fn take_first(&mut self) -> Vec<(UserId, Role)> {
        let named = self.named.iter();
        let mut first: Vec<(UserId, Role)> = named.map(|(user, role)| (*user, *role)).collect();
        first.sort_by_key(|(user, role)| (std::cmp::Reverse(*role), *user));
        first.truncate(PEOPLE);
        for (user, _) in &first {
            self.named.remove(user);
        }
        first
    }

    /// Brings the members of a channel that is locked.
    pub(super) async fn bring(
        &mut self,
        connection: &mut Connection,
        other: &Channel,
    ) -> Result<(), AppError> {
        if i64::from(other.member_count) > MEMBERS {
            let (tenant, channel) = (other.tenant_id, other.id);
            tracing::error!(%tenant, %channel, members = other.member_count,
                "only {MEMBERS} members of a channel are brought into the one that goes on");
            metrics::counter!("discuss_entity_cuts_total", "of" => "members").increment(1);
        }
        for (user, there) in members::list_memberships(connection, other.id, MEMBERS).await? {
            let known = self.brought.get(&user).copied();
            let both = joined([Some(there), known].into_iter().flatten());
            self.brought.extend(both.map(|both| (user, both)));
        }
        Ok(())
    }

    /// What everybody is to be who is to be in the channel, in the order of their ids: that is the order
    /// in which members are locked.
    fn steps(&self, current: &BTreeMap<UserId, Membership>) -> Vec<Step> {
        let users: BTreeSet<UserId> = self.users().into_iter().collect();
        let steps = users.into_iter().filter_map(|user| {
            let own = current.get(&user).copied();
            let wanted = self.wanted(user, own)?;
            let is_new = !own.is_some_and(|own| own.status.is_current());
            let stays = own == Some(wanted);
            (!stays).then_some(Step {
                user,
                wanted,
                is_new,
            })
        });
        steps.collect()
    }

    /// Whoever was removed comes back only by being named, and a silence goes on wherever it was imposed.
    fn wanted(&self, user: UserId, own: Option<Membership>) -> Option<Membership> {
        let named = self.named.get(&user).map(|role| Membership {
            role: *role,
            status: MemberStatus::Active,
        });
        let is_removed = own.is_some_and(|own| own.status == MemberStatus::Removed);
        if is_removed && named.is_none() {
            return None;
        }
        let own = own.filter(|own| own.status.is_current());
        let brought = self.brought.get(&user).copied();
        joined([named, brought, own].into_iter().flatten())
    }

    fn users(&self) -> Vec<UserId> {
        self.named
            .keys()
            .chain(self.brought.keys())
            .copied()
            .collect()
    }
}

/// What somebody is who is all of this: the highest role, silenced if anywhere.
fn joined(all: impl Iterator<Item = Membership>) -> Option<Membership> {
    all.reduce(|one, other| Membership {
        role: one.role.max(other.role),
        status: match other.status {
            MemberStatus::Muted => other.status,
            _ => one.status,
        },
    })
}

/// What somebody is to be from now on.
struct Step {
    user: UserId,
    wanted: Membership,
    is_new: bool,
}

/// The first people of a channel that was just made.
pub(super) async fn join_first(
    connection: &mut Connection,
    channel: &Channel,
    first: &[(UserId, Role)],
) -> Result<(), AppError> {
    for role in [Role::Owner, Role::Member] {
        let users = first.iter().filter(|(_, own)| *own == role);
        let users: Vec<UserId> = users.map(|(user, _)| *user).collect();
        if !users.is_empty() {
            channels::join_first(connection, channel, &users, role).await?;
        }
    }
    Ok(())
}

/// Adds who is not in the channel, and gives the others the role and the silence they are to have.
pub(super) async fn add(
    connection: &mut Connection,
    context: &Context,
    channel: &Channel,
    people: &People,
) -> Result<Vec<LoggedEvent>, AppError> {
    let mut logged = Vec::new();
    let users = people.users();
    if users.is_empty() {
        return Ok(logged);
    }
    let current = members::list_memberships_of(connection, channel.id, &users).await?;
    let steps = people.steps(&current);
    let is_one_event = |a: &Step, b: &Step| a.is_new && b.is_new && a.wanted.role == b.wanted.role;
    for run in steps
        .chunk_by(is_one_event)
        .flat_map(|run| run.chunks(PEOPLE))
    {
        if let Some(first) = run.first().filter(|step| step.is_new) {
            let users = run.iter().map(|step| step.user).collect();
            let place = (channel, first.wanted.role);
            logged.push(take_in(connection, context, users, place).await?);
        }
        // Who joins is active at first.
        for step in run.iter().filter(|step| !step.is_new || step.is_silenced()) {
            let (user, membership) = (step.user, step.wanted);
            let standing = Standing { user, membership };
            logged.push(set_standing(connection, context, channel.id, standing).await?);
        }
    }
    Ok(logged)
}

impl Step {
    fn is_silenced(&self) -> bool {
        self.wanted.status == MemberStatus::Muted
    }
}
