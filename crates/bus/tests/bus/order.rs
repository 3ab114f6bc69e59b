//! The order of a key.

use std::sync::Arc;

use discuss_bus::Failure;
use tokio::sync::Semaphore;

use crate::script::{SHORT, Script, committed, kafka, orders, send, text, texts, until};

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_key_keep_their_order_while_other_keys_pass_one_that_is_tried_again() {
    let kafka = kafka(1).await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let script = Script::new(move |work| {
        let is_shut = work.text == "a-0" && opens.available_permits() == 0;
        async move {
            if is_shut {
                return Err(Failure::Unavailable("the gate is shut".to_owned()));
            }
            Ok(())
        }
    });
    send(&kafka, &orders(&["a", "b", "c"], 50)).await;
    let running = script.run(&kafka, SHORT);

    until("the others pass", async || script.count() == 100).await;
    assert!(script.done("a").is_empty());
    assert_eq!(kafka.committed("orders").await, 0);
    gate.add_permits(1);
    committed(&kafka, 150).await;

    for key in ["a", "b", "c"] {
        assert_eq!(script.done(key), texts(key, 50));
    }
    assert!(script.tries(&text("a", 0)) > 1);
    assert!(kafka.records("orders.dlt").await.is_empty());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_nobody_is_passed_and_committed() {
    let kafka = kafka(1).await;
    let script = Script::easy();
    send(
        &kafka,
        &[
            crate::script::order("a", "nothing"),
            crate::script::order("a", "last"),
        ],
    )
    .await;
    send(&kafka, &[crate::script::order("a", "nothing")]).await;
    let running = script.run(&kafka, SHORT);
    committed(&kafka, 3).await;
    assert_eq!(script.done("a"), ["last"], "{} read", script.reads());
    running.stop().await;
}
