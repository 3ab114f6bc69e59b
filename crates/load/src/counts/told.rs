//! What the API says of channels and of their messages, as lines of JSON.

use std::fmt::Write as _;

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::deeds::Place;
use crate::people::Person;

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// A line for each channel and member: `{"person": 1, "channel": {…}}`.
    pub(crate) channels: String,
    /// A line for each message of each channel, as one of the members is told of it:
    /// `{"person": 1, "message": {…}}`.
    pub(crate) messages: String,
}

/// Asks everybody of each channel that they are in, and one of them of its messages.
pub(super) async fn ask(places: &[Place], people: &[Person]) -> anyhow::Result<Told> {
    let mut told = Told::default();
    for place in places {
        let asked = people
            .iter()
            .map(|who| place.rest.channel(who, place.channel));
        let mut reader = None;
        for (who, channel) in people.iter().zip(try_join_all(asked).await?) {
            if channel.get("isMember").and_then(Value::as_bool) == Some(true) {
                let line = json!({ "person": who.user, "channel": channel });
                writeln!(told.channels, "{line}")?;
                reader = Some(who);
            }
        }
        if let Some(reader) = reader {
            for message in place.rest.history(reader, place.channel).await? {
                let line = json!({ "person": reader.user, "message": message });
                writeln!(told.messages, "{line}")?;
            }
        }
    }
    Ok(told)
}
