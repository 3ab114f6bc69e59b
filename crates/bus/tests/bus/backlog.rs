//! What waits is bounded.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::script::{SHORT, Script, committed, kafka, order, orders, send, texts, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_behind_a_slow_key_is_paused_and_goes_on_and_the_others_are_not() {
    let kafka = kafka(8).await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let script = Script::new(move |work| {
        let opens = Arc::clone(&opens);
        async move {
            if work.key == "slow" {
                drop(opens.acquire().await.unwrap());
            }
            Ok(())
        }
    });
    send(&kafka, &orders(&["slow"], 5_000)).await;
    let running = script.run(&kafka, SHORT);

    until("the partition is full", async || script.reads() >= 1_000).await;
    let others: Vec<_> = (0..100)
        .map(|number| order(&format!("other {number}"), "go"))
        .collect();
    send(&kafka, &others).await;
    until("the others go on", async || script.count() >= 80).await;
    assert!(script.reads() <= 1_100, "{} were read", script.reads());
    gate.add_permits(1);
    committed(&kafka, 5_100).await;

    assert_eq!(script.done("slow"), texts("slow", 5_000));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_with_many_keys_at_work_is_paused_and_resumed_again_and_again() {
    let kafka = kafka(1).await;
    let script = Script::new(|_| async {
        tokio::task::yield_now().await;
        Ok(())
    });
    let keys: Vec<String> = (0..500).map(|key| format!("k{key}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    send(&kafka, &orders(&keys, 40)).await;
    let running = script.run(&kafka, SHORT);
    committed(&kafka, 20_000).await;
    for key in keys {
        assert_eq!(script.done(key), texts(key, 40));
    }
    running.stop().await;
}
