//! A page's events by how many go out at once.

use crate::event_frame::Frame;
use crate::hub::{MemberPage, Page};
use crate::replay_pace::PORTION;

/// Events of a page that go out at once.
pub(super) struct Portion {
    /// Of its frames.
    pub(super) bytes: usize,
    pub(super) page: MemberPage<Frame>,
}

/// The page in portions, at least one; a frame is never divided.
pub(super) fn portions(MemberPage { member, page }: MemberPage<Frame>) -> Vec<Portion> {
    let Page {
        after,
        head,
        events,
    } = page;
    let portion = |after| Portion {
        bytes: 0,
        page: MemberPage {
            member,
            page: Page {
                after,
                head,
                events: Vec::new(),
            },
        },
    };
    let mut portions = Vec::new();
    let mut last = portion(after);
    for event in events {
        let bytes = event.frame.as_ref().len();
        if last.bytes > 0 && last.bytes + bytes > PORTION {
            let after = last
                .page
                .page
                .events
                .last()
                .map_or(after, |event| event.seq);
            portions.push(std::mem::replace(&mut last, portion(after)));
        }
        last.bytes += bytes;
        last.page.page.events.push(event);
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
    use crate::hub::{Effect, Event};

    fn page(lengths: &[usize]) -> MemberPage<Frame> {
        let event = |(seq, length): (i64, &usize)| Event {
            seq: Seq::from(seq),
            effect: Effect::Nothing,
            frame: frames::own("TEST", json!({ "text": "x".repeat(*length) }), None),
        };
        MemberPage {
            member: true,
            page: Page {
                after: Seq::from(4),
                head: Seq::from(9),
                events: (5..).zip(lengths).map(event).collect(),
            },
        }
    }

    fn seqs(portions: &[Portion]) -> Vec<(i64, Vec<i64>)> {
        let seqs = |Portion { page, .. }: &Portion| {
            let events = page.page.events.iter().map(|event| event.seq.get());
            (page.page.after.get(), events.collect())
        };
        portions.iter().map(seqs).collect()
    }

    #[test]
    fn each_has_as_many_events_as_go_out_at_once_and_goes_on_where_the_last_one_ended() {
        let half = PORTION / 2;
        let divided = portions(page(&[half - 300, half - 300, 10, PORTION * 2, 10]));
        assert_eq!(
            seqs(&divided),
            [(4, vec![5, 6, 7]), (7, vec![8]), (8, vec![9])]
        );
        assert!(divided[0].bytes <= PORTION && divided[1].bytes > PORTION);
        assert!(
            divided
                .iter()
                .all(|portion| portion.page.page.head.get() == 9)
        );
    }

    #[test]
    fn a_page_without_events_is_one_portion() {
        assert_eq!(seqs(&portions(page(&[]))), [(4, vec![])]);
    }
}
