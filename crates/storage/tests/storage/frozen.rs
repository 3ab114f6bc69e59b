//! A server that keeps its connections and answers no more.

use discuss_storage::event_log::news::NewsReader;
use discuss_storage::relay::RelayLog;
use discuss_storage::{Database, StorageError};
use discuss_test_support::World;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes everything on to the server of `url` until it is frozen; answers the URL to it.
async fn way_to(url: &str, frozen: &watch::Sender<bool>) -> String {
    let address = url.split('@').nth(1).unwrap().split('/').next().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let (server, frozen) = (address.to_owned(), frozen.subscribe());
    tokio::spawn(async move {
        let mut ways = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&server).await.unwrap();
            let mut frozen = frozen.clone();
            ways.push(tokio::spawn(async move {
                let is_frozen = async { frozen.wait_for(|frozen| *frozen).await.is_ok() };
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => return,
                    _ = is_frozen => {}
                }
                // Both ends stay open.
                std::future::pending::<()>().await;
            }));
        }
    });
    url.replace(address, &own)
}

#[tokio::test]
async fn a_pass_is_given_up_when_no_answer_comes() {
    let world = World::new().await;
    let frozen = watch::Sender::new(false);
    let url = way_to(world.database.url(), &frozen).await;
    let database = Database::new(&url, 1).unwrap();
    let mut reader = NewsReader::connect(&database).await.unwrap();
    reader.pass().await.unwrap();

    frozen.send_replace(true);
    let error: StorageError = reader.pass().await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
}

#[tokio::test]
async fn nothing_that_the_relay_asks_is_waited_for_when_no_answer_comes() {
    let world = World::new().await;
    let frozen = watch::Sender::new(false);
    let url = way_to(world.database.url(), &frozen).await;
    let database = Database::new(&url, 1).unwrap();
    let log = RelayLog::connect(&database).await.unwrap();
    log.last_channel().await.unwrap();

    frozen.send_replace(true);
    let (last, behind, heads, events, advanced, other) = tokio::join!(
        log.last_channel(),
        log.list_behind(&[], (0, 1)),
        log.list_heads(&[]),
        log.list_events(&[]),
        log.advance(&[]),
        RelayLog::connect(&database),
    );
    let errors = [
        last.err(),
        behind.err(),
        heads.err(),
        events.err(),
        advanced.err(),
        other.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(error.is_unavailable(), "{error:?}");
    }
}
