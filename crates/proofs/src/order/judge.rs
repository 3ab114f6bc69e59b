//! The judge: what is stored, and whether everybody was told just that.

use std::collections::{HashMap, HashSet};

use discuss_domain::ChannelId;
use futures_util::TryStreamExt;
use tokio_postgres::{Client, Row};

use super::processes::Acknowledged;
use super::reader::Read;
use super::stage::Stage;
use super::told::digest;
use crate::servers::Servers;

const LAST_SEQ: &str = "SELECT last_seq, message_count FROM channels WHERE id = $1";
const EVENTS: &str = "
SELECT e.seq, e.kind, e.actor_id, e.message_id, m.content::text, m.message_no, m.seq,
       ARRAY(SELECT jsonb_array_elements(e.payload->'userIds')::bigint)
  FROM channel_events e LEFT JOIN messages m ON m.id = e.message_id
 WHERE e.channel_id = $1 ORDER BY e.seq";

/// The log as it is in the end.
pub(super) struct Stored {
    channels: Vec<StoredChannel>,
}

struct StoredChannel {
    id: ChannelId,
    last_seq: i64,
    message_count: i64,
    events: Vec<StoredEvent>,
}

struct StoredEvent {
    seq: i64,
    kind: String,
    actor: i64,
    message: Option<StoredMessage>,
    users: Vec<i64>,
}

struct StoredMessage {
    id: i64,
    text: String,
    number: i64,
    seq: i64,
}

/// Reads all that is stored.
pub(super) async fn read(servers: &Servers, stage: &Stage) -> anyhow::Result<Stored> {
    let client = servers.client().await?;
    let mut channels = Vec::new();
    for id in stage.ids() {
        channels.push(read_channel(&client, *id).await?);
    }
    Ok(Stored { channels })
}

async fn read_channel(client: &Client, id: ChannelId) -> anyhow::Result<StoredChannel> {
    let head = client.query_one(LAST_SEQ, &[&id.get()]).await?;
    let mut rows = Box::pin(client.query_raw(EVENTS, &[&id.get()]).await?);
    let mut events = Vec::new();
    while let Some(row) = rows.try_next().await? {
        events.push(stored_event(&row)?);
    }
    Ok(StoredChannel {
        id,
        last_seq: head.try_get(0)?,
        message_count: head.try_get(1)?,
        events,
    })
}

fn stored_event(row: &Row) -> anyhow::Result<StoredEvent> {
    let id: Option<i64> = row.try_get(3)?;
    let message = match id {
        Some(id) => Some(StoredMessage {
            id,
            text: row.try_get(4)?,
            number: row.try_get(5)?,
            seq: row.try_get(6)?,
        }),
        None => None,
    };
    Ok(StoredEvent {
        seq: row.try_get(0)?,
        kind: row.try_get(1)?,
        actor: row.try_get(2)?,
        message,
        users: row.try_get(7)?,
    })
}

/// Everything that is wrong; of a reader that goes wrong all the time, the first faults.
pub(super) fn judge(stored: &Stored, read: &[Read], acknowledged: &Acknowledged) -> Vec<String> {
    let mut faults = Vec::new();
    for read in read {
        faults.extend(read.told.faults.iter().cloned());
    }
    for channel in &stored.channels {
        channel.judge_seqs(&mut faults);
        channel.judge_members(&mut faults);
        for (number, read) in read.iter().enumerate() {
            channel.judge_told(number + 1, read, &mut faults);
        }
    }
    stored.judge_acknowledged(acknowledged, &mut faults);
    stored.judge_doubles(&mut faults);
    faults
}

impl Stored {
    /// Events in all.
    pub(super) fn events(&self) -> usize {
        let each = self.channels.iter().map(|channel| channel.events.len());
        each.sum()
    }

    /// Channels in all.
    pub(super) const fn channels(&self) -> usize {
        self.channels.len()
    }

    /// What was acknowledged is stored, there and as it was sent.
    fn judge_acknowledged(&self, acknowledged: &Acknowledged, faults: &mut Vec<String>) {
        let mut stored = HashMap::new();
        for channel in &self.channels {
            for event in &channel.events {
                if let Some(message) = &event.message {
                    let place = (channel.id.get(), event.seq);
                    stored.insert(place, (message.id, message.text.as_str()));
                }
            }
        }
        for (place, (id, text)) in &acknowledged.messages {
            if stored.get(place) != Some(&(*id, text.as_str())) {
                faults.push(format!(
                    "acknowledged, but not stored like that: {place:?} {id} {text}"
                ));
            }
        }
    }

    /// No send was stored twice: every text is another.
    fn judge_doubles(&self, faults: &mut Vec<String>) {
        let mut texts = HashSet::new();
        let events = self.channels.iter().flat_map(|channel| &channel.events);
        for message in events.filter_map(|event| event.message.as_ref()) {
            if !texts.insert(message.text.as_str()) {
                faults.push(format!("stored twice: {}", message.text));
            }
        }
    }
}

impl StoredChannel {
    /// Seqs and numbers have no hole, and the order of ids is the order of seqs.
    fn judge_seqs(&self, faults: &mut Vec<String>) {
        let (mut seq, mut number, mut id) = (0, 0, 0);
        for event in &self.events {
            seq += 1;
            let mut is_right = event.seq == seq;
            if let Some(message) = &event.message {
                number += 1;
                is_right &= message.seq == seq && message.number == number && message.id > id;
                id = message.id;
            }
            if !is_right {
                faults.push(format!("channel {}: the log is wrong at {seq}", self.id));
                return;
            }
        }
        if (self.last_seq, self.message_count) != (seq, number) {
            faults.push(format!(
                "channel {}: it counts {} events and {} messages, the log has {seq} and {number}",
                self.id, self.last_seq, self.message_count
            ));
        }
    }

    /// Nobody sent who, by the log itself, was no member at that moment.
    fn judge_members(&self, faults: &mut Vec<String>) {
        let mut members: HashSet<i64> = HashSet::new();
        for event in &self.events {
            match event.kind.as_str() {
                "member_removed" => members.retain(|user| !event.users.contains(user)),
                "message_created" if !members.contains(&event.actor) => faults.push(format!(
                    "channel {}: {} sent {} after having been removed",
                    self.id, event.actor, event.seq
                )),
                "message_created" => {}
                _ => members.extend(&event.users),
            }
        }
    }

    /// A reader was told what is stored.
    fn judge_told(&self, reader: usize, read: &Read, faults: &mut Vec<String>) {
        let told = read.told.events(self.id);
        if told.len() != self.events.len() {
            faults.push(format!(
                "reader {reader}, channel {}: told {} of {} events",
                self.id,
                told.len(),
                self.events.len()
            ));
        }
        for (told, event) in told.iter().zip(&self.events) {
            let message = event.message.as_ref();
            let text = message.map(|message| message.text.as_str());
            let id = message.map(|message| message.id);
            if *told != digest((&event.kind, event.actor, id, text)) {
                faults.push(format!(
                    "reader {reader}, channel {}: told something else at {}",
                    self.id, event.seq
                ));
                return;
            }
        }
    }
}
