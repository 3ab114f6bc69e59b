//! Who is there, by leases that whoever holds a connection renews; and who is typing.
//!
//! Of each person a hash (`presence:{tenant}:{user}`): what they chose, when they were last heard of, their
//! links, what others were told and when. All links stand in one sorted set by the end of their lease, and
//! whoever is to be looked at, because something may have changed, in another. It is kept when it was looked
//! last for leases that are over. Times are those of Redis.

use discuss_domain::presence::{Device, Presence, Status, StatusMessage};
use discuss_domain::{ChannelId, TenantId, UserId};
use redis::aio::ConnectionManager;
use redis::{RedisError, Script, Value};
use uuid::Uuid;

use super::Redis;

mod record;
mod scripts;

use record::{LinkState, read};

/// Somebody of a tenant.
pub type Person = (TenantId, UserId);

/// A connection of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLink {
    /// Whose.
    pub person: Person,
    /// Its own id.
    pub link: Uuid,
    /// With what.
    pub device: Device,
    /// Something was done on it lately.
    pub is_active: bool,
}

/// What is known of somebody, and what others were told of them last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub person: Person,
    /// What is known.
    pub presence: Presence,
    /// [`Presence::told`] of what others know.
    pub told: Option<String>,
    /// Of those who are taken to tell of them: whoever takes them later has another.
    pub claim: u64,
}

/// While nobody could look for leases that are over, nobody could renew any either, most often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// It must have been looked so lately,
    pub looked_within_ms: u64,
    /// or nothing is forgotten for so long.
    pub grace_ms: u64,
}

/// Where presence is kept. It connects again by itself; while Redis is away every call fails.
#[derive(Clone)]
pub struct PresenceStore {
    connection: ConnectionManager,
    prefix: String,
}

impl Redis {
    /// Connects to where presence is kept.
    pub async fn presence(&self) -> Result<PresenceStore, RedisError> {
        let connection = self.publisher().await?.manager;
        let prefix = self.prefix.clone();
        Ok(PresenceStore { connection, prefix })
    }
}

impl PresenceStore {
    /// Holds these links for `lease_ms` from now; answers, for each, how many its person has then, without
    /// those that are ending, or were not renewed for half of that.
    pub async fn hold(
        &mut self,
        links: &[NewLink],
        lease_ms: u64,
    ) -> Result<Vec<usize>, RedisError> {
        let script = Script::new(&scripts::hold());
        let mut call = script.prepare_invoke();
        call.arg(&self.prefix).arg(lease_ms);
        for link in links {
            let state = LinkState::of(link).encode();
            call.arg(name(link.person)).arg(text(link.link)).arg(state);
        }
        call.invoke_async(&mut self.connection).await
    }

    /// Renews leases; answers which of these links were forgotten meanwhile, by their places in the list.
    pub async fn renew(
        &mut self,
        links: &[(Person, Uuid)],
        lease_ms: u64,
    ) -> Result<Vec<usize>, RedisError> {
        let script = Script::new(&scripts::renew());
        let mut call = script.prepare_invoke();
        call.arg(&self.prefix).arg(lease_ms);
        for (person, link) in links {
            call.arg(name(*person)).arg(text(*link));
        }
        call.invoke_async(&mut self.connection).await
    }

    /// Lets go of links: their people may come back within `grace_ms`, then they are forgotten.
    pub async fn release(
        &mut self,
        links: &[(Person, Uuid)],
        grace_ms: u64,
    ) -> Result<(), RedisError> {
        let script = Script::new(&scripts::release());
        let mut call = script.prepare_invoke();
        call.arg(&self.prefix).arg(grace_ms);
        for (person, link) in links {
            call.arg(name(*person)).arg(text(*link));
        }
        call.invoke_async(&mut self.connection).await
    }

    /// Forgets links whose lease is over, at most so many; answers how many.
    pub async fn forget_ended(
        &mut self,
        most: usize,
        patience: Patience,
    ) -> Result<usize, RedisError> {
        let script = Script::new(&scripts::forget_ended());
        let mut call = script.prepare_invoke();
        call.arg(&self.prefix).arg(most);
        call.arg(patience.looked_within_ms).arg(patience.grace_ms);
        call.invoke_async(&mut self.connection).await
    }

    /// Sets what somebody chose; nothing is left as it is.
    pub async fn choose(
        &mut self,
        person: Person,
        status: Option<Status>,
        message: Option<&StatusMessage>,
    ) -> Result<(), RedisError> {
        let script = Script::new(&scripts::choose());
        let mut call = script.prepare_invoke();
        call.arg(&self.prefix).arg(name(person));
        if let Some(status) = status {
            call.arg("status").arg(status.as_str());
        }
        if let Some(message) = message {
            call.arg("message").arg(message.as_str());
        }
        call.invoke_async(&mut self.connection).await
    }

    /// Takes people of whom something may have changed, at most so many; each is taken once, and again
    /// after a second at the earliest. Of whom it is not noted within `again_ms` that others were told, or that
    /// there is nothing to tell, whoever took them is gone: they are taken again.
    pub async fn take_changed(
        &mut self,
        most: usize,
        again_ms: u64,
    ) -> Result<Vec<Known>, RedisError> {
        let script = Script::new(&scripts::take_changed());
        let mut call = script.prepare_invoke();
        call.arg(&self.prefix).arg(most).arg(again_ms);
        let answer: Vec<(String, Value)> = call.invoke_async(&mut self.connection).await?;
        let known = answer.into_iter().map(|(name, record)| {
            let person = person(&name)?;
            read(person, redis::from_redis_value(record).ok()?)
        });
        Ok(known.flatten().collect())
    }

    /// Notes of whom others were told, and of whom there is nothing to tell. Of whom others were told although
    /// somebody else had taken them meanwhile, they are told anew: what they heard last may be older.
    pub async fn note_told(&mut self, told: &[Known], untold: &[Known]) -> Result<(), RedisError> {
        if told.is_empty() && untold.is_empty() {
            return Ok(());
        }
        let script = Script::new(&scripts::note_told());
        let mut call = script.prepare_invoke();
        call.arg(&self.prefix);
        for known in told {
            let told = known.presence.told();
            call.arg(name(known.person)).arg(known.claim).arg(told);
        }
        for known in untold {
            call.arg(name(known.person)).arg(known.claim).arg("");
        }
        call.invoke_async(&mut self.connection).await
    }

    /// What is known of people of a tenant, in their order.
    pub async fn list(
        &mut self,
        tenant: TenantId,
        users: &[UserId],
    ) -> Result<Vec<Presence>, RedisError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        for user in users {
            pipeline.hgetall(self.key((tenant, *user)));
        }
        let records: Vec<Vec<(String, String)>> =
            pipeline.query_async(&mut self.connection).await?;
        let known = users.iter().zip(records);
        let known = known.map(|(user, record)| read((tenant, *user), record));
        Ok(known
            .map(|known| known.map_or_else(Presence::default, |known| known.presence))
            .collect())
    }

    /// Somebody is typing, for so long unless it is said again.
    pub async fn type_for(
        &mut self,
        (tenant, channel): (TenantId, ChannelId),
        user: UserId,
        millis: u64,
    ) -> Result<(), RedisError> {
        let script = Script::new(&scripts::type_for());
        let mut call = script.prepare_invoke();
        call.arg(self.typing_key(tenant, channel));
        call.arg(user.get()).arg(millis);
        call.invoke_async(&mut self.connection).await
    }

    /// Somebody is typing no more.
    pub async fn type_no_more(
        &mut self,
        (tenant, channel): (TenantId, ChannelId),
        user: UserId,
    ) -> Result<(), RedisError> {
        let mut command = redis::cmd("ZREM");
        command
            .arg(self.typing_key(tenant, channel))
            .arg(user.get());
        command.query_async(&mut self.connection).await
    }

    /// Who is typing in a channel.
    pub async fn list_typing(
        &mut self,
        tenant: TenantId,
        channel: ChannelId,
    ) -> Result<Vec<UserId>, RedisError> {
        let script = Script::new(&scripts::list_typing());
        let mut call = script.prepare_invoke();
        call.arg(self.typing_key(tenant, channel));
        let users: Vec<i64> = call.invoke_async(&mut self.connection).await?;
        Ok(users.into_iter().map(UserId::from).collect())
    }

    fn key(&self, person: Person) -> String {
        format!("{}:presence:{}", self.prefix, name(person))
    }

    fn typing_key(&self, tenant: TenantId, channel: ChannelId) -> String {
        format!("{}:typing:{tenant}:{channel}", self.prefix)
    }
}

fn name((tenant, user): Person) -> String {
    format!("{tenant}:{user}")
}

fn person(name: &str) -> Option<Person> {
    let (tenant, user) = name.split_once(':')?;
    let tenant: i64 = tenant.parse().ok()?;
    let user: i64 = user.parse().ok()?;
    Some((TenantId::from(tenant), UserId::from(user)))
}

fn text(link: Uuid) -> String {
    link.simple().to_string()
}
