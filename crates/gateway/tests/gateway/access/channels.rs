//! The channels in which is asked, each with people of its own.

use std::sync::atomic::{AtomicI64, Ordering};

use discuss_app::services::ServiceSettings;
use discuss_app::{channels, members};
use discuss_domain::entities::{EntityType, RecordId, RecordRef};
use discuss_domain::members::{MemberStatus, Role, StandingChange};
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::{HttpServer, Reply, World, token};

use super::people::{OF_A_CHANNEL, Sort, offset};
use crate::client::Client;
use crate::process::Gateway;

/// A channel, who asks in it, and what its names in payloads stand for.
pub(super) struct Place {
    pub(super) channel: ChannelId,
    /// Tenant and id.
    pub(super) asking: (i64, i64),
    /// Somebody in the channel who has not read the last message; of two, that may be who asks.
    pub(super) companion: i64,
    names: [(&'static str, String); 4],
}

impl Place {
    /// The text with what its names stand for.
    pub(super) fn fill(&self, text: &str) -> String {
        let names = self.names.iter();
        names.fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }
}

/// Makes the channels.
pub(super) struct Places {
    pub(super) world: World,
    gateway: Gateway,
    _crm: HttpServer,
    next: AtomicI64,
}

impl Places {
    /// Beside a CRM that shows each customer to everybody but one.
    pub(super) async fn start() -> Self {
        let crm = HttpServer::start(|request| {
            let status = if is_barred(request) { 403 } else { 200 };
            Reply::status(status)
        })
        .await;
        let world = World::with_services(&ServiceSettings {
            crm: Some(crm.url()),
            ..ServiceSettings::default()
        })
        .await;
        let gateway = Gateway::start_with(&world, &[("CRM_SERVICE_URL", &crm.url())]).await;
        Self {
            world,
            gateway,
            _crm: crm,
            next: AtomicI64::new(OF_A_CHANNEL),
        }
    }

    /// Connects who asks there, or the companion.
    pub(super) async fn client(&self, place: &Place, person: &str) -> Client {
        let (tenant, user) = match person {
            "anonymous" => return self.gateway.open_at("/ws/discuss").await,
            "companion" => (World::TENANT, place.companion),
            _ => place.asking,
        };
        let path = format!("/ws/discuss?token={}", token(tenant, user));
        let mut client = self.gateway.open_at(&path).await;
        client.expect("CONNECTED").await;
        client
    }

    /// A channel of its own for one request.
    pub(super) async fn make(&self, sort: Sort, asking: &str) -> Place {
        let first = self.next.fetch_add(OF_A_CHANNEL, Ordering::Relaxed);
        let user = first + offset(asking);
        let channel = self.open(sort, first).await;
        let message = self.world.send(first, channel, "what was said").await.id;
        let own = match asking {
            "owner" | "outside" | "other-tenant" | "anonymous" => message,
            _ => self.world.send(user, channel, "my words").await.id,
        };
        let (last_by, companion) = match (sort, asking) {
            (Sort::Direct, "owner") => (first + 2, first),
            (Sort::Direct, _) => (first, first + 2),
            // Nobody of the table.
            _ => (first + 9, first + 8),
        };
        let last = self.world.send(last_by, channel, "at last").await.id;
        self.settle(sort, channel, first).await;
        // Gateways have heard of it all before somebody comes.
        self.world.app.settle().await;
        let tenant = match asking {
            "other-tenant" => World::TENANT + 1,
            _ => World::TENANT,
        };
        Place {
            channel,
            asking: (tenant, user),
            companion,
            names: [
                ("{channelId}", channel.to_string()),
                ("{messageId}", message.to_string()),
                ("{messageId=own}", own.to_string()),
                ("{messageId=last}", last.to_string()),
            ],
        }
    }

    async fn open(&self, sort: Sort, first: i64) -> ChannelId {
        let (world, owner) = (&self.world, World::person(first));
        let others: Vec<i64> = (1..OF_A_CHANNEL)
            .filter(|other| *other != offset("outside"))
            .map(|other| first + other)
            .collect();
        match sort {
            Sort::Public => world.group_of(&owner, &others, false).await,
            Sort::Private | Sort::Archived => world.group_of(&owner, &others, true).await,
            Sort::Direct => world.direct(first, first + 2).await,
            Sort::Topic => {
                let (sort, id) = (EntityType::Customer, RecordId::parse(&first.to_string()));
                let customer = RecordRef {
                    sort,
                    id: id.unwrap(),
                };
                let owner = world.bearer(first);
                let made = channels::topics::get_or_create(&world.app, &owner, &customer, None);
                let channel = made.await.unwrap().0.channel.id;
                world.add(first, channel, &others).await;
                channel
            }
        }
    }

    /// Makes people what they are called, once they have said what they say.
    async fn settle(&self, sort: Sort, channel: ChannelId, first: i64) {
        if sort == Sort::Direct {
            return;
        }
        let (app, owner) = (&self.world.app, World::person(first));
        let role = |role| StandingChange {
            role: Some(role),
            status: None,
        };
        let silenced = StandingChange {
            role: None,
            status: Some(MemberStatus::Muted),
        };
        for (person, change) in [
            ("admin", role(Role::Admin)),
            ("guest", role(Role::Guest)),
            ("silenced", silenced),
        ] {
            let user = UserId::from(first + offset(person));
            let changed = members::update(app, &owner, (channel, user), change).await;
            changed.unwrap();
        }
        let gone = first + offset("ex-member");
        self.world.remove(first, channel, gone).await;
        if sort == Sort::Archived {
            channels::archive(app, &owner, channel).await.unwrap();
        }
    }
}

/// Whether a request to the CRM is of who may not see the customer, whose id is that of the channel's first.
fn is_barred(request: &str) -> bool {
    let path = request.split_whitespace().nth(1).unwrap();
    let customer: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let barred = customer + offset("barred");
    request.contains(&token(World::TENANT, barred))
}
