//! The checker under frames that were dropped, doubled, swapped, altered: it must catch each.

use std::collections::HashMap;
use std::time::Duration;

use crate::checker::Inbox;
use crate::client_ids::RunId;
use crate::faults::Faults;
use crate::frame::{Incoming, Shown, hash, parse};
use crate::ledger::{Ledger, Place};
use crate::verdict::{Histories, Judgement, Kept, judge};

const CHANNEL: u64 = 7;
const CONTENTS: [&str; 5] = ["zero", "one \"quoted\"", "two\nlines", "three đ", "four"];

/// A run of five messages at the seqs 2 to 6 of one channel, and one connection.
struct World {
    ledger: Ledger,
    inbox: Inbox,
}

impl World {
    fn new() -> Self {
        let ledger = Ledger::new(RunId::from_seed(42));
        let mut inbox = Inbox::new(1);
        inbox.connected(&HashMap::from([(CHANNEL, 1)]), false);
        for (number, content) in (0..).zip(CONTENTS) {
            ledger.enter(number, CHANNEL, hash(content), Duration::ZERO);
        }
        Self { ledger, inbox }
    }

    fn acknowledge_all(&self) {
        for number in 0..5 {
            self.ledger
                .acknowledge(number, number + 100, number + 2)
                .unwrap();
        }
    }

    fn frame(&self, number: u64, seq: u64, content: &str) -> String {
        serde_json::json!({"type": "NEW_MESSAGE", "channelId": CHANNEL, "seq": seq, "timestamp": 0, "payload": {"message": {
            "id": number + 100, "seq": seq, "channelId": CHANNEL, "content": content,
            "clientMessageId": self.ledger.run.client_id(number)}}})
        .to_string()
    }

    fn show(&mut self, number: u64) {
        let content = CONTENTS[usize::try_from(number).unwrap()];
        self.receive(&self.frame(number, number + 2, content));
    }

    fn show_all(&mut self, numbers: &[u64]) {
        for number in numbers {
            self.show(*number);
        }
    }

    fn receive(&mut self, text: &str) {
        let Ok(Incoming::Event(event)) = parse(text) else {
            panic!("not an event: {text}")
        };
        self.inbox.apply(&event, &self.ledger);
    }

    fn history(&self) -> Histories {
        let kept = |entered: crate::ledger::Entered| Kept {
            number: Some(entered.number),
            seq: entered.number + 2,
            id: entered.number + 100,
            content: Some(entered.content),
        };
        HashMap::from([(CHANNEL, self.ledger.all().map(kept).collect())])
    }

    fn judge(self) -> Judgement {
        let kept = self.history();
        self.judge_with(&kept)
    }

    fn judge_with(self, histories: &Histories) -> Judgement {
        judge(&self.ledger, histories, vec![(self.inbox, vec![CHANNEL])])
    }
}

fn counts(faults: &Faults) -> (u64, u64, u64, u64, u64) {
    (
        faults.lost,
        faults.doubled,
        faults.out_of_order,
        faults.altered,
        faults.stray,
    )
}

#[test]
fn a_faultless_run_is_faultless() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 1, 2, 3, 4]);
    let judgement = world.judge();
    assert!(judgement.faults.is_none(), "{judgement:?}");
    assert_eq!(
        (judgement.sent, judgement.acked, judgement.stored),
        (5, 5, 5)
    );
}

#[test]
fn a_dropped_frame_in_the_middle_and_at_the_end_is_lost() {
    for shown in [[0, 1, 3, 4], [0, 1, 2, 3], [1, 2, 3, 4]] {
        let mut world = World::new();
        world.acknowledge_all();
        world.show_all(&shown);
        assert_eq!(counts(&world.judge().faults), (1, 0, 0, 0, 0), "{shown:?}");
    }
}

#[test]
fn a_channel_that_never_came_is_lost_whole() {
    let world = World::new();
    world.acknowledge_all();
    let elsewhere = Inbox::new(2);
    let judgement = judge(
        &world.ledger,
        &world.history(),
        vec![(elsewhere, vec![CHANNEL])],
    );
    assert_eq!(counts(&judgement.faults), (5, 0, 0, 0, 0));
}

#[test]
fn a_doubled_frame_is_doubled() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 1, 2, 3, 4]);
    world.show(3);
    assert_eq!(counts(&world.judge().faults), (0, 1, 0, 0, 0));
}

#[test]
fn swapped_frames_are_out_of_order_and_not_lost() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 2, 1, 3, 4]);
    assert_eq!(counts(&world.judge().faults), (0, 0, 1, 0, 0));
}

#[test]
fn an_altered_frame_is_altered() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 1, 2, 3]);
    let text = world.frame(4, 6, "fuor");
    world.receive(&text);
    assert_eq!(counts(&world.judge().faults), (0, 0, 0, 1, 0));
}

#[test]
fn a_message_shown_at_two_seqs_was_stored_twice() {
    let mut world = World::new();
    world.show_all(&[0, 1, 2, 3, 4]);
    let text = world.frame(4, 7, CONTENTS[4]);
    world.receive(&text);
    assert_eq!(world.judge().faults.doubled, 1);
}

#[test]
fn the_same_message_twice_in_the_history_is_doubled_and_one_missing_there_is_lost() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 1, 2, 3, 4]);
    let mut history = world.history();
    let messages = history.get_mut(&CHANNEL).unwrap();
    messages.remove(2);
    let copy = *messages.last().unwrap();
    messages.push(Kept {
        seq: copy.seq + 1,
        id: copy.id + 1,
        ..copy
    });
    // The second copy is a seq that this connection never saw, and stands elsewhere than was said.
    assert_eq!(counts(&world.judge_with(&history).faults), (2, 2, 0, 0, 0));
}

#[test]
fn an_altered_or_unordered_history_is_told() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 1, 2, 3, 4]);
    let mut history = world.history();
    let messages = history.get_mut(&CHANNEL).unwrap();
    messages[0].content = messages[0].content.map(|content| content + 1);
    messages.swap(3, 4);
    assert_eq!(counts(&world.judge_with(&history).faults), (0, 0, 1, 1, 0));
}

#[test]
fn a_message_never_acknowledged_may_come_or_not() {
    let mut world = World::new();
    for number in 0..4 {
        world
            .ledger
            .acknowledge(number, number + 100, number + 2)
            .unwrap();
    }
    world.show_all(&[0, 1, 2, 3]);
    let mut history = world.history();
    history.get_mut(&CHANNEL).unwrap().pop();
    let judgement = world.judge_with(&history);
    assert!(judgement.faults.is_none(), "{judgement:?}");

    let mut world = World::new();
    world.show_all(&[0, 1, 2, 3, 4]);
    assert_eq!(world.judge().stored_unacknowledged, 5);
}

#[test]
fn a_stored_message_must_reach_the_connection_even_if_nobody_was_told_that_it_is_stored() {
    let mut world = World::new();
    world.show_all(&[0, 1, 2, 3]);
    assert_eq!(world.judge().faults.lost, 1);
}

#[test]
fn a_repeat_is_fine_only_until_the_replay_of_a_live_socket_is_over() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 1, 2]);
    assert_eq!(
        world.inbox.positions(Some(2)),
        HashMap::from([(CHANNEL, 2)])
    );
    world.show_all(&[1, 2, 3]);
    assert_eq!(world.inbox.repeated, 2);
    world.inbox.resumed();
    world.show_all(&[3, 4]);
    assert_eq!(counts(&world.judge().faults), (0, 1, 0, 0, 0));
}

#[test]
fn a_connection_that_comes_back_goes_on_where_it_was_and_a_repeat_is_a_fault() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show_all(&[0, 1]);
    world.inbox.connected(&HashMap::from([(CHANNEL, 6)]), true);
    assert_eq!(world.inbox.positions(None), HashMap::from([(CHANNEL, 3)]));
    world.show_all(&[1, 2, 3, 4]);
    assert_eq!(counts(&world.judge().faults), (0, 1, 0, 0, 0));
}

#[test]
fn a_gap_is_filled_by_reloading_and_what_is_not_found_there_is_lost() {
    let mut world = World::new();
    world.acknowledge_all();
    world.show(0);
    assert_eq!(world.inbox.gap(CHANNEL, 5), Some(3));
    for (number, content) in [(1, CONTENTS[1]), (3, CONTENTS[3])] {
        let message = Shown {
            client_id: Some(&world.ledger.run.client_id(number).to_string()),
            id: number + 100,
            content: Some(hash(content)),
        };
        let place = Place {
            channel: CHANNEL,
            seq: number + 2,
        };
        world.inbox.reloaded(place, &message, &world.ledger);
    }
    world.show(4);
    assert_eq!(counts(&world.judge().faults), (1, 0, 0, 0, 0));
}

#[test]
fn a_channel_joined_live_begins_with_its_first_frame_and_any_other_beginning_is_stray() {
    let mut world = World::new();
    world.inbox = Inbox::new(2);
    world.receive(r#"{"type":"CHANNEL_CREATED","payload":{},"channelId":9,"seq":1,"timestamp":0}"#);
    let cursor = world.inbox.cursor(9).unwrap();
    assert_eq!((cursor.first, cursor.last), (0, 1));
    let text = world.frame(0, 2, CONTENTS[0]);
    world.receive(&text);
    assert_eq!(world.inbox.faults.stray, 1);
}

#[test]
fn a_message_of_another_run_is_stray() {
    let mut world = World::new();
    let other = RunId::from_seed(43).client_id(0).to_string();
    let text = world
        .frame(0, 2, CONTENTS[0])
        .replace(&world.ledger.run.client_id(0).to_string(), &other);
    world.receive(&text);
    assert_eq!(world.inbox.faults.stray, 1);
}
