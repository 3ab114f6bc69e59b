//! What becomes a dead letter, and what does not.

use std::time::Duration;

use discuss_bus::consumer::Effort;
use discuss_bus::{Failure, Record, dead_letters as letter};
use discuss_test_support::TestKafka;

use crate::script::{LETTERS, MADE_AT, SHORT, Script, TOPIC, committed, kafka, order, send, until};

/// Longer than any test takes.
const LONG: Effort = Effort {
    give_up_after: Duration::from_hours(1),
    at_once: 16,
};

/// The only record of which there is a letter: more than one, if the group was shared out anew meanwhile.
async fn only_letter(kafka: &TestKafka) -> Record {
    let mut letters = letters_there(kafka).await;
    let first = letters.remove(0);
    let offset = first.header(letter::OFFSET);
    let is_same = |other: &Record| other.header(letter::OFFSET) == offset;
    assert!(letters.iter().all(is_same), "{first:?} {letters:?}");
    first
}

/// The letters, as soon as there are any.
async fn letters_there(kafka: &TestKafka) -> Vec<Record> {
    let mut letters = kafka.records(LETTERS).await;
    if letters.is_empty() {
        eprintln!(
            "{:?}: a letter is not seen at once",
            std::thread::current().name()
        );
        until("there is a letter", async || {
            letters = kafka.records(LETTERS).await;
            !letters.is_empty()
        })
        .await;
    }
    letters
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_fails_is_tried_again_and_then_a_dead_letter_and_the_rest_goes_on() {
    let kafka = kafka(1).await;
    let script = Script::new(|work| async move {
        match work.text.as_str() {
            "bad" => Err(Failure::Failed("no such customer".to_owned())),
            _ => Ok(()),
        }
    });
    send(
        &kafka,
        &[order("a", "good"), order("a", "bad"), order("a", "next")],
    )
    .await;
    let running = script.run(&kafka, SHORT);
    committed(&kafka, 3).await;

    assert_eq!(script.done("a"), ["good", "next"]);
    assert!(script.tries("bad") > 1);
    let found = only_letter(&kafka).await;
    assert_eq!(found.key.as_deref(), Some(b"a".as_slice()));
    assert_eq!(found.value.as_deref(), Some(b"bad".as_slice()));
    assert_eq!(found.timestamp_ms, Some(*MADE_AT));
    for (name, value) in [
        (letter::CAUSE, "no such customer"),
        (letter::KIND, "failed"),
        (letter::TOPIC, TOPIC),
        (letter::PARTITION, "0"),
        (letter::OFFSET, "1"),
        (letter::COUNT, "1"),
        (discuss_bus::record::CORRELATION_ID, "c-1"),
    ] {
        assert_eq!(found.header(name), Some(value), "{name}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_waits_for_what_is_away_is_done_when_it_is_back_and_no_dead_letter() {
    let kafka = kafka(1).await;
    let script = Script::new(|work| async move {
        // Longer together than a failing record is tried.
        if work.before < 4 {
            return Err(Failure::Unavailable("the database is away".to_owned()));
        }
        Ok(())
    });
    send(&kafka, &[order("a", "patient")]).await;
    let running = script.run(&kafka, SHORT);
    committed(&kafka, 1).await;
    assert_eq!(script.done("a"), ["patient"]);
    assert_eq!(script.tries("patient"), 5);
    assert!(kafka.records(LETTERS).await.is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_a_dead_letter_at_once() {
    let kafka = kafka(1).await;
    let script = Script::easy();
    send(&kafka, &[order("a", "broken"), order("a", "next")]).await;
    let running = script.run(&kafka, LONG);
    committed(&kafka, 2).await;
    let found = only_letter(&kafka).await;
    assert_eq!(found.header(letter::KIND), Some("unreadable"));
    assert_eq!(found.header(letter::CAUSE), Some("it is broken"));
    assert_eq!(script.done("a"), ["next"]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_over_one_mebibyte_is_not_even_read_and_cut_in_its_dead_letter() {
    let kafka = kafka(1).await;
    let script = Script::easy();
    let large = vec![b'x'; 4 * 1024 * 1024 - 1];
    send(&kafka, &[order("a", large), order("a", "next")]).await;
    let running = script.run(&kafka, LONG);
    committed(&kafka, 2).await;
    let found = only_letter(&kafka).await;
    assert_eq!(found.value.as_ref().map(Vec::len), Some(1024 * 1024));
    assert_eq!(found.header(letter::CUT_FROM), Some("4194303"));
    assert_eq!(found.header(letter::KIND), Some("unreadable"));
    assert_eq!(script.reads(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_panics_is_a_dead_letter_and_the_consumer_lives() {
    let kafka = kafka(1).await;
    let script = Script::new(|work| async move {
        assert_ne!(work.text, "panic", "as the test says");
        Ok(())
    });
    let sent = [
        order("a", "panic"),
        order("a", "panic at once"),
        order("a", "next"),
    ];
    send(&kafka, &sent).await;
    let running = script.run(&kafka, SHORT);
    committed(&kafka, 3).await;
    assert_eq!(script.done("a"), ["next"]);
    let letters = kafka.records(LETTERS).await;
    let mut causes: Vec<_> = letters
        .iter()
        .map(|one| one.header(letter::CAUSE))
        .collect();
    causes.sort_unstable();
    assert_eq!(
        causes,
        [Some("reading it panicked"), Some("the work panicked")]
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ends_while_a_record_is_tried_again_leaves_it_to_whoever_comes_next() {
    let kafka = kafka(1).await;
    let fails = Script::new(|_| async { Err(Failure::Failed("not now".to_owned())) });
    send(&kafka, &[order("a", "later")]).await;
    let running = fails.run(&kafka, LONG);
    until("it is tried", async || fails.tries("later") > 0).await;
    running.stop().await;
    assert!(kafka.records(LETTERS).await.is_empty());
    let works = Script::easy();
    let running = works.run(&kafka, LONG);
    committed(&kafka, 1).await;
    assert_eq!(works.done("a"), ["later"]);
    running.stop().await;
}
