//! How topics are made.

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

use crate::script::{LETTERS, TOPIC, kafka};

#[tokio::test]
async fn dead_letters_are_kept_however_old_and_other_records_as_the_broker_says() {
    let kafka = kafka(1).await;
    let settings = kafka.settings();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers);
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let mut kept = Vec::new();
    for topic in [LETTERS, TOPIC] {
        let name = settings.full_name(topic);
        let asked = [ResourceSpecifier::Topic(&name)];
        let told = admin.describe_configs(&asked, &AdminOptions::new()).await;
        let told = told.unwrap().remove(0).unwrap();
        let retention = told
            .get("retention.ms")
            .and_then(|entry| entry.value.clone());
        kept.push(retention.unwrap());
    }
    assert_eq!(kept.first().unwrap(), "-1");
    assert_ne!(kept.last().unwrap(), "-1");
}
