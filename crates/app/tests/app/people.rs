//! What tokens say of people is kept.

use discuss_app::users::{remember, remember_all};
use discuss_domain::users::Caller;
use discuss_test_support::World;

fn called(name: Option<&str>) -> Caller {
    Caller {
        name: name.map(str::to_owned),
        email: None,
        ..World::person(7).caller
    }
}

#[tokio::test]
async fn a_name_is_kept_until_a_token_says_another() {
    let world = World::new().await;
    let named = async |name: &str| {
        let sql = format!("SELECT count(*) FROM users WHERE user_id = 7 AND name = '{name}'");
        world.number(&sql).await == 1
    };
    remember(&world.app, &called(None)).await;
    assert_eq!(world.number("SELECT count(*) FROM users").await, 0);
    remember(&world.app, &called(Some("Lan"))).await;
    assert!(named("Lan").await);
    remember(&world.app, &called(None)).await;
    assert!(named("Lan").await);
    remember(&world.app, &called(Some("Lan Tran"))).await;
    assert!(named("Lan Tran").await);
}

#[tokio::test]
async fn what_was_stored_already_is_not_written_again() {
    let world = World::new().await;
    remember(&world.app, &called(Some("Lan"))).await;
    world.execute("UPDATE users SET name = 'untouched'").await;
    remember(&world.app, &called(Some("Lan"))).await;
    let untouched = "SELECT count(*) FROM users WHERE name = 'untouched'";
    assert_eq!(world.number(untouched).await, 1);
}

#[tokio::test]
async fn a_name_that_could_not_be_stored_is_stored_the_next_time() {
    let world = World::new().await;
    world.execute("ALTER TABLE users RENAME TO away").await;
    remember(&world.app, &called(Some("Lan"))).await;
    world.execute("ALTER TABLE away RENAME TO users").await;
    remember(&world.app, &called(Some("Lan"))).await;
    assert_eq!(world.number("SELECT count(*) FROM users").await, 1);
}

#[tokio::test]
async fn of_who_is_twice_among_many_the_later_counts_and_takes_nothing_away() {
    let world = World::new().await;
    let first = Caller {
        email: Some("lan@x".to_owned()),
        ..called(Some("Lan"))
    };
    let many = [first, called(Some("Lan Tran"))];
    remember_all(&world.app, &many).await;
    let kept = "SELECT count(*) FROM users WHERE name = 'Lan Tran' AND email = 'lan@x'";
    assert_eq!(world.number(kept).await, 1);
}
