//! The leases by which somebody is there.

use std::time::Duration;

use discuss_app::presence::{Links, NewLink, Terms, get, tell_changes};
use discuss_domain::presence::{Device, Status};
use discuss_domain::{TenantId, UserId};
use discuss_storage::redis::presence::{Known, Patience, PresenceStore};
use discuss_test_support::{World, until};
use uuid::Uuid;

/// It was looked lately.
const PATIENT: Patience = Patience {
    looked_within_ms: 60_000,
    grace_ms: 60_000,
};

fn link(user: i64) -> NewLink {
    NewLink {
        person: (TenantId::from(World::TENANT), UserId::from(user)),
        link: Uuid::new_v4(),
        device: Device::Web,
        is_active: true,
    }
}

fn links(world: &World, lease: Duration) -> Links {
    let grace = Duration::ZERO;
    Links::new(world.app.clone(), Terms { lease, grace })
}

async fn status(world: &World, user: i64) -> Status {
    let seen = get(&world.app, &World::person(1), UserId::from(user)).await;
    seen.unwrap().presence.status()
}

/// Takes the only one who is to be told of, as soon as somebody is.
async fn take_one(store: &PresenceStore, again_ms: u64) -> Known {
    let mut one = None;
    until("somebody is taken", async || {
        let taken = store.clone().take_changed(16, again_ms).await.unwrap();
        one = taken.into_iter().next();
        one.is_some()
    })
    .await;
    one.unwrap()
}

#[tokio::test]
async fn whoever_is_not_heard_of_again_is_gone_and_is_held_anew_when_their_gateway_comes_back() {
    let world = World::new().await;
    let (short, lasting) = (link(2), link(3));
    let held = links(&world, Duration::from_millis(1)).hold(&[short]).await;
    assert_eq!(held.unwrap(), [1]);
    let long = links(&world, Duration::from_mins(1));
    assert_eq!(long.hold(&[lasting]).await.unwrap(), [1]);
    until("the short lease ends", async || {
        tell_changes(&world.app, Duration::from_mins(1))
            .await
            .unwrap();
        status(&world, 2).await == Status::Offline
    })
    .await;
    assert_eq!(status(&world, 3).await, Status::Online);

    let both = [lasting, short].map(|link| (link.person, link.link));
    assert_eq!(long.renew(&both).await.unwrap(), [1]);
    assert_eq!(long.hold(&[short]).await.unwrap(), [1]);
    assert_eq!(status(&world, 2).await, Status::Online);
    assert!(long.renew(&both).await.unwrap().is_empty());
}

#[tokio::test]
async fn connections_that_are_ending_do_not_count_among_those_that_somebody_has() {
    let world = World::new().await;
    let (first, second) = (link(2), link(2));
    let lease = Duration::from_mins(1);
    let terms = Terms {
        lease,
        grace: lease,
    };
    let links = Links::new(world.app.clone(), terms);
    assert_eq!(links.hold(&[first, second]).await.unwrap(), [1, 2]);
    links.release(&[(first.person, first.link)]).await.unwrap();
    assert_eq!(status(&world, 2).await, Status::Online);
    assert_eq!(links.hold(&[link(2)]).await.unwrap(), [2]);
}

#[tokio::test]
async fn connections_that_nobody_renews_do_not_count_among_those_that_somebody_has() {
    let world = World::new().await;
    let links = links(&world, Duration::from_secs(1));
    assert_eq!(links.hold(&[link(2), link(2)]).await.unwrap(), [1, 2]);
    let renewed = link(2);
    assert_eq!(links.hold(&[renewed]).await.unwrap(), [3]);
    until("the others count no more", async || {
        links.hold(&[renewed]).await.unwrap() == [1]
    })
    .await;
}

#[tokio::test]
async fn whoever_was_to_be_told_of_by_a_process_that_ended_is_taken_by_another() {
    let world = World::new().await;
    let links = links(&world, Duration::from_mins(1));
    links.hold(&[link(2)]).await.unwrap();
    let mut store = world.app.redis().presence().await.unwrap();
    let taken = store.take_changed(16, 1).await.unwrap();
    assert_eq!(taken.len(), 1);
    let again = take_one(&store, 1).await;
    let person = again.person;
    assert_eq!(taken[0].person, person);
    // The first has nothing more to say.
    store.note_told(&[], &taken).await.unwrap();
    let again = take_one(&store, 1).await;
    store.note_told(&[], &[again]).await.unwrap();
    // Another, of whom nothing is noted, is taken again and again; they are not.
    links.hold(&[link(3)]).await.unwrap();
    for _ in 0..2 {
        until("another is taken", async || {
            let taken = store.clone().take_changed(16, 1).await.unwrap();
            assert!(taken.iter().all(|known| known.person != person));
            taken.len() == 1
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_told_late_is_put_right() {
    let world = World::new().await;
    let links = links(&world, Duration::from_mins(1));
    let online = link(2);
    links.hold(&[online]).await.unwrap();
    let mut store = world.app.redis().presence().await.unwrap();
    let again = 60_000;
    let early = take_one(&store, again).await;
    links
        .release(&[(online.person, online.link)])
        .await
        .unwrap();
    assert_eq!(store.forget_ended(16, PATIENT).await.unwrap(), 1);
    let late = take_one(&store, again).await;
    assert_eq!(late.presence.status(), Status::Offline);
    // Others are told that they are gone, and then by whoever took them before that they are there.
    store.note_told(&[late], &[]).await.unwrap();
    store.note_told(&[early], &[]).await.unwrap();
    let last = take_one(&store, again).await;
    let told = last.told.clone().unwrap();
    assert!(told.starts_with("ONLINE") && told != last.presence.told());
    assert_eq!(last.presence.status(), Status::Offline);
    let person = last.person;
    store.note_told(&[last], &[]).await.unwrap();
    // Now it is as they were told.
    store.choose(person, None, None).await.unwrap();
    let last = take_one(&store, again).await;
    assert_eq!(last.told, Some(last.presence.told()));
}

#[tokio::test]
async fn of_whom_two_tell_at_the_same_time_others_are_told_once_more() {
    let world = World::new().await;
    let links = links(&world, Duration::from_mins(1));
    links.hold(&[link(2)]).await.unwrap();
    let mut store = world.app.redis().presence().await.unwrap();
    let early = take_one(&store, 1).await;
    let late = take_one(&store, 60_000).await;
    store.note_told(&[early], &[]).await.unwrap();
    store.note_told(&[late], &[]).await.unwrap();
    let last = take_one(&store, 60_000).await;
    assert_ne!(last.told, Some(last.presence.told()));
}

#[tokio::test]
async fn leases_that_ended_while_nobody_could_look_can_still_be_renewed_for_a_while() {
    let world = World::new().await;
    let mut store = world.app.redis().presence().await.unwrap();
    assert_eq!(store.forget_ended(16, PATIENT).await.unwrap(), 0);
    let (lost, renewed) = (link(2), link(3));
    let over = links(&world, Duration::ZERO);
    over.hold(&[lost, renewed]).await.unwrap();
    let patience = Patience {
        looked_within_ms: 0,
        grace_ms: 1,
    };
    assert_eq!(store.forget_ended(16, patience).await.unwrap(), 0);
    let long = links(&world, Duration::from_mins(1));
    let forgotten = long.renew(&[(renewed.person, renewed.link)]).await;
    assert!(forgotten.unwrap().is_empty());
    until("the grace is over", async || {
        store.clone().forget_ended(16, PATIENT).await.unwrap() == 1
    })
    .await;
    assert_eq!(status(&world, 2).await, Status::Offline);
    assert_eq!(status(&world, 3).await, Status::Online);
}
