//! The story, step by step.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use discuss_bus::{NewRecord, Producer, Settings, dead_letters};
use serde_json::{Value, json};
use uuid::Uuid;

use super::onlooker::Onlooker;
use super::records::{self, ENTITY_EVENTS, Scene};
use super::sights::{after, channel_of, is, is_channel_of, is_message, is_read_mark};
use super::{Report, letters};
use crate::dialer::Dialer;
use crate::options::Servers;
use crate::people::Tenant;
use crate::rest::Rest;

/// The tenant when none is given: the one of the tokens that `up` writes.
const TENANT: u64 = 1;

/// The company, its records and its people.
struct Company<'r> {
    scene: Scene,
    kafka: Settings,
    producer: Producer,
    rest: Rest,
    dialer: Dialer,
    ana: Onlooker,
    binh: Onlooker,
    chi: Onlooker,
    report: &'r mut Report,
}

/// Plays the story; notes in the report what was seen, and what was not.
pub(crate) async fn play_with(
    servers: &Servers,
    kafka: Settings,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut company = Company::found(servers, kafka, report)?;
    company.come_in().await?;
    let customer = company.records_appear().await?;
    company.talk(customer).await?;
    company.miss_and_resume(customer).await?;
    company.look_at_doubles(customer).await?;
    company.look_at_dead_letter().await
}

impl<'r> Company<'r> {
    fn found(servers: &Servers, kafka: Settings, report: &'r mut Report) -> anyhow::Result<Self> {
        let tenant = Tenant::new(servers.tenant.unwrap_or(TENANT), servers.secret()?);
        let now = chrono::Utc::now().timestamp_millis();
        Ok(Self {
            scene: Scene {
                tenant: tenant.id,
                id: u64::try_from(now)?,
                now,
            },
            producer: Producer::new(&kafka)?,
            kafka,
            rest: Rest::new(servers.apis.clone())?,
            dialer: Dialer::new(servers.gateways.clone(), &[], Vec::new())?,
            ana: Onlooker::new("Ana", tenant.person(1, "Ana")?),
            binh: Onlooker::new("Binh", tenant.person(2, "Binh")?),
            chi: Onlooker::new("Chi", tenant.person(3, "Chi")?),
            report,
        })
    }

    async fn come_in(&mut self) -> anyhow::Result<()> {
        println!("Ana, Binh and Chi come to work.");
        for person in [&mut self.ana, &mut self.binh, &mut self.chi] {
            let began = Instant::now();
            person.connect(&self.dialer).await?;
            let seen = person.find(|frame| is(frame, "CONNECTED")).await;
            self.report
                .note(person.name, "is connected", after(seen, began));
        }
        Ok(())
    }

    /// The services announce their records; answers the customer's channel.
    async fn records_appear(&mut self) -> anyhow::Result<u64> {
        println!(
            "The CRM announces a customer (twice), PTM a task, Purchase an order; one record is broken."
        );
        let customer = records::customer_created(self.scene);
        let all = [
            customer.clone(),
            records::task_created(self.scene),
            records::broken(self.scene),
            records::order_created(self.scene),
            customer,
        ];
        let began = Instant::now();
        self.send(&all).await?;
        let (id, order) = (self.scene.id.to_string(), format!("PO-{}", self.scene.id));
        let expected = [
            (&self.ana, "customer", &id),
            (&self.binh, "customer", &id),
            (&self.chi, "customer", &id),
            (&self.binh, "task", &id),
            (&self.chi, "order", &order),
            (&self.ana, "order", &order),
        ];
        let mut customer = None;
        for (person, entity, id) in expected {
            let seen = person.find(|frame| is_channel_of(frame, entity, id)).await;
            if entity == "customer" {
                customer = customer.or(seen.as_ref().and_then(|frame| channel_of(&frame.value)));
            }
            let what = format!("sees the channel of the {entity} appear");
            self.report.note(person.name, what, after(seen, began));
        }
        customer.context("the customer's channel did not appear")
    }

    async fn talk(&mut self, channel: u64) -> anyhow::Result<()> {
        println!("They talk about the customer: Ana by REST, Binh on his socket; Chi reads.");
        self.say_by_rest(channel, "Who calls Nordwind back?")
            .await?;
        let began = Instant::now();
        let frame = json!({ "type": "SEND_MESSAGE", "requestId": Uuid::new_v4(),
            "payload": { "channelId": channel, "content": "I do", "clientMessageId": Uuid::new_v4() } });
        self.binh.say(&frame).await?;
        let mut last = None;
        for person in [&self.ana, &self.binh, &self.chi] {
            let seen = person
                .find(|frame| is_message(frame, channel, "I do"))
                .await;
            last = seen
                .as_ref()
                .and_then(|frame| frame.value.pointer("/payload/message/id").cloned())
                .or(last);
            self.report
                .note(person.name, "hears Binh", after(seen, began));
        }
        let began = Instant::now();
        let mark = json!({ "channelId": channel, "messageId": last });
        self.chi
            .say(&json!({ "type": "MARK_READ", "payload": mark }))
            .await?;
        let seen = self.ana.find(|frame| is_read_mark(frame, channel, 3)).await;
        self.report.note(
            "Ana",
            "sees that Chi has read it (gathered for a second)",
            after(seen, began),
        );
        Ok(())
    }

    async fn say_by_rest(&mut self, channel: u64, content: &str) -> anyhow::Result<()> {
        let began = Instant::now();
        self.rest
            .send(&self.ana.person, channel, (content, Uuid::new_v4()))
            .await?;
        self.report.note(
            "Ana",
            format!("said “{content}”, and it is stored"),
            Some(began.elapsed()),
        );
        for person in [&self.binh, &self.chi] {
            let seen = person
                .find(|frame| is_message(frame, channel, content))
                .await;
            self.report
                .note(person.name, "hears Ana", after(seen, began));
        }
        Ok(())
    }

    async fn miss_and_resume(&mut self, channel: u64) -> anyhow::Result<()> {
        println!(
            "Binh loses the connection; Ana goes on talking, and the CRM renames the customer."
        );
        self.binh.lose_connection();
        let missed: Vec<String> = (1..=5)
            .map(|number| format!("Binh misses this, {number}"))
            .collect();
        for content in &missed {
            self.rest
                .send(&self.ana.person, channel, (content, Uuid::new_v4()))
                .await?;
        }
        let renaming = records::customer_renamed(Scene {
            now: self.scene.now + 1,
            ..self.scene
        });
        let began = Instant::now();
        self.send(&[renaming]).await?;
        let seen = self.chi.find(|frame| is_renaming(frame, channel)).await;
        self.report
            .note("Chi", "sees the channel renamed", after(seen, began));
        self.come_back(channel, &missed).await
    }

    async fn come_back(&mut self, channel: u64, missed: &[String]) -> anyhow::Result<()> {
        println!("Binh comes back.");
        let began = Instant::now();
        self.binh.connect(&self.dialer).await?;
        for content in missed {
            let seen = self
                .binh
                .find(|frame| is_message(frame, channel, content))
                .await;
            self.report.note(
                "Binh",
                format!("catches up with “{content}”"),
                after(seen, began),
            );
        }
        let seen = self.binh.find(|frame| is_renaming(frame, channel)).await;
        self.report
            .note("Binh", "catches up with the new name", after(seen, began));
        Ok(())
    }

    /// What came twice is there once, for each of them, and in order.
    async fn look_at_doubles(&mut self, channel: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        let channels = self.rest.channels(&self.ana.person).await?;
        let id = json!(self.scene.id.to_string());
        let items = channels
            .get("items")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let same = items
            .iter()
            .filter(|item| item.get("entityId") == Some(&id));
        self.note_if(
            same.count() == 1,
            "Ana",
            "has one channel of the customer, though its record came twice",
            began,
        );
        for person in [&self.ana, &self.binh, &self.chi] {
            let seqs: Vec<u64> = person
                .all(|frame| channel_of(frame) == Some(channel))
                .iter()
                .filter_map(|frame| frame.value.get("seq")?.as_u64())
                .collect();
            let is_whole =
                !seqs.is_empty() && seqs.iter().zip(1..).all(|(seq, expected)| *seq == expected);
            let what = format!(
                "saw the customer's {} events, each once and in order",
                seqs.len()
            );
            self.report
                .note(person.name, what, is_whole.then(|| began.elapsed()));
        }
        Ok(())
    }

    async fn look_at_dead_letter(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        let broken = records::broken(self.scene).value.unwrap_or_default();
        let letter = letters::find(&self.kafka, ENTITY_EVENTS, &broken).await?;
        if let Some(letter) = &letter {
            println!("The dead letter, in {}:", letter.topic);
            println!("  {}", String::from_utf8_lossy(&broken));
            for name in [
                dead_letters::CAUSE,
                dead_letters::TOPIC,
                dead_letters::PARTITION,
                dead_letters::OFFSET,
            ] {
                println!("  {name}: {}", letter.header(name).unwrap_or_default());
            }
        }
        self.note_if(
            letter.is_some(),
            "operators",
            "find the broken record among the dead letters",
            began,
        );
        Ok(())
    }

    async fn send(&self, records: &[NewRecord]) -> anyhow::Result<()> {
        let sending = self.producer.send_all(records);
        let sent = tokio::time::timeout(Duration::from_secs(15), sending).await;
        sent.context("Kafka does not take the records")??;
        Ok(())
    }

    fn note_if(&mut self, holds: bool, who: &str, what: &str, began: Instant) {
        self.report.note(who, what, holds.then(|| began.elapsed()));
    }
}

fn is_renaming(frame: &Value, channel: u64) -> bool {
    is(frame, "CHANNEL_UPDATED") && channel_of(frame) == Some(channel)
}
