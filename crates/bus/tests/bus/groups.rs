//! Consumers that end, come back and share.

use std::sync::Arc;
use std::time::Duration;

use discuss_bus::Failure;
use tokio::sync::Semaphore;

use crate::script::{SHORT, Script, committed, kafka, order, orders, send, text, texts, until};

const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const EACH: usize = 200;
const ALL: usize = EACH * KEYS.len();

/// Each work takes a moment, as work does.
fn unhurried() -> Arc<Script> {
    Script::new(|_| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(())
    })
}

fn assert_whole(script: &Script) {
    for key in KEYS {
        assert_eq!(script.firsts(key), texts(key, EACH));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_leaves_in_the_middle_goes_on_where_it_stopped() {
    let kafka = kafka(4).await;
    let script = unhurried();
    send(&kafka, &orders(&KEYS, EACH)).await;
    for part in 1..=3 {
        let running = script.run(&kafka, SHORT);
        until("some are done", async || script.count() > ALL * part / 5).await;
        running.stop().await;
    }
    let so_far = script.count();
    assert!(so_far < ALL, "it ended too late");
    let running = script.run(&kafka, SHORT);
    committed(&kafka, i64::try_from(ALL).unwrap()).await;
    assert_whole(&script);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_crashes_in_the_middle_loses_nothing() {
    let kafka = kafka(4).await;
    let script = unhurried();
    send(&kafka, &orders(&KEYS, EACH)).await;
    for part in 1..=3 {
        let running = script.run(&kafka, SHORT);
        until("some are done", async || script.count() > ALL * part / 5).await;
        running.crash().await;
    }
    let running = script.run(&kafka, SHORT);
    committed(&kafka, i64::try_from(ALL).unwrap()).await;
    assert_whole(&script);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_share_while_one_comes_and_goes_and_nothing_is_lost() {
    let kafka = kafka(6).await;
    let script = unhurried();
    let (stays, comes) = (script.run(&kafka, SHORT), script.run(&kafka, SHORT));
    send(&kafka, &orders(&KEYS, EACH / 2)).await;
    until("some are done", async || script.count() > ALL / 5).await;
    comes.stop().await;
    let comes = script.run(&kafka, SHORT);
    let rest = orders(&KEYS, EACH).split_off(ALL / 2);
    send(&kafka, &rest).await;
    until("some are done", async || script.count() > ALL * 3 / 5).await;
    comes.crash().await;
    committed(&kafka, i64::try_from(ALL).unwrap()).await;
    assert_whole(&script);
    stays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ends_finishes_what_it_works_on_and_begins_nothing() {
    let kafka = kafka(1).await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let script = Script::new(move |_| {
        let opens = Arc::clone(&opens);
        async move {
            opens.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    send(&kafka, &orders(&["a"], 10)).await;
    let running = script.run(&kafka, SHORT);
    until("one is begun", async || script.tries("a-0") == 1).await;
    running.end.cancel();
    gate.add_permits(10);
    running.stop().await;
    assert_eq!(script.done("a"), ["a-0"]);
    assert_eq!(kafka.committed("orders").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_was_paused_when_it_was_taken_away_goes_on_when_it_comes_back() {
    let kafka = kafka(2).await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let script = Script::new(move |work| {
        let opens = Arc::clone(&opens);
        async move {
            if work.key != "free" {
                drop(opens.acquire().await.unwrap());
            }
            Ok(())
        }
    });
    let running = script.run(&kafka, SHORT);
    let slow: Vec<&str> = KEYS.into_iter().collect();
    send(&kafka, &orders(&slow, 400)).await;
    until("both are full", async || script.reads() >= 2_000).await;
    let other = script.run(&kafka, SHORT);
    until("one is the other's", async || script.reads() >= 3_000).await;
    other.crash().await;
    until("it is back", async || script.reads() >= 4_000).await;
    gate.add_permits(1_000);
    send(&kafka, &[order("free", "last")]).await;
    committed(&kafka, 3_201).await;
    for key in slow {
        assert_eq!(script.firsts(key), texts(key, 400));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_again_is_left_to_whoever_takes_its_partition() {
    let kafka = kafka(4).await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let waits = Script::new(move |_| {
        let is_open = opens.available_permits() > 0;
        async move {
            if is_open {
                return Ok(());
            }
            Err(Failure::Unavailable("the gate is shut".to_owned()))
        }
    });
    send(&kafka, &orders(&KEYS, 1)).await;
    let one = waits.run(&kafka, SHORT);
    until("all are tried", async || {
        KEYS.iter().all(|key| waits.tries(&text(key, 0)) > 0)
    })
    .await;
    let works = Script::easy();
    let other = works.run(&kafka, SHORT);
    until("some are the other's", async || works.count() > 0).await;
    gate.add_permits(1);
    committed(&kafka, 8).await;
    // Who leaves finishes what it works on.
    one.stop().await;
    other.stop().await;
    for key in KEYS {
        let done = [waits.done(key), works.done(key)].concat();
        assert_eq!(done, texts(key, 1));
    }
}
