//! Who may see business records, by what their services say.

use std::collections::BTreeSet;
use std::time::Duration;

use discuss_app::identity::Identity;
use discuss_app::services::ServiceSettings;
use discuss_app::{App, Context, Passport, Services, channels, messages};
use discuss_domain::ChannelId;
use discuss_domain::channels::ListFilter;
use discuss_domain::entities::{EntityType, Happened, RecordRef};
use discuss_domain::messages::history::{Cursor, Scope};
use discuss_storage::redis::Redis;
use discuss_test_support::{HttpServer, Reply, World};
use discuss_wire::errors::ErrorCode;

use crate::entities::{channel_of, deliver, event, record};
use crate::fixture::{refusal, users};

/// A world beside a CRM.
pub(crate) async fn beside(crm: &HttpServer) -> World {
    World::with_services(&crm_at(crm.url())).await
}

fn crm_at(url: String) -> ServiceSettings {
    ServiceSettings {
        crm: Some(url),
        limit: Duration::from_millis(300),
        ..ServiceSettings::default()
    }
}

/// The channel of a customer, with 6 as its only member.
async fn customer_of_six(world: &World) -> (RecordRef, ChannelId) {
    let customer = record(EntityType::Customer, "7");
    let mut created = event(&customer, 1, Happened::Created { by: None });
    created.facts.people = users(&[6]);
    deliver(&world.app, &created, "created").await;
    let channel = channel_of(world, &customer).await.id;
    (customer, channel)
}

async fn read(world: &World, context: &Context, channel: ChannelId) -> Result<(), ErrorCode> {
    let read = messages::list(
        &world.app,
        context,
        channel,
        Scope::WithReplies,
        (Cursor::Newest, 10),
    )
    .await;
    read.map(|_| ()).map_err(|error| error.code())
}

#[tokio::test]
async fn a_member_reads_and_sends_only_while_the_service_says_yes() {
    let crm = HttpServer::start(|_| Reply::status(403)).await;
    let world = beside(&crm).await;
    let (_, channel) = customer_of_six(&world).await;
    let six = world.bearer(6);
    let denied = Err(ErrorCode::EntityAccessDenied);
    assert_eq!(read(&world, &six, channel).await, denied);
    let sent = messages::send(&world.app, &six, channel, World::draft("hi")).await;
    assert_eq!(refusal(sent), ErrorCode::EntityAccessDenied);
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 1);

    crm.say(|_| Reply::status(200));
    let other = World::with_services(&crm_at(crm.url())).await;
    let (_, channel) = customer_of_six(&other).await;
    let six = other.bearer(6);
    assert_eq!(read(&other, &six, channel).await, Ok(()));
    let sent = messages::send(&other.app, &six, channel, World::draft("hi")).await;
    sent.unwrap();
}

#[tokio::test]
async fn a_list_of_channels_tells_nothing_of_what_is_said_beside_records_that_the_caller_may_not_see()
 {
    let crm = HttpServer::start(|asked| {
        let is_seen = asked.contains("/customers/8 ");
        Reply::status(if is_seen { 200 } else { 403 })
    })
    .await;
    let world = beside(&crm).await;
    let group = world.group(6, &[]).await;
    world.send(6, group, "in a group").await;
    for id in ["7", "8", "9"] {
        let mut created = event(
            &record(EntityType::Customer, id),
            1,
            Happened::Created { by: None },
        );
        created.facts.people = users(&[6]);
        deliver(&world.app, &created, id).await;
    }
    let six = world.bearer(6);
    for asked in [3, 3] {
        let list = channels::list(&world.app, &six, ListFilter::default(), (0, 10)).await;
        let (seen, total) = list.unwrap();
        assert_eq!((seen.len(), total), (4, 4));
        let mut told: Vec<_> = seen
            .iter()
            .map(|seen| {
                (
                    seen.channel.name.as_deref().unwrap(),
                    seen.last_message.is_some(),
                )
            })
            .collect();
        told.sort_unstable();
        assert_eq!(told[0], ("Customer 7", false));
        assert_eq!(told[1], ("Customer 9", false));
        assert!(told[2].0.starts_with("Customer: ") && told[2].1, "{told:?}");
        assert!(told[3].1);
        assert_eq!(crm.requests().len(), asked);
    }
}

#[tokio::test]
async fn a_plain_answer_is_kept_and_a_doubtful_one_is_not() {
    let denied = Err(ErrorCode::EntityAccessDenied);
    for (reply, answer, asked) in [
        (Reply::status(200), Ok(()), 1),
        (Reply::Half(200), Ok(()), 1),
        (Reply::status(401), denied, 2),
        (Reply::status(403), denied, 1),
        (Reply::status(404), denied, 1),
        (Reply::status(429), denied, 2),
        (Reply::status(500), denied, 2),
        (Reply::Redirect("/login".to_owned()), denied, 2),
        (Reply::Silence, denied, 2),
    ] {
        let says = reply.clone();
        let crm = HttpServer::start(move |_| says.clone()).await;
        let world = beside(&crm).await;
        let (_, channel) = customer_of_six(&world).await;
        let six = world.bearer(6);
        for _ in 0..2 {
            assert_eq!(read(&world, &six, channel).await, answer, "{reply:?}");
        }
        assert_eq!(crm.requests().len(), asked, "{reply:?}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_denies() {
    let world = World::with_services(&crm_at(HttpServer::nowhere().await)).await;
    let (_, channel) = customer_of_six(&world).await;
    let denied = Err(ErrorCode::EntityAccessDenied);
    assert_eq!(read(&world, &world.bearer(6), channel).await, denied);
}

#[tokio::test]
async fn an_event_that_changes_access_makes_the_service_be_asked_again() {
    let crm = HttpServer::start(|_| Reply::status(200)).await;
    let world = beside(&crm).await;
    let (customer, channel) = customer_of_six(&world).await;
    let six = world.bearer(6);
    assert_eq!(read(&world, &six, channel).await, Ok(()));

    crm.say(|_| Reply::status(403));
    deliver(&world.app, &event(&customer, 2, Happened::Changed), "name").await;
    assert_eq!(read(&world, &six, channel).await, Ok(()), "still kept");
    // Another process hears of it.
    deliver(
        &world.another_app(),
        &event(&customer, 3, Happened::Gone),
        "gone",
    )
    .await;
    let denied = Err(ErrorCode::EntityAccessDenied);
    assert_eq!(read(&world, &six, channel).await, denied);
}

#[tokio::test]
async fn the_service_sees_the_caller_and_the_ids_of_the_request() {
    let crm = HttpServer::start(|_| Reply::status(200)).await;
    let world = beside(&crm).await;
    let (_, channel) = customer_of_six(&world).await;
    let mut six = world.bearer(6);
    six.correlation_id = Some("order-7".to_owned());
    six.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    assert_eq!(read(&world, &six, channel).await, Ok(()));
    let asked = &crm.requests()[0];
    assert!(asked.starts_with("get /crm/api/v1/customers/7 "), "{asked}");
    for header in [
        "authorization: bearer token-of-6\r\n",
        "x-correlation-id: order-7\r\n",
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-",
    ] {
        assert!(asked.contains(header), "{asked}");
    }
    assert!(!asked.contains("x-user-id"), "{asked}");
}

#[tokio::test]
async fn who_came_by_trusted_headers_is_named_by_them() {
    let crm = HttpServer::start(|_| Reply::status(200)).await;
    let world = beside(&crm).await;
    let (_, channel) = customer_of_six(&world).await;
    let six = world.app.context(Identity {
        caller: World::person(6).caller,
        roles: BTreeSet::new(),
        client: None,
        expires_at: None,
        passport: Passport::TrustedHeaders,
    });
    assert_eq!(read(&world, &six, channel).await, Ok(()));
    let asked = &crm.requests()[0];
    assert!(asked.contains("x-user-id: 6\r\n") && asked.contains("x-tenant-id: 3\r\n"));
    assert!(!asked.contains("authorization"), "{asked}");
}

#[tokio::test]
async fn who_is_not_in_the_channel_is_not_told_that_there_is_one() {
    let crm = HttpServer::start(|_| Reply::status(403)).await;
    let world = beside(&crm).await;
    let (_, channel) = customer_of_six(&world).await;
    let stranger = world.bearer(9);
    let unknown = ErrorCode::ChannelNotFound;
    assert_eq!(read(&world, &stranger, channel).await, Err(unknown));
    let sent = messages::send(&world.app, &stranger, channel, World::draft("hi")).await;
    assert_eq!(refusal(sent), unknown);
}

#[tokio::test]
async fn nobody_is_asked_about_groups_or_where_nobody_is_configured() {
    let crm = HttpServer::start(|_| Reply::status(403)).await;
    let world = beside(&crm).await;
    let group = world.group(6, &[]).await;
    let six = world.bearer(6);
    assert_eq!(read(&world, &six, group).await, Ok(()));
    let sent = messages::send(&world.app, &six, group, World::draft("hi")).await;
    sent.unwrap();
    assert_eq!(crm.requests(), Vec::<String>::new());

    // PTM is not configured: over the channel of a task membership decides.
    let task = record(EntityType::Task, "7");
    let mut created = event(&task, 1, Happened::Created { by: None });
    created.facts.people = users(&[6]);
    deliver(&world.app, &created, "task").await;
    let channel = channel_of(&world, &task).await.id;
    assert_eq!(read(&world, &six, channel).await, Ok(()));
}

#[tokio::test]
async fn without_redis_the_service_is_asked_each_time() {
    let crm = HttpServer::start(|_| Reply::status(200)).await;
    let world = beside(&crm).await;
    let (_, channel) = customer_of_six(&world).await;
    let nobody = Redis::new("redis://127.0.0.1:1", "test").unwrap();
    let services = Services::new(&crm_at(crm.url())).unwrap();
    let (app, _tasks) = App::start_watched(world.database.database().clone(), nobody, services);
    let six = app.context(Identity {
        caller: World::person(6).caller,
        roles: BTreeSet::new(),
        client: None,
        expires_at: None,
        passport: Passport::TrustedHeaders,
    });
    for asked in 1..=2 {
        let read = messages::list(
            &app,
            &six,
            channel,
            Scope::WithReplies,
            (Cursor::Newest, 10),
        )
        .await;
        assert_eq!(read.unwrap().messages.len(), 1);
        assert_eq!(crm.requests().len(), asked);
    }
}
