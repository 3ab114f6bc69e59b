//! Sends and changes at once: whatever happens, all that is counted is what is there.

use std::time::Duration;

use discuss_app::messages::change::{delete, edit};
use discuss_app::messages::send;
use discuss_app::reactions::{add, remove};
use discuss_app::{App, AppError, Database};
use discuss_domain::messages::{Content, Draft};
use discuss_domain::reactions::Emoji;
use discuss_domain::{ChannelId, MessageId};
use discuss_test_support::World;
use discuss_wire::errors::ErrorCode;

use crate::fixture::lock;
use crate::proxy::{Cut, Proxy};

const DAY: Duration = Duration::from_hours(24);

async fn say(app: &App, user: i64, channel: ChannelId, parent: Option<MessageId>) -> Outcome {
    let draft = Draft {
        parent_id: parent,
        ..World::draft("text")
    };
    let sent = send(app, &World::person(user), channel, draft).await;
    sent.map(|_| ())
}

type Outcome = Result<(), AppError>;

/// Does one of the things that people do.
async fn act(
    app: &App,
    (user, step): (i64, usize),
    channel: ChannelId,
    roots: &[MessageId],
) -> Outcome {
    let person = World::person(user);
    let root = roots[step % roots.len()];
    let emoji = Emoji::parse(["👍", "🎉"][step % 2]).unwrap();
    match (step / 2) % 6 {
        0 => say(app, user, channel, None).await,
        1 | 2 => say(app, user, channel, Some(root)).await,
        3 => {
            let content = Content::parse(format!("{user}-{step}")).unwrap();
            let edited = edit(app, &person, root.into(), (content, DAY)).await;
            edited.map(drop)
        }
        4 => add(app, &person, root.into(), emoji).await.map(drop),
        _ => remove(app, &person, root.into(), emoji).await.map(drop),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_do_at_once_in_two_processes_leaves_everything_consistent() {
    let world = World::new().await;
    let channel = world.group(1, &[2, 3, 4, 5]).await;
    let mut roots = Vec::new();
    for user in 1..=5 {
        roots.push(world.send(user, channel, "root").await.id);
    }
    let apps = [world.app.clone(), world.another_app()];
    let mut tasks = tokio::task::JoinSet::new();
    for place in 0..20_usize {
        let user = i64::try_from(1 + place % 5).unwrap();
        let (app, roots) = (apps[place % 2].clone(), roots.clone());
        tasks.spawn(async move {
            for step in 0..24 {
                let done = act(&app, (user, step * 7 + place / 5), channel, &roots).await;
                let refused = done.err().map(|error| error.code());
                // Of others' messages nothing is edited.
                assert!(
                    matches!(refused, None | Some(ErrorCode::Forbidden)),
                    "{refused:?}"
                );
            }
        });
    }
    tasks.join_all().await;
    world.require_consistent().await;
    let replies = "SELECT count(*) FROM messages WHERE parent_id IS NOT NULL";
    let counted = "SELECT sum(thread_count)::bigint FROM messages";
    assert_eq!(world.number(replies).await, world.number(counted).await);
    let owner = World::person(1);
    for root in &roots[1..] {
        delete(&world.app, &owner, (*root).into()).await.unwrap();
    }
    world.require_consistent().await;
}

/// Hands over whatever these do, in their order, while the channel is locked.
async fn while_locked(
    world: &World,
    channel: ChannelId,
    acts: Vec<std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>>>,
) -> Vec<Option<ErrorCode>> {
    let holder = lock(world, channel).await;
    let many = acts.len();
    let tasks: Vec<_> = acts.into_iter().map(tokio::spawn).collect();
    // All have handed over their commands once they all wait for answers.
    for _ in 0..many * 10 {
        tokio::task::yield_now().await;
    }
    holder.batch_execute("COMMIT").await.unwrap();
    let mut refusals = Vec::new();
    for task in tasks {
        let done = task.await.unwrap();
        refusals.push(done.err().map(|error| error.code()));
    }
    refusals
}

#[tokio::test]
async fn commands_of_one_group_see_what_those_before_them_made() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let kept = world.send(1, channel, "kept").await.id;
    let gone = world.send(1, channel, "gone").await.id;
    let app = &world.app;
    let react = |user, message: MessageId| {
        let (app, emoji) = (app.clone(), Emoji::parse("👍").unwrap());
        async move {
            let person = World::person(user);
            add(&app, &person, (channel, message).into(), emoji)
                .await
                .map(drop)
        }
    };
    let remove = |message: MessageId| {
        let app = app.clone();
        async move {
            let person = World::person(1);
            let deleted = delete(&app, &person, (channel, message).into()).await;
            deleted.map(drop)
        }
    };
    let speak = |user, parent| {
        let app = app.clone();
        async move { say(&app, user, channel, parent).await }
    };
    let refusals = while_locked(
        &world,
        channel,
        vec![
            Box::pin(speak(1, None)),
            Box::pin(react(1, kept)),
            Box::pin(react(2, kept)),
            Box::pin(speak(2, Some(kept))),
            Box::pin(react(1, gone)),
            Box::pin(remove(gone)),
            Box::pin(react(1, gone)),
            Box::pin(react(2, gone)),
            Box::pin(speak(2, Some(gone))),
            Box::pin(speak(2, None)),
        ],
    )
    .await;
    let late = Some(ErrorCode::MessageDeleted);
    assert_eq!(refusals[..6], [None; 6]);
    assert_eq!(refusals[6..], [late, late, late, None]);
    let reacted = "SELECT jsonb_array_length(reactions -> 0 -> 'userIds')::bigint FROM messages
        WHERE content = 'kept' AND thread_count = 1";
    assert_eq!(world.number(reacted).await, 2);
    let groups = "SELECT count(DISTINCT group_id) FROM channel_events WHERE seq > 4";
    assert_eq!(world.number(groups).await, 1);
    let kinds = "SELECT count(DISTINCT kind) FROM channel_events WHERE seq > 4";
    assert_eq!(world.number(kinds).await, 4);
    world.require_consistent().await;
}

/// The server's word for a COMMIT that was done.
const COMMITTED: &str = "COMMIT\0";

#[tokio::test]
async fn a_change_whose_commit_was_done_but_not_answered_is_made_once() {
    let world = World::new().await;
    let proxy = Proxy::start(world.database.url()).await;
    let database = Database::new(proxy.url(), 4).unwrap();
    let app = App::start(database, world.app.redis().clone());
    let channel = world.group(1, &[2]).await;
    let sent = world.send(1, channel, "before").await.id;
    let person = World::person(1);

    proxy.cut(Cut::Answer("in doubt", COMMITTED));
    let content = Content::parse("in doubt".to_owned()).unwrap();
    let edited = edit(&app, &person, sent.into(), (content, DAY)).await;
    let edited = edited.unwrap();
    assert!(proxy.was_cut() && !edited.is_repeat);
    assert_eq!(edited.message.content.as_deref(), Some("in doubt"));

    proxy.cut(Cut::Request("never arrived"));
    let content = Content::parse("never arrived".to_owned()).unwrap();
    let edited = edit(&app, &person, sent.into(), (content, DAY)).await;
    assert!(proxy.was_cut() && !edited.unwrap().is_repeat);

    let edits = "SELECT count(*) FROM channel_events WHERE kind = 'message_edited'";
    assert_eq!(world.number(edits).await, 2);
    say(&app, 1, channel, Some(sent)).await.unwrap();
    say(&app, 1, channel, None).await.unwrap();
    say(&app, 1, channel, None).await.unwrap();
    world.require_consistent().await;
}
