//! Which leases a process takes and which it gives up: pure.

use discuss_storage::relay::Shard;
use discuss_storage::relay::leases::Lease;
use uuid::Uuid;

/// What a process does with the leases.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Those it gives up: more than its share.
    pub(super) give_up: Vec<Shard>,
    /// Those it takes: nobody has them any more.
    pub(super) take: Vec<Shard>,
}

/// What `me` does, `processes` being all that relay, itself among them.
///
/// The shares are those of equal parts, the first processes (in the order of their ids) having one more
/// where 16 can't be parted: together they are exactly 16, so that nothing is left over or fought for.
pub(super) fn changes(leases: &[Lease], processes: &[Uuid], me: Uuid) -> Changes {
    let share = share(processes, me);
    let shards = |which: &dyn Fn(&&Lease) -> bool| {
        let shards = leases.iter().filter(which).map(|lease| lease.shard);
        shards.collect::<Vec<Shard>>()
    };
    let mine = shards(&|lease| lease.holder == Some(me));
    let mut free =
        shards(&|lease| lease.holder.is_none() || (lease.is_over && lease.holder != Some(me)));
    free.truncate(share.saturating_sub(mine.len()));
    Changes {
        give_up: mine.into_iter().skip(share).collect(),
        take: free,
    }
}

fn share(processes: &[Uuid], me: Uuid) -> usize {
    let count = processes.len().max(1);
    let place = processes.iter().filter(|process| **process < me).count();
    let whole = Shard::COUNT.checked_div(count).unwrap_or_default();
    let rest = Shard::COUNT.checked_rem(count).unwrap_or_default();
    if place < rest {
        whole.saturating_add(1)
    } else {
        whole
    }
}

#[cfg(test)]
mod tests;
