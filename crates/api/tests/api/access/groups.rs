//! The channels in which is asked, with everybody in them.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicI64, Ordering},
};

use discuss_test_support::{HttpServer, Reply, SECRET, token};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::{
    AT_ONCE,
    sorts::{PEOPLE, Sort},
};
use crate::support::{Answer, Person, World};

/// In a row's path, a message of whoever asks, if they were ever in the channel; else, as `{messageId}`, the
/// owner's.
pub(super) const OWN_MESSAGE: &str = "{messageId=own}";
/// A member to whom the record's service says that they may not see the record.
const BARRED: i64 = 7;
/// Somebody of the group to whom things are done.
const BYSTANDER: i64 = 8;
/// A record that nobody opens.
const UNOPENED: i64 = 1;
/// From here on ids are given to records, and to the people of direct channels.
const FIRST: i64 = 1_000;

/// All that is stored of a channel, as text.
const STORED: &str = "
SELECT concat_ws(E'\\n',
  (SELECT r::text FROM channels r WHERE r.id = $1),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.user_id) FROM channel_members r WHERE r.channel_id = $1),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.id) FROM messages r WHERE r.channel_id = $1),
  (SELECT string_agg(f::text, E'\\n' ORDER BY f.message_id, f.user_id)
     FROM thread_followers f JOIN messages m ON m.id = f.message_id WHERE m.channel_id = $1),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.seq) FROM channel_events r WHERE r.channel_id = $1))";

/// A channel, who asks in it, and what its names in paths and bodies stand for.
pub(super) struct Group {
    pub(super) asking: Person,
    channel: Option<i64>,
    /// What was stored of it before anybody asked; of a shared one.
    before: Option<String>,
    names: Vec<(&'static str, String)>,
}

impl Group {
    fn new(asking: Person, channel: Option<i64>) -> Self {
        Self {
            asking,
            channel,
            before: None,
            names: vec![
                ("{entityType}", "customer".to_owned()),
                ("{emoji}", "\u{1f44d}".to_owned()),
            ],
        }
    }

    fn named(mut self, names: impl IntoIterator<Item = (&'static str, i64)>) -> Self {
        let names = names.into_iter();
        self.names
            .extend(names.map(|(name, value)| (name, value.to_string())));
        self.names
            .extend(self.channel.map(|id| ("{channelId}", id.to_string())));
        self
    }

    /// The text with what its names stand for.
    pub(super) fn fill(&self, text: &str) -> String {
        let names = self.names.iter();
        let filled = names.fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        });
        assert!(!filled.contains("Id}"), "what is {filled}?");
        filled
    }
}

/// Makes the channels.
pub(super) struct Groups {
    pub(super) world: World,
    _crm: HttpServer,
    next: AtomicI64,
    shared: HashMap<Place, Group>,
}

/// A sort of channel, and who asks in it.
type Place = (Sort, &'static str);

impl Groups {
    /// Beside a CRM that shows its records to everybody but one.
    pub(super) async fn start() -> Self {
        let barred = token(World::TENANT, BARRED);
        let says = move |request: &str| {
            let is_barred = request.contains(&barred);
            Reply::status(if is_barred { 403 } else { 200 })
        };
        let crm = HttpServer::start(says).await;
        let world = World::with(&[("JWT_SECRET", SECRET), ("CRM_SERVICE_URL", &crm.url())]).await;
        let mut groups = Self {
            world,
            _crm: crm,
            next: AtomicI64::new(FIRST),
            shared: HashMap::new(),
        };
        groups.shared = groups.make_shared().await;
        groups
    }

    /// The channel for all that changes nothing.
    pub(super) fn shared(&self, sort: Sort, asking: &'static str) -> &Group {
        &self.shared[&(sort, asking)]
    }

    /// Whose channels have changed nevertheless.
    pub(super) async fn changed(&self) -> Vec<Place> {
        let mut changed = Vec::new();
        for (place, group) in &self.shared {
            if self.stored(group.channel).await != group.before {
                changed.push(*place);
            }
        }
        changed
    }

    /// Who is called so in the table, in all channels but direct ones.
    pub(super) fn person(&self, name: &str) -> Person {
        let id = match name {
            "owner" => 1,
            "admin" => 2,
            "member" => 3,
            "guest" => 4,
            "silenced" => 5,
            "ex-member" => 6,
            "barred" => BARRED,
            "outside" => 9,
            "other-tenant" => return self.world.foreigner(3),
            "anonymous" => return self.world.anonymous(),
            other => panic!("who is {other}?"),
        };
        self.world.person(id)
    }

    /// A channel of its own for one request; without a sort, none.
    pub(super) async fn make(&self, sort: Option<Sort>, asking: &str) -> Group {
        match sort {
            None => {
                let names = [("{userId}", BYSTANDER), ("{entityId}", UNOPENED)];
                Group::new(self.person(asking), None).named(names)
            }
            Some(Sort::Direct) => self.make_direct(asking).await,
            Some(sort) => self.make_peopled(sort, asking).await,
        }
    }

    /// A channel for everybody in each sort.
    async fn make_shared(&self) -> HashMap<Place, Group> {
        let places = Sort::ALL.into_iter().flat_map(|sort| {
            let people = PEOPLE.into_iter();
            let people = people.filter(move |person| Sort::has(Some(sort), person));
            people.map(move |person| (sort, person))
        });
        let made = stream::iter(places).map(async |(sort, person)| {
            let group = self.make(Some(sort), person).await;
            let before = self.stored(group.channel).await;
            ((sort, person), Group { before, ..group })
        });
        made.buffer_unordered(AT_ONCE).collect().await
    }

    /// All that is stored of a channel.
    async fn stored(&self, channel: Option<i64>) -> Option<String> {
        let client = self.world.database.client().await;
        let row = client.query_one(STORED, &[&channel]).await;
        row.unwrap().get(0)
    }

    /// Two people who were in no channel before: who is called the owner opens it.
    async fn make_direct(&self, asking: &str) -> Group {
        let first = self.next.fetch_add(2, Ordering::Relaxed);
        let (one, other) = (self.world.person(first), self.world.person(first + 1));
        let opened = json!({ "otherUserId": other.id });
        let channel = one.post("/channels/direct", opened).await.id();
        let message = one.say(channel, "what was said").await;
        let (asking, companion, own) = match asking {
            "owner" => (one, other.id, message),
            "member" => (other.clone(), one.id, other.say(channel, "my words").await),
            asking => (self.person(asking), other.id, message),
        };
        Group::new(asking, Some(channel)).named([
            ("{messageId}", message),
            (OWN_MESSAGE, own),
            ("{userId}", companion),
            ("{entityId}", UNOPENED),
        ])
    }

    async fn make_peopled(&self, sort: Sort, asking: &str) -> Group {
        let owner = self.person("owner");
        let record = self.next.fetch_add(1, Ordering::Relaxed);
        let channel = match sort {
            Sort::Topic => {
                let body = json!({ "entityType": "customer", "entityId": record });
                owner.post("/channels/topic", body).await.id()
            }
            sort => {
                let is_private = sort != Sort::Public;
                owner.group_that(json!({ "isPrivate": is_private })).await
            }
        };
        let members = format!("/channels/{channel}/members");
        let people = json!({ "userIds": [2, 3, 4, 5, 6, BARRED, BYSTANDER] });
        done(&owner.post(&members, people).await);
        let message = owner.say(channel, "what was said").await;
        let own = self.say_own(asking, channel, message).await;
        settle(&owner, channel, sort).await;
        Group::new(self.person(asking), Some(channel)).named([
            ("{messageId}", message),
            (OWN_MESSAGE, own),
            ("{userId}", BYSTANDER),
            ("{entityId}", record),
        ])
    }

    /// A message of whoever will ask; of who is never in the channel it is the owner's.
    async fn say_own(&self, asking: &str, channel: i64, message: i64) -> i64 {
        match asking {
            "outside" | "other-tenant" | "anonymous" => message,
            "barred" => {
                let own = self.person("owner").say(channel, "my words").await;
                let theirs = format!("UPDATE messages SET sender_id = {BARRED} WHERE id = {own}");
                self.world.sql(&theirs).await;
                own
            }
            asking => self.person(asking).say(channel, "my words").await,
        }
    }
}

/// Makes people what they are called, once they have said what they say.
async fn settle(owner: &Person, channel: i64, sort: Sort) {
    let members = format!("/channels/{channel}/members");
    for (user, change) in [
        (2, json!({ "role": "ADMIN" })),
        (4, json!({ "role": "GUEST" })),
        (5, json!({ "status": "MUTED" })),
    ] {
        done(&owner.patch(&format!("{members}/{user}"), change).await);
    }
    done(&owner.delete(&format!("{members}/6")).await);
    if sort == Sort::Archived {
        let archive = format!("/channels/{channel}/archive");
        done(&owner.post_nothing(&archive).await);
    }
}

fn done(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
}
