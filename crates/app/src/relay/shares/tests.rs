//! How processes share the shards, whoever comes and goes.

use super::*;

fn process(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn nobodys() -> Vec<Lease> {
    let lease = |number| Lease {
        shard: Shard::from(number),
        epoch: 0,
        holder: None,
        is_over: true,
    };
    (0..16).map(lease).collect()
}

/// Lets a process do what it does, and says what that was.
fn keep(leases: &mut [Lease], processes: &[Uuid], me: Uuid) -> Changes {
    let changes = changes(leases, processes, me);
    for lease in leases {
        if changes.give_up.contains(&lease.shard) {
            lease.holder = None;
        }
        if changes.take.contains(&lease.shard) {
            (lease.holder, lease.is_over) = (Some(me), false);
        }
    }
    changes
}

fn held(leases: &[Lease], by: Uuid) -> usize {
    let held = leases.iter().filter(|lease| lease.holder == Some(by));
    held.count()
}

#[test]
fn a_process_that_is_alone_takes_everything_and_then_nothing() {
    let mut leases = nobodys();
    let first = keep(&mut leases, &[process(1)], process(1));
    assert_eq!(first.take.len(), 16);
    let second = keep(&mut leases, &[process(1)], process(1));
    assert_eq!(second, Changes::default());
}

#[test]
fn whatever_number_of_processes_there_is_each_has_an_equal_part_after_two_rounds() {
    for count in 1..=20_u128 {
        let mut leases = nobodys();
        keep(&mut leases, &[process(1)], process(1));
        let processes: Vec<Uuid> = (1..=count).map(process).collect();
        for me in processes.iter().chain(&processes) {
            keep(&mut leases, &processes, *me);
        }
        let parts: Vec<usize> = processes.iter().map(|me| held(&leases, *me)).collect();
        let (least, most) = (parts.iter().min().unwrap(), parts.iter().max().unwrap());
        assert_eq!(parts.iter().sum::<usize>(), 16, "{parts:?}");
        assert!(most - least <= 1, "{parts:?}");
    }
}

#[test]
fn what_a_dead_process_held_is_taken_only_when_it_is_over() {
    let (dead, me) = (process(1), process(2));
    let mut leases = nobodys();
    keep(&mut leases, &[dead, me], dead);
    keep(&mut leases, &[dead, me], me);
    assert_eq!(keep(&mut leases, &[me], me), Changes::default());
    for lease in &mut leases {
        lease.is_over = lease.holder == Some(dead);
    }
    assert_eq!(keep(&mut leases, &[me], me).take.len(), 8);
    assert_eq!(held(&leases, me), 16);
}

#[test]
fn a_late_process_keeps_its_own_leases_though_they_are_over() {
    let me = process(1);
    let mut leases = nobodys();
    keep(&mut leases, &[me], me);
    for lease in &mut leases {
        lease.is_over = true;
    }
    assert_eq!(keep(&mut leases, &[me], me), Changes::default());
}
