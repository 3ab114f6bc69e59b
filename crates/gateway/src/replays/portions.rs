//! What a page has, by how much goes out at once.

use crate::event_frame::Frame;
use crate::hub::Event;
use crate::replay_pace::PORTION;

/// Events that go out at once.
#[derive(Default)]
pub(super) struct Portion {
    /// Of their frames.
    pub(super) bytes: usize,
    pub(super) events: Vec<Event<Frame>>,
}

/// The events in portions, at least one; a frame is never divided.
pub(super) fn portions(events: Vec<Event<Frame>>) -> Vec<Portion> {
    let mut portions = Vec::new();
    let mut last = Portion::default();
    for event in events {
        let bytes = event.frame.as_ref().len();
        if last.bytes > 0 && last.bytes + bytes > PORTION {
            portions.push(std::mem::take(&mut last));
        }
        last.bytes += bytes;
        last.events.push(event);
    }
    portions.push(last);
    portions
}

#[cfg(test)]
mod tests {
    use discuss_domain::Seq;
    use serde_json::json;

    use super::*;
    use crate::frames;
    use crate::hub::Effect;

    /// The seqs and bytes of the portions of events of such lengths.
    fn divided(lengths: &[usize]) -> Vec<(Vec<i64>, usize)> {
        let event = |(seq, length): (i64, &usize)| Event {
            seq: Seq::from(seq),
            effect: Effect::Nothing,
            frame: frames::own("TEST", json!({ "text": "x".repeat(*length) }), None),
        };
        let events = (5..).zip(lengths).map(event).collect();
        let seqs = |portion: Portion| {
            let seqs = portion.events.iter().map(|event| event.seq.get());
            (seqs.collect(), portion.bytes)
        };
        portions(events).into_iter().map(seqs).collect()
    }

    #[test]
    fn each_has_as_many_events_as_may_go_out_at_once() {
        let half = PORTION / 2;
        let divided = divided(&[half - 300, half - 300, 10, PORTION * 2, 10]);
        let (seqs, bytes): (Vec<_>, Vec<_>) = divided.into_iter().unzip();
        assert_eq!(seqs, [vec![5, 6, 7], vec![8], vec![9]]);
        assert!(bytes[0] <= PORTION && bytes[0] > PORTION - 600);
        assert!(bytes[1] > PORTION * 2 && bytes[2] < 300);
    }

    #[test]
    fn without_events_there_is_one_portion() {
        assert_eq!(divided(&[]), [(vec![], 0)]);
    }
}
