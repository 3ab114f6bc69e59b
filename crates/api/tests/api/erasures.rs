//! Asking that all be gone that one wrote. What becomes of it is the worker's, tested with the use cases.

use crate::support::World;

#[tokio::test]
async fn an_erasure_is_asked_for_and_told_to_who_asked() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let asked = an.delete("/users/me/messages").await;
    assert_eq!(
        (asked.status, asked.data()["erasedCount"].as_i64()),
        (202, Some(0))
    );
    let told = an.get("/users/me/messages/erasure").await;
    assert_eq!(told.data(), asked.data());
    assert!(told.data().get("finishedAt").is_none());
    let none = binh.get("/users/me/messages/erasure").await;
    none.refused(404, "NOT_FOUND");
}
