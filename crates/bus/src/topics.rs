//! Making topics that are not there.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;

use crate::settings::{FRAME_BYTES, MAX_RECORD_BYTES};
use crate::{BusError, Settings, dead_letters};

/// How long the brokers have to make them.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Makes those of these topics (named without the prefix) that are not there; those that are stay as
/// they are, whatever their partitions. Dead letters are kept until somebody deletes them.
pub async fn create_missing(settings: &Settings, topics: &[&str]) -> Result<(), BusError> {
    let admin: AdminClient<DefaultClientContext> = settings.client().create()?;
    let names: Vec<String> = topics
        .iter()
        .map(|topic| settings.full_name(topic))
        .collect();
    let largest = (MAX_RECORD_BYTES + 2 * FRAME_BYTES).to_string();
    let new = names.iter().map(|name| {
        let copies = TopicReplication::Fixed(settings.replication);
        let topic = NewTopic::new(name, settings.partitions, copies);
        let topic = topic.set("max.message.bytes", &largest);
        if dead_letters::is_topic(name) {
            return topic.set("retention.ms", "-1");
        }
        topic
    });
    let new: Vec<NewTopic<'_>> = new.collect();
    let options = AdminOptions::new()
        .request_timeout(Some(TIMEOUT))
        .operation_timeout(Some(TIMEOUT));
    for made in admin.create_topics(&new, &options).await? {
        match made {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(BusError::Topic { topic, code }),
        }
    }
    Ok(())
}
