//! The connections of a worker whose time is over. actix keeps one whose client takes what waits, however little of it
//! at a time: such a one is cut. What cuts it is found by the peer's address, so that nothing is held for those at rest.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::SocketAddr;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// A connection that was cut is gone as soon as actix looks at it.
const GONE: Duration = Duration::from_secs(1);

/// The peer of a connection, in short: ten thousand of them are kept. Two addresses are one in 2^64 times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Peer(u64);

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        let mut hasher = DefaultHasher::new();
        address.hash(&mut hasher);
        Self(hasher.finish())
    }
}

thread_local! {
    /// This worker's connections.
    static OPEN: RefCell<HashMap<Peer, Option<Box<Parting>>>> = RefCell::default();
    /// How many of them are to end.
    static PARTINGS: Cell<usize> = const { Cell::new(0) };
}

/// A connection that is to end.
struct Parting {
    is_cut: bool,
    /// Of whoever looked at it last.
    waker: Option<Waker>,
    /// Goes with the connection.
    _gone: oneshot::Sender<()>,
}

impl Parting {
    fn begin() -> (Box<Self>, oneshot::Receiver<()>) {
        PARTINGS.set(PARTINGS.get().saturating_add(1));
        let (sender, gone) = oneshot::channel();
        let parting = Self {
            is_cut: false,
            waker: None,
            _gone: sender,
        };
        (Box::new(parting), gone)
    }
}

impl Drop for Parting {
    fn drop(&mut self) {
        // At the end of a worker there is nothing to count any more.
        PARTINGS
            .try_with(|count| count.set(count.get().saturating_sub(1)))
            .unwrap_or_default();
    }
}

/// A connection opened.
pub(super) fn open(peer: Peer) {
    OPEN.with_borrow_mut(|open| drop(open.insert(peer, None)));
}

/// It is gone.
pub(super) fn close(peer: Peer) {
    OPEN.try_with(|open| drop(open.borrow_mut().remove(&peer)))
        .unwrap_or_default();
}

/// Whether it was cut; whoever looks at it is woken when it is.
pub(super) fn is_cut(peer: Peer, context: &Context<'_>) -> bool {
    PARTINGS.get() > 0
        && OPEN.with_borrow_mut(|open| {
            open.get_mut(&peer)
                .and_then(Option::as_mut)
                .is_some_and(|parting| {
                    parting.waker = Some(context.waker().clone());
                    parting.is_cut
                })
        })
}

/// Waits until the connection of this worker with that peer is gone, and cuts it if that takes longer than `patience`.
pub(crate) async fn part(peer: Peer, patience: Duration) {
    let gone = OPEN.with_borrow_mut(|open| {
        open.get_mut(&peer).map(|place| {
            let (parting, gone) = Parting::begin();
            *place = Some(parting);
            gone
        })
    });
    let Some(mut gone) = gone else {
        return;
    };
    if timeout(patience, &mut gone).await.is_err() {
        cut(peer);
        if timeout(GONE, gone).await.is_err() {
            tracing::warn!("a connection that was cut is still there");
        }
    }
}

fn cut(peer: Peer) {
    let waker = OPEN.with_borrow_mut(|open| {
        let parting = open.get_mut(&peer)?.as_mut()?;
        parting.is_cut = true;
        parting.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::ErrorKind;
    use std::pin::Pin;
    use std::task::Poll;

    use discuss_test_support::PATIENCE;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::line::Line;

    /// A connection, its client's end, and who the client is.
    async fn connection() -> (Line, TcpStream, Peer) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let (stream, peer) = accepted.unwrap();
        (Line::tuned(stream), client.unwrap(), peer.into())
    }

    #[tokio::test]
    async fn a_connection_that_takes_too_long_to_end_is_cut_and_whoever_looks_at_it_woken() {
        let (mut line, mut client, peer) = connection().await;
        let read = async {
            let mut some = [0; 10];
            let end = line.read(&mut some).await.unwrap_err();
            assert_eq!(end.kind(), ErrorKind::ConnectionAborted);
            drop(line);
        };
        let both = async { tokio::join!(read, part(peer, Duration::from_millis(50))) };
        timeout(PATIENCE, both).await.expect("it is not cut");
        let end = client.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(end.kind(), ErrorKind::ConnectionReset);
        assert_eq!(PARTINGS.get(), 0);
    }

    #[tokio::test]
    async fn one_that_ends_by_itself_is_not_waited_for_longer() {
        let (line, _client, peer) = connection().await;
        let mut parting = Box::pin(part(peer, Duration::from_hours(1)));
        let first = poll_fn(|context| Poll::Ready(Pin::new(&mut parting).poll(context))).await;
        assert!(first.is_pending() && PARTINGS.get() == 1);
        drop(line);
        timeout(PATIENCE, parting).await.expect("it is waited for");
        assert_eq!(PARTINGS.get(), 0);
        // And one that is gone is not waited for at all.
        part(peer, Duration::from_hours(1)).await;
    }
}
