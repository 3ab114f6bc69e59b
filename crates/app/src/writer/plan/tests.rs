use std::collections::{BTreeMap, HashMap};

use discuss_domain::channels::{ChannelKind, Counters};
use discuss_domain::members::{MemberStatus, Membership, Role};
use discuss_domain::messages::{ChannelState, Content, Draft, Fingerprint, MessageKind};
use discuss_domain::permissions::NotInChannel;
use discuss_domain::users::User;
use proptest::prelude::*;

use super::*;

pub(super) const TENANT: i64 = 3;
pub(super) const OPEN: i64 = 1;
pub(super) const BUSY: i64 = 5;
pub(super) const ARCHIVED: i64 = 9;
pub(super) const GUEST: i64 = 40;
pub(super) const FORMER: i64 = 41;

pub(super) fn send(user: i64, channel: i64, text: &str) -> Send {
    let draft = Draft {
        content: Content::parse(text.to_owned()).unwrap(),
        kind: MessageKind::Text,
        mentions: Vec::new(),
        parent_id: None,
        metadata: None,
        client_message_id: None,
    };
    let channel = ChannelId::from(channel);
    Send {
        tenant: TenantId::from(TENANT),
        channel,
        sender: User::unknown(UserId::from(user)),
        fingerprint: Fingerprint::of(channel, &draft),
        draft,
        everyone: None,
        correlation_id: None,
        traceparent: None,
    }
}

fn under(mut send: Send, client_id: u128) -> Send {
    send.draft.client_message_id = Some(Uuid::from_u128(client_id).into());
    send
}

fn state(last_seq: i64, messages: i64) -> ChannelState {
    ChannelState {
        tenant: TenantId::from(TENANT),
        kind: ChannelKind::Group,
        is_private: true,
        is_archived: false,
        counters: Counters {
            last_seq: Seq::from(last_seq),
            message_count: messages,
            timeline_count: messages,
            unread_count_base: messages,
        },
    }
}

/// Three channels, in each of which 1 to 3 are members.
pub(super) fn look(sends: &[Send]) -> Look {
    let archived = ChannelState {
        is_archived: true,
        ..state(4, 2)
    };
    let channels = [
        (OPEN, state(1, 0)),
        (BUSY, state(70, 60)),
        (ARCHIVED, archived),
    ];
    let mut memberships = HashMap::new();
    for (channel, _) in channels {
        let mut enter = |user: i64, role, status| {
            let key = (ChannelId::from(channel), UserId::from(user));
            memberships.insert(key, Membership { role, status });
        };
        for user in 1..=3 {
            enter(user, Role::Member, MemberStatus::Active);
        }
        enter(GUEST, Role::Guest, MemberStatus::Active);
        enter(FORMER, Role::Member, MemberStatus::Removed);
    }
    let ids = (101..).take(sends.len()).map(MessageId::from);
    Look {
        channels: channels.map(|(id, state)| (id.into(), state)).into(),
        memberships,
        known: vec![None; sends.len()],
        ids: ids.collect(),
        messages: HashMap::new(),
    }
}

fn planned<'a>(sends: &'a [Send], look: &Look) -> Plan<'a> {
    let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let sends = sends.iter().map(Borrowed::Send);
    plan(sends, look, Uuid::from_u128(7), at)
}

/// What was answered: the seq of what is stored, the id of what was known.
fn answers(plan: &Plan<'_>) -> Vec<Result<(&'static str, i64), SendError>> {
    let told = |outcome: &Outcome| match outcome {
        Outcome::Stored(message) => ("stored", message.seq.get()),
        Outcome::Known(id) => ("known", id.get()),
        Outcome::Changed(_) | Outcome::Unchanged(_) => panic!("no answer to a send"),
    };
    let refused = |refusal: &Refusal| match refusal {
        Refusal::Send(error) => *error,
        Refusal::Change(error) => panic!("{error}"),
    };
    let answers = plan.answers.iter();
    let told = answers.map(|answer| answer.as_ref().map(told).map_err(refused));
    told.collect()
}

#[test]
fn each_send_gets_the_next_seq_number_and_id_of_its_channel() {
    let sends = [send(1, OPEN, "a"), send(2, BUSY, "b"), send(1, OPEN, "c")];
    let plan = planned(&sends, &look(&sends));
    let stored = [Ok(("stored", 2)), Ok(("stored", 71)), Ok(("stored", 3))];
    assert_eq!(answers(&plan), stored);
    let numbers = |n| Numbers {
        message_no: n,
        timeline_no: n,
        unread_no: n,
    };
    let rows: Vec<_> = plan
        .group
        .messages
        .iter()
        .map(|row| (row.id.get(), row.channel.get(), row.numbers))
        .collect();
    let expected = [
        (101, OPEN, numbers(1)),
        (102, BUSY, numbers(61)),
        (103, OPEN, numbers(2)),
    ];
    assert_eq!(rows, expected);
    assert_eq!(plan.first, Some((ChannelId::from(OPEN), Seq::from(2))));
    let heads: BTreeMap<_, _> = plan.group.channels.iter().collect();
    let newest: Vec<_> = heads
        .values()
        .map(|(c, id)| (c.last_seq.get(), id.unwrap().get()))
        .collect();
    assert_eq!(newest, [(3, 103), (71, 102)]);
}

#[test]
fn who_is_refused_takes_no_seq() {
    let mut foreign = send(1, OPEN, "x");
    foreign.tenant = TenantId::from(TENANT + 1);
    let sends = [
        send(1, OPEN, "a"),
        send(GUEST, OPEN, "x"),
        send(FORMER, OPEN, "x"),
        send(50, OPEN, "x"),
        send(1, ARCHIVED, "x"),
        send(1, 999, "x"),
        foreign,
        send(2, OPEN, "b"),
    ];
    let plan = planned(&sends, &look(&sends));
    let unknown = Err(SendError::NotInChannel(NotInChannel::Unknown));
    let told = answers(&plan);
    assert_eq!(told[0], Ok(("stored", 2)));
    assert!(matches!(told[1], Err(SendError::Denied(_))));
    assert_eq!(told[2..4], [unknown, unknown]);
    assert_eq!(told[4], Err(SendError::Archived));
    assert_eq!(told[5..7], [unknown, unknown]);
    assert_eq!(told[7], Ok(("stored", 3)));
    assert_eq!(plan.group.messages.len(), 2);
    assert_eq!(plan.group.channels.len(), 1);
}

#[test]
fn a_group_of_which_nothing_is_accepted_stores_nothing() {
    let sends = [send(GUEST, OPEN, "x"), send(1, ARCHIVED, "x")];
    let plan = planned(&sends, &look(&sends));
    assert_eq!(plan.first, None);
    assert!(plan.group.messages.is_empty() && plan.group.channels.is_empty());
}

#[test]
fn the_same_client_id_twice_in_a_group_is_answered_as_the_first() {
    let sends = [
        under(send(1, OPEN, "a"), 1),
        under(send(1, OPEN, "a"), 1),
        under(send(1, OPEN, "other"), 1),
        under(send(1, BUSY, "a"), 1),
        under(send(50, OPEN, "a"), 1),
    ];
    let plan = planned(&sends, &look(&sends));
    let expected = [
        Ok(("stored", 2)),
        Ok(("known", 101)),
        Err(SendError::Conflict),
        Err(SendError::Conflict),
        Err(SendError::NotInChannel(NotInChannel::Unknown)),
    ];
    assert_eq!(answers(&plan), expected);
    assert_eq!(plan.group.messages.len(), 1);
}

#[test]
fn a_client_id_that_was_refused_is_free_for_another_send_of_the_group() {
    let sends = [
        under(send(1, ARCHIVED, "a"), 1),
        under(send(1, OPEN, "b"), 1),
        under(send(1, OPEN, "b"), 1),
    ];
    let plan = planned(&sends, &look(&sends));
    let expected = [
        Err(SendError::Archived),
        Ok(("stored", 2)),
        Ok(("known", 102)),
    ];
    assert_eq!(answers(&plan), expected);
}

#[test]
fn a_client_id_is_its_senders_and_its_tenants() {
    let sends = [
        under(send(1, OPEN, "a"), 1),
        under(send(2, OPEN, "a"), 1),
        under(send(1, OPEN, "a"), 2),
    ];
    let plan = planned(&sends, &look(&sends));
    let stored = [2, 3, 4].map(|seq| Ok(("stored", seq)));
    assert_eq!(answers(&plan), stored);
}

#[test]
fn what_is_stored_already_is_answered_again_and_again() {
    let sends = [
        under(send(1, ARCHIVED, "a"), 1),
        under(send(1, ARCHIVED, "a"), 1),
        under(send(1, OPEN, "other"), 2),
        under(send(FORMER, OPEN, "a"), 3),
    ];
    let mut look = look(&sends);
    for (place, id) in [(0, 55), (1, 55), (2, 56), (3, 57)] {
        let first = if place == 2 {
            &send(1, OPEN, "first")
        } else {
            &sends[place]
        };
        look.known[place] = Some(KnownSend {
            id: MessageId::from(id),
            fingerprint: first.fingerprint,
        });
    }
    let expected = [
        Ok(("known", 55)),
        Ok(("known", 55)),
        Err(SendError::Conflict),
        Err(SendError::NotInChannel(NotInChannel::Unknown)),
    ];
    assert_eq!(answers(&planned(&sends, &look)), expected);
}

#[test]
fn a_message_mentions_those_who_are_in_its_channel_now() {
    let mut sends = [send(1, OPEN, "a")];
    sends[0].draft.mentions = [2, GUEST, FORMER, 50].map(UserId::from).to_vec();
    let plan = planned(&sends, &look(&sends));
    let mentioned = [2, GUEST].map(UserId::from);
    assert_eq!(plan.group.messages[0].mentions, mentioned);
    let Ok(Outcome::Stored(message)) = &plan.answers[0] else {
        panic!("it must be stored")
    };
    assert_eq!(message.mentions, mentioned);
}

proptest! {
    #[test]
    fn whatever_is_sent_seqs_have_no_hole_and_ids_follow_them(
        asked in proptest::collection::vec((1..5_i64, 0..4_usize, 0..6_u128), 0..60),
    ) {
        let sends: Vec<Send> = asked
            .iter()
            .map(|(user, channel, id)| {
                let send = send(*user, [OPEN, BUSY, ARCHIVED, 999][*channel], "text");
                if *id == 0 { send } else { under(send, *id) }
            })
            .collect();
        let plan = planned(&sends, &look(&sends));
        prop_assert_eq!(plan.answers.len(), sends.len());
        let mut heads = HashMap::from([(OPEN, (1, 0)), (BUSY, (70, 0))]);
        for row in &plan.group.messages {
            let head = heads.get_mut(&row.channel.get()).unwrap();
            prop_assert_eq!(row.seq.get(), head.0 + 1);
            prop_assert!(row.id.get() > head.1);
            *head = (row.seq.get(), row.id.get());
        }
        for (channel, (counters, newest)) in &plan.group.channels {
            prop_assert_eq!(heads[&channel.get()], (counters.last_seq.get(), newest.unwrap().get()));
        }
    }
}
