//! Dead letters that are put back.

use discuss_bus::dead_letters::COUNT;
use discuss_bus::replay::replay;
use discuss_bus::{BusError, Failure};

use crate::script::{LETTERS, SHORT, Script, TOPIC, committed, kafka, order, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_puts_back_what_was_there_once() {
    let kafka = kafka(3).await;
    let fails = Script::new(|_| async { Err(Failure::Failed("a bug".to_owned())) });
    let sent: Vec<_> = (0..1_200)
        .map(|number| order(&format!("k{number}"), number.to_string()))
        .collect();
    send(&kafka, &sent).await;
    let eager = discuss_bus::consumer::Effort {
        give_up_after: std::time::Duration::ZERO,
        at_once: 64,
    };
    let running = fails.run(&kafka, eager);
    committed(&kafka, 1_200).await;
    running.stop().await;

    assert_eq!(replay(kafka.settings(), LETTERS).await.unwrap(), 1_200);
    assert_eq!(replay(kafka.settings(), LETTERS).await.unwrap(), 0);

    let works = Script::easy();
    let running = works.run(&kafka, SHORT);
    committed(&kafka, 2_400).await;
    assert_eq!(works.count(), 1_200);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_again_is_a_letter_again_and_counts() {
    let kafka = kafka(1).await;
    send(&kafka, &[order("a", "broken")]).await;
    let running = Script::easy().run(&kafka, SHORT);
    for round in 1..=3 {
        committed(&kafka, round).await;
        let letters = kafka.records(LETTERS).await;
        let counts: Vec<_> = letters.iter().map(|one| one.header(COUNT)).collect();
        assert_eq!(counts.last().unwrap(), &Some(round.to_string().as_str()));
        assert_eq!(replay(kafka.settings(), LETTERS).await.unwrap(), 1);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_not_there_or_has_no_letters_is_refused() {
    let kafka = kafka(1).await;
    let unknown = replay(kafka.settings(), "nothing.dlt").await;
    assert!(matches!(unknown, Err(BusError::NoTopic(_))), "{unknown:?}");
    let other = replay(kafka.settings(), TOPIC).await;
    assert!(
        matches!(other, Err(BusError::NotDeadLetters(_))),
        "{other:?}"
    );
}
