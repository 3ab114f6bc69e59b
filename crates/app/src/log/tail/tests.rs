//! What a tail makes of news and pages.

use super::*;

fn channel() -> ChannelId {
    ChannelId::from(7)
}

fn seqs(numbers: &[i64]) -> Vec<Seq> {
    numbers.iter().copied().map(Seq::from).collect()
}

fn behind(tail: &Tail) -> Vec<(i64, i64)> {
    tail.behind()
        .map(|(channel, head)| (channel.get(), head.get()))
        .collect()
}

#[test]
fn a_channel_never_heard_of_is_read_from_its_first_event() {
    let mut tail = Tail::default();
    tail.learn(channel(), Seq::from(2));
    assert_eq!(behind(&tail), [(7, 0)]);
    assert_eq!(tail.take(channel(), &seqs(&[1, 2])), Ok(()));
    assert_eq!(behind(&tail), []);
}

#[test]
fn what_was_learned_stays_until_it_was_read_however_old_later_news_are() {
    let mut tail = Tail::default();
    tail.start_at(channel(), Seq::from(4));
    tail.learn(channel(), Seq::from(9));
    tail.learn(channel(), Seq::from(5));
    assert_eq!(tail.take(channel(), &seqs(&[5, 6])), Ok(()));
    assert_eq!(behind(&tail), [(7, 6)]);
    assert_eq!(tail.take(channel(), &seqs(&[7, 8, 9, 10])), Ok(()));
    assert_eq!(behind(&tail), []);
    assert_eq!(tail.head(channel()), Seq::from(10));
}

#[test]
fn news_of_what_was_handled_already_are_none() {
    let mut tail = Tail::default();
    tail.start_at(channel(), Seq::from(4));
    tail.learn(channel(), Seq::from(4));
    assert_eq!(behind(&tail), []);
    assert_eq!(tail.take(channel(), &[]), Ok(()));
}

#[test]
fn a_page_with_a_hole_or_out_of_order_moves_nothing() {
    for (page, expected, found) in [
        (&[6, 7][..], 5, Some(6)),
        (&[5, 7], 6, Some(7)),
        (&[5, 5], 6, Some(5)),
        (&[4, 5], 5, Some(4)),
        (&[], 5, None),
    ] {
        let mut tail = Tail::default();
        tail.start_at(channel(), Seq::from(4));
        tail.learn(channel(), Seq::from(7));
        let hole = Hole {
            channel: channel(),
            expected: Seq::from(expected),
            found: found.map(Seq::from),
        };
        assert_eq!(tail.take(channel(), &seqs(page)), Err(hole));
        assert_eq!(behind(&tail), [(7, 4)]);
    }
}

#[test]
fn a_hole_is_left_behind_by_starting_after_it() {
    let mut tail = Tail::default();
    tail.learn(channel(), Seq::from(9));
    tail.start_at(channel(), Seq::from(8));
    assert_eq!(behind(&tail), [(7, 8)]);
    tail.start_at(channel(), Seq::from(9));
    assert_eq!(behind(&tail), []);
}
