//! What the tests of storage share: people, times, and rows that no storage function makes.

use chrono::{DateTime, Utc};
use discuss_domain::channels::{Channel, ChannelName, DirectPair, NewGroup};
use discuss_domain::members::{ReadMark, Role};
use discuss_domain::{ChannelId, EventKind, Seq, TenantId, UserId};
use discuss_storage::channels::{Maker, insert_direct, insert_group};
use discuss_storage::event_log::NewEvent;
use discuss_storage::members::{Joining, join};
use discuss_storage::{Connection, event_log};
use discuss_test_support::World;

/// The tenant of everybody who is not said to be of another.
pub(crate) fn tenant() -> TenantId {
    TenantId::from(World::TENANT)
}

/// Another tenant.
pub(crate) fn elsewhere() -> TenantId {
    TenantId::from(World::TENANT + 1)
}

pub(crate) fn user(id: i64) -> UserId {
    UserId::from(id)
}

pub(crate) fn users(ids: &[i64]) -> Vec<UserId> {
    ids.iter().copied().map(UserId::from).collect()
}

/// A time, so many seconds after the first.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

pub(crate) fn maker(tenant: TenantId, id: i64) -> Maker {
    Maker {
        tenant,
        user: user(id),
        at: at(0),
    }
}

pub(crate) fn named(name: &str) -> NewGroup {
    NewGroup {
        name: ChannelName::parse(name).unwrap(),
        description: None,
        is_private: true,
        members: Vec::new(),
        metadata: None,
    }
}

/// A group of a tenant with these people, the first of them its owner.
pub(crate) async fn group(connection: &mut Connection, tenant: TenantId, ids: &[i64]) -> Channel {
    let count = i32::try_from(ids.len()).unwrap();
    let maker = maker(tenant, ids[0]);
    let channel = insert_group(connection, maker, &named("Team"), count).await;
    let channel = channel.unwrap();
    enter(connection, &channel, &ids[..1], Role::Owner).await;
    if ids.len() > 1 {
        enter(connection, &channel, &ids[1..], Role::Member).await;
    }
    log(connection, &channel, EventKind::ChannelCreated, ids).await;
    channel
}

/// The direct channel of two people.
pub(crate) async fn direct(connection: &mut Connection, one: i64, other: i64) -> Channel {
    let pair = DirectPair::new(user(one), user(other)).unwrap();
    let made = insert_direct(connection, maker(tenant(), one), pair).await;
    let channel = made.unwrap().unwrap();
    enter(connection, &channel, &[one, other], Role::Member).await;
    channel
}

/// Makes people members who have read everything so far.
pub(crate) async fn enter(connection: &mut Connection, channel: &Channel, ids: &[i64], role: Role) {
    let joining = Joining {
        tenant: channel.tenant_id,
        channel: channel.id,
        users: &users(ids),
        role,
        read: ReadMark {
            message_id: None,
            seq: channel.counters.last_seq,
            count: channel.counters.unread_count_base,
        },
        at: channel.created_at,
    };
    join(connection, &joining).await.unwrap();
}

/// Appends an event with the channel's newest seq.
pub(crate) async fn log(
    connection: &mut Connection,
    channel: &Channel,
    kind: EventKind,
    ids: &[i64],
) {
    let people = users(ids);
    let event = new_event(channel, channel.counters.last_seq, kind, &people);
    event_log::append(connection, &event).await.unwrap();
}

pub(crate) fn new_event<'a>(
    channel: &Channel,
    seq: Seq,
    kind: EventKind,
    people: &'a [UserId],
) -> NewEvent<'a> {
    NewEvent {
        tenant: channel.tenant_id,
        channel: channel.id,
        seq,
        kind,
        actor: channel.created_by,
        users: people,
        membership: None,
        at: at(1),
        correlation_id: None,
        traceparent: None,
    }
}

/// Waits until some statement that contains `part` waits for a lock in this world's database.
pub(crate) async fn until_somebody_waits(world: &World, part: &str) {
    let client = world.database.client().await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                  AND datname = current_database() AND query LIKE $1";
    let pattern = format!("%{part}%");
    discuss_test_support::until("a statement waits for a lock", async || {
        let row = client.query_one(sql, &[&pattern]).await.unwrap();
        row.get::<_, i64>(0) > 0
    })
    .await;
}

/// The number of a channel, for SQL.
pub(crate) fn id(channel: &Channel) -> i64 {
    channel.id.get()
}

/// Somebody talks to a channel as if it were new: only its id counts.
pub(crate) fn channel_id(id: i64) -> ChannelId {
    ChannelId::from(id)
}
