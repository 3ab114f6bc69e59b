use futures_util::FutureExt as _;

use super::*;

const BOUNDS: Bounds = Bounds {
    frames: 2,
    bytes: 40_000,
};

fn taken(outgoing: &Outgoing) -> Vec<Bytes> {
    let context = Context::from_waker(Waker::noop());
    let mut taken = Vec::new();
    while let Poll::Ready(Some(frame)) = outgoing.poll_frame(&context) {
        taken.push(frame);
    }
    taken
}

#[test]
fn frames_come_out_in_order_and_nothing_after_the_close() {
    let outgoing = Outgoing::new(BOUNDS);
    outgoing.push(Bytes::from_static(b"a"));
    outgoing.push(Bytes::from_static(b"b"));
    outgoing.close(Close::Drain);
    outgoing.push(Bytes::from_static(b"c"));
    let close = frames::close(Close::Drain.into());
    assert_eq!(
        taken(&outgoing),
        [Bytes::from_static(b"a"), Bytes::from_static(b"b"), close]
    );
}

#[test]
fn who_lets_too_many_frames_wait_is_closed() {
    let outgoing = Outgoing::new(BOUNDS);
    for _ in 0..3 {
        outgoing.push(Bytes::from_static(b"a"));
    }
    assert_eq!(outgoing.close_reason(), Some(Close::Slow));
    assert_eq!(taken(&outgoing), [frames::close(Close::Slow.into())]);
}

#[test]
fn who_lets_too_many_bytes_wait_is_closed() {
    let outgoing = Outgoing::new(BOUNDS);
    outgoing.push(Bytes::from(vec![0; 30_000]));
    outgoing.push(Bytes::from(vec![0; 30_000]));
    assert_eq!(outgoing.close_reason(), Some(Close::Slow));
}

#[test]
fn a_frame_that_was_taken_no_longer_counts() {
    let outgoing = Outgoing::new(BOUNDS);
    for _ in 0..10 {
        outgoing.push(Bytes::from_static(b"a"));
        assert_eq!(taken(&outgoing).len(), 1);
    }
    assert_eq!(outgoing.close_reason(), None);
}

#[test]
fn a_replay_goes_past_the_bound_and_waits_for_the_socket() {
    let outgoing = Outgoing::new(BOUNDS);
    for _ in 0..100 {
        outgoing.push_replayed(Bytes::from(vec![0; 1_000]));
    }
    outgoing.push(Bytes::from_static(b"live"));
    assert_eq!(outgoing.close_reason(), None);
    assert_eq!(outgoing.drained().now_or_never(), None);
    assert_eq!(taken(&outgoing).len(), 101);
    assert_eq!(outgoing.drained().now_or_never(), Some(()));
}
