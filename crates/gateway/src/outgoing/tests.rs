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
    let outgoing = Outgoing::new(BOUNDS, Dialect::Json);
    outgoing.push_bytes(Bytes::from_static(b"a"));
    outgoing.push_bytes(Bytes::from_static(b"b"));
    outgoing.close(Close::Drain);
    outgoing.push_bytes(Bytes::from_static(b"c"));
    let close = frames::close(Close::Drain.reason_in(&Dialect::Json));
    assert_eq!(
        taken(&outgoing),
        [Bytes::from_static(b"a"), Bytes::from_static(b"b"), close]
    );
}

#[test]
fn of_what_was_not_taken_in_time_only_the_close_frame_is_left() {
    let outgoing = Outgoing::new(BOUNDS, Dialect::Json);
    outgoing.push_replayed(&Frame::text(&[b'x'; 1_000]));
    outgoing.push_bytes(Bytes::from_static(b"a"));
    outgoing.close(Close::Drain);
    outgoing.drop_all_but_close();
    outgoing.finish();
    let close = frames::close(Close::Drain.reason_in(&Dialect::Json));
    assert_eq!(taken(&outgoing), [close]);
    outgoing.drop_all_but_close();
    assert!(taken(&outgoing).is_empty());
}

#[test]
fn who_lets_too_many_frames_wait_is_closed() {
    let outgoing = Outgoing::new(BOUNDS, Dialect::Json);
    for _ in 0..3 {
        outgoing.push_bytes(Bytes::from_static(b"a"));
    }
    assert_eq!(outgoing.close_reason(), Some(Close::Slow));
    assert_eq!(
        taken(&outgoing),
        [frames::close(Close::Slow.reason_in(&Dialect::Json))]
    );
}

#[test]
fn who_lets_too_many_bytes_wait_is_closed() {
    let outgoing = Outgoing::new(BOUNDS, Dialect::Json);
    outgoing.push_bytes(Bytes::from(vec![0; 30_000]));
    outgoing.push_bytes(Bytes::from(vec![0; 30_000]));
    assert_eq!(outgoing.close_reason(), Some(Close::Slow));
}

/// Whether a frame that may be left out is, where these wait already.
fn leaves_out(bounds: Bounds, waiting: &[usize]) -> bool {
    let outgoing = Outgoing::new(bounds, Dialect::Json);
    for length in waiting {
        outgoing.push_bytes(Bytes::from(vec![0; *length]));
    }
    outgoing.push_spare(&Frame::text(b"typing"));
    outgoing.push_bytes(Bytes::from_static(b"needed"));
    assert_eq!(outgoing.close_reason(), None);
    let taken = taken(&outgoing);
    assert_eq!(taken.last().unwrap(), &Bytes::from_static(b"needed"));
    taken.len() == waiting.len() + 1
}

#[test]
fn at_half_of_what_may_wait_typing_and_presence_are_left_out_and_nothing_else() {
    let bounds = Bounds {
        frames: 6,
        bytes: 40_000,
    };
    assert!(!leaves_out(bounds, &[1, 1]));
    assert!(leaves_out(bounds, &[1, 1, 1]));
    assert!(!leaves_out(bounds, &[19_999]));
    assert!(leaves_out(bounds, &[20_000]));
}

#[test]
fn a_frame_that_was_taken_no_longer_counts() {
    let outgoing = Outgoing::new(BOUNDS, Dialect::Json);
    for _ in 0..10 {
        outgoing.push_bytes(Bytes::from_static(b"a"));
        assert_eq!(taken(&outgoing).len(), 1);
    }
    assert_eq!(outgoing.close_reason(), None);
}

#[test]
fn a_replay_goes_past_the_bound_and_waits_for_the_socket() {
    let outgoing = Outgoing::new(BOUNDS, Dialect::Json);
    for _ in 0..100 {
        outgoing.push_replayed(&Frame::text(&[b'x'; 1_000]));
    }
    outgoing.push_bytes(Bytes::from_static(b"live"));
    assert_eq!(outgoing.close_reason(), None);
    assert_eq!(outgoing.drained().now_or_never(), None);
    // 100 of a thousand bytes each: in batches.
    assert!(taken(&outgoing).len() < 101);
    assert_eq!(outgoing.drained().now_or_never(), Some(()));
}

#[test]
fn many_events_that_wait_go_out_in_one_frame_and_in_order_with_the_rest() {
    let outgoing = Outgoing::new(
        Bounds {
            frames: 100,
            bytes: 40_000,
        },
        Dialect::Json,
    );
    for number in 0..20 {
        outgoing.push(&Frame::text(number.to_string().as_bytes()));
    }
    outgoing.push(&Frame::answer(b"answer"));
    outgoing.push(&Frame::text(b"last"));
    let taken = taken(&outgoing);
    assert_eq!(taken.len(), 3);
    let events: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let events = format!("\"events\":[{}]", events.join(","));
    assert!(
        String::from_utf8_lossy(&taken[0]).contains(&events),
        "{taken:?}"
    );
    assert_eq!(taken[1..], [frames::text(b"answer"), frames::text(b"last")]);
}
