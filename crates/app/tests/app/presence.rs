//! The leases by which somebody is there.

use std::time::Duration;

use discuss_app::presence::{Links, NewLink, Terms, get, tell_changes};
use discuss_domain::presence::{Device, Status};
use discuss_domain::{TenantId, UserId};
use discuss_test_support::{World, until};
use uuid::Uuid;

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

#[tokio::test]
async fn whoever_is_not_heard_of_again_is_gone_and_is_held_anew_when_their_gateway_comes_back() {
    let world = World::new().await;
    let (short, lasting) = (link(2), link(3));
    let held = links(&world, Duration::from_millis(1)).hold(&[short]).await;
    assert_eq!(held.unwrap(), [1]);
    let long = links(&world, Duration::from_mins(1));
    assert_eq!(long.hold(&[lasting]).await.unwrap(), [1]);
    until("the short lease ends", async || {
        tell_changes(&world.app).await.unwrap();
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
    assert_eq!(store.take_changed(16, 1).await.unwrap().len(), 1);
    until("they are taken again", async || {
        let taken = store.clone().take_changed(16, 1).await.unwrap();
        taken.len() == 1
    })
    .await;
    let person = (TenantId::from(World::TENANT), UserId::from(2));
    store.note_told(&[], &[person]).await.unwrap();
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
