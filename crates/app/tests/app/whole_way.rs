//! A message's whole way through the use cases.

use discuss_app::{channels, log, messages, reads};
use discuss_domain::Seq;
use discuss_domain::messages::history::{Cursor, Scope};
use discuss_test_support::World;

#[tokio::test]
async fn a_message_is_sent_listed_read_and_found_in_the_log_and_its_news() {
    let world = World::new().await;
    let mut news = log::news(&world.app).await.unwrap();
    assert!(news.pass().await.unwrap().is_empty());
    let channel = world.group(1, &[2]).await;

    let sent = world.send(1, channel, "hello").await;

    let reader = World::person(2);
    let newest = (Cursor::Newest, 50);
    let history = messages::list(&world.app, &reader, channel, Scope::TopLevel, newest).await;
    assert_eq!(history.unwrap().messages[0].id, sent.id);
    let (listed, total) = channels::list(
        &world.app,
        &reader,
        discuss_domain::channels::ListFilter::default(),
        (0, 50),
    )
    .await
    .unwrap();
    assert_eq!((listed.len(), total), (1, 1));
    assert_eq!(listed[0].last_message.as_ref().unwrap().0, "hello");
    let read = reads::mark(&world.app, &reader, Some(channel), sent.id).await;
    assert_eq!(read.unwrap().unread, 0);
    let page = log::list_after(&world.app, channel, Seq::ZERO, 10)
        .await
        .unwrap();
    assert_eq!(page.len(), 2);
    let news = news.pass().await.unwrap();
    assert_eq!(news.len(), 1);
    assert_eq!((news[0].channel, news[0].last_seq), (channel, Seq::from(2)));
    assert!(news[0].has_joins);
}
