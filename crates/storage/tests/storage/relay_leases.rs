//! Leases change hands only when they are given up or over, and each time under a new epoch.

use std::time::Duration;

use discuss_storage::Connection;
use discuss_storage::relay::Shard;
use discuss_storage::relay::leases::{give_up, lock_all, renew, sign_in, sign_out, take};
use discuss_test_support::World;
use uuid::Uuid;

use crate::fixture::until_somebody_waits;

const TERM: Duration = Duration::from_mins(1);
/// A term that is over as soon as it was given.
const OVER: Duration = Duration::ZERO;

fn shards(numbers: &[i16]) -> Vec<Shard> {
    numbers.iter().copied().map(Shard::from).collect()
}

async fn epochs(connection: &mut Connection, process: Uuid) -> Vec<(i16, i64)> {
    let held = renew(connection, process, TERM).await.unwrap();
    let mut held: Vec<_> = held
        .iter()
        .map(|(shard, epoch)| (shard.get(), *epoch))
        .collect();
    held.sort_unstable();
    held
}

#[tokio::test]
async fn at_first_all_sixteen_shards_are_nobodys_and_over() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let leases = lock_all(&mut connection).await.unwrap();
    let numbers: Vec<i16> = leases.iter().map(|lease| lease.shard.get()).collect();
    assert_eq!(numbers, (0..16).collect::<Vec<i16>>());
    assert!(
        leases
            .iter()
            .all(|lease| lease.is_over && lease.holder.is_none())
    );
}

#[tokio::test]
async fn each_time_a_lease_is_taken_its_epoch_grows_and_renewing_keeps_it() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    take(&mut connection, one, TERM, &shards(&[3, 4]))
        .await
        .unwrap();
    assert_eq!(epochs(&mut connection, one).await, [(3, 1), (4, 1)]);
    assert_eq!(epochs(&mut connection, one).await, [(3, 1), (4, 1)]);
    take(&mut connection, other, TERM, &shards(&[4]))
        .await
        .unwrap();
    assert_eq!(epochs(&mut connection, one).await, [(3, 1)]);
    assert_eq!(epochs(&mut connection, other).await, [(4, 2)]);
}

#[tokio::test]
async fn a_lease_is_over_when_its_term_is_and_not_before() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let process = Uuid::new_v4();
    take(&mut connection, process, OVER, &shards(&[0]))
        .await
        .unwrap();
    take(&mut connection, process, TERM, &shards(&[1]))
        .await
        .unwrap();
    let leases = lock_all(&mut connection).await.unwrap();
    assert!(leases[0].is_over && !leases[1].is_over);
    assert!(
        leases[..2]
            .iter()
            .all(|lease| lease.holder == Some(process))
    );
}

#[tokio::test]
async fn what_is_given_up_is_free_at_once_and_only_the_holder_gives_it_up() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    take(&mut connection, one, TERM, &shards(&[0, 1]))
        .await
        .unwrap();
    give_up(&mut connection, other, &shards(&[0, 1]))
        .await
        .unwrap();
    give_up(&mut connection, one, &shards(&[1])).await.unwrap();
    let leases = lock_all(&mut connection).await.unwrap();
    assert_eq!((leases[0].holder, leases[0].is_over), (Some(one), false));
    assert_eq!((leases[1].holder, leases[1].epoch), (None, 1));
    assert!(leases[1].is_over);
}

#[tokio::test]
async fn processes_know_each_other_until_they_sign_out_or_fall_silent() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let (one, other, silent) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(
        sign_in(&mut connection, silent, OVER).await.unwrap(),
        [silent]
    );
    assert_eq!(sign_in(&mut connection, one, TERM).await.unwrap(), [one]);
    let mut both = sign_in(&mut connection, other, TERM).await.unwrap();
    both.sort_unstable();
    let mut expected = [one, other];
    expected.sort_unstable();
    assert_eq!(both, expected);
    let kept = "SELECT count(*) FROM relay_processes";
    assert_eq!(world.number(kept).await, 2);

    take(&mut connection, one, TERM, &shards(&[5]))
        .await
        .unwrap();
    sign_out(&mut connection, one).await.unwrap();
    assert_eq!(
        sign_in(&mut connection, other, TERM).await.unwrap(),
        [other]
    );
    let leases = lock_all(&mut connection).await.unwrap();
    assert!(leases.iter().all(|lease| lease.holder.is_none()));
}

#[tokio::test]
async fn who_changes_leases_waits_for_who_does_already_and_sees_what_they_did() {
    let world = World::new().await;
    let process = Uuid::new_v4();
    let first = world.database.client().await;
    let locked = "BEGIN; SELECT 1 FROM relay_leases FOR UPDATE";
    first.batch_execute(locked).await.unwrap();
    let database = world.database.database().clone();
    let second = tokio::spawn(async move {
        let mut second = database.connection().await.unwrap();
        lock_all(&mut second).await.unwrap()
    });
    until_somebody_waits(&world, "relay_leases").await;
    let taken =
        format!("UPDATE relay_leases SET holder = '{process}', epoch = 1 WHERE shard = 7; COMMIT");
    first.batch_execute(&taken).await.unwrap();
    let seen = second.await.unwrap();
    assert_eq!((seen[7].holder, seen[7].epoch), (Some(process), 1));
}
