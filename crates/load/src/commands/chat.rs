//! `chat`: a person at a terminal. What the socket says is printed, what is typed is sent.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use self::frames::{message, print, text};
use crate::dialer::{Dialer, Socket};
use crate::options::Servers;
use crate::people::{Person, Tenant};
use crate::rest::Rest;

mod frames;
mod refusals;

/// The tenant when none is given.
const TENANT: u64 = 1;
/// How many messages are shown of a channel that is joined.
const SHOWN: u8 = 10;
const HELP: &str = "type to send; /new NAME USER,… makes a channel, /list shows yours, /to ID chooses one, /quit ends";

/// The options of `chat`.
#[derive(Debug, Args)]
pub(super) struct Chat {
    #[command(flatten)]
    servers: Servers,
    /// Your name.
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// Your user id; made from the name if none is given.
    #[arg(long)]
    user: Option<u64>,
    /// A token of somebody, instead of one signed here.
    #[arg(long, env = "DISCUSS_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The channel to talk in at first.
    #[arg(long)]
    channel: Option<u64>,
}

const NO_TOKEN: &str =
    "no token: set DISCUSS_TOKEN to one, or JWT_SECRET to the secret that one is to be signed with";

/// A conversation under way.
struct Talk {
    rest: Rest,
    dialer: Dialer,
    person: Person,
    /// The last seq of each channel.
    seen: HashMap<u64, u64>,
    channel: Option<u64>,
}

/// What the person wants next.
enum Wish {
    GoOn,
    Quit,
}

impl Chat {
    /// Talks until the person leaves.
    pub(super) async fn talk(self) -> anyhow::Result<()> {
        let mut talk = Talk {
            rest: Rest::new(self.servers.apis.clone())?,
            dialer: Dialer::new(self.servers.gateways.clone(), &[], Vec::new())?,
            person: self.person()?,
            seen: HashMap::new(),
            channel: self.channel,
        };
        println!("{}: {HELP}", self.name);
        let mut lines = BufReader::new(stdin()).lines();
        let mut resume = "";
        loop {
            let query = format!("token={}{resume}", talk.person.token);
            match talk.dialer.open(0, 0, &query).await {
                Ok(mut socket) => {
                    if matches!(talk.converse(&mut socket, &mut lines).await?, Wish::Quit) {
                        return Ok(());
                    }
                    println!("(the connection is lost; coming back)");
                    resume = "&resume=1";
                }
                Err(error) => {
                    anyhow::ensure!(
                        !refusals::is_final(&error),
                        "the gateway refuses the token: {error:#}"
                    );
                    println!("({error:#}; trying again)");
                }
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    fn person(&self) -> anyhow::Result<Person> {
        let user = self.user.unwrap_or_else(|| user_called(&self.name));
        if let Some(token) = &self.token {
            let token = token.clone();
            return Ok(Person { user, token });
        }
        let secret = self.servers.secret().ok().context(NO_TOKEN)?;
        Tenant::new(self.servers.tenant.unwrap_or(TENANT), secret).person(user, &self.name)
    }
}

impl Talk {
    /// Talks until the person leaves or the socket breaks.
    async fn converse(
        &mut self,
        socket: &mut Socket,
        lines: &mut Lines<BufReader<Stdin>>,
    ) -> anyhow::Result<Wish> {
        loop {
            tokio::select! {
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(answer) = self.show(&serde_json::from_str(&text)?).await? {
                            socket.send(answer).await?;
                        }
                    }
                    Some(Ok(Message::Close(frame))) => {
                        refusals::require_may_return(frame)?;
                        return Ok(Wish::GoOn);
                    }
                    Some(Err(_)) | None => return Ok(Wish::GoOn),
                    Some(Ok(_)) => {}
                },
                line = lines.next_line() => match line? {
                    None => return Ok(Wish::Quit),
                    Some(line) if line.trim() == "/quit" => return Ok(Wish::Quit),
                    Some(line) => {
                        if let Some(frame) = self.typed(line.trim()).await {
                            socket.send(frame).await?;
                        }
                    }
                },
            }
        }
    }

    /// Prints a frame, and tells what to answer.
    async fn show(&mut self, frame: &Value) -> anyhow::Result<Option<Message>> {
        let payload = frame.get("payload").unwrap_or(&Value::Null);
        let kind = frame.get("type").and_then(Value::as_str).unwrap_or("");
        let place = frame
            .get("channelId")
            .and_then(Value::as_u64)
            .zip(frame.get("seq").and_then(Value::as_u64));
        if let Some((channel, seq)) = place {
            self.seen.insert(channel, seq);
            self.channel.get_or_insert(channel);
        }
        match (kind, place) {
            ("CONNECTED", _) => return self.greet(payload).await,
            ("NEW_MESSAGE", Some((channel, _))) => {
                print(channel, payload.get("message").unwrap_or(&Value::Null));
            }
            ("MESSAGE_SENT" | "RESUMED" | "PONG", _) => {}
            ("ERROR", _) => println!("! {} {}", text(payload, "code"), text(payload, "message")),
            (_, Some((channel, _))) => println!("#{channel} {kind}"),
            (_, None) => println!("{kind} {payload}"),
        }
        Ok(None)
    }

    /// The socket is connected: the first time the channel that is talked in is shown, later it is asked
    /// for what was missed.
    async fn greet(&mut self, payload: &Value) -> anyhow::Result<Option<Message>> {
        let known = !self.seen.is_empty();
        let resume = json!({ "type": "RESUME", "payload": { "channels": self.seen } });
        let channels = payload.get("channels").and_then(Value::as_object);
        for (channel, seq) in channels.into_iter().flatten() {
            if let (Ok(channel), Some(seq)) = (channel.parse(), seq.as_u64()) {
                self.seen.entry(channel).or_insert(seq);
                self.channel.get_or_insert(channel);
            }
        }
        let user = payload
            .get("userId")
            .and_then(Value::as_u64)
            .unwrap_or(self.person.user);
        let channels = match self.seen.len() {
            1 => "1 channel".to_owned(),
            many => format!("{many} channels"),
        };
        println!("(connected as user {user}; {channels})");
        if known {
            return Ok(Some(Message::text(resume.to_string())));
        }
        if let Some(here) = self.channel {
            self.join(here).await?;
        }
        Ok(None)
    }

    /// Talks in a channel from here on, beginning with what was said there last.
    async fn join(&mut self, channel: u64) -> anyhow::Result<()> {
        let newest = self.rest.newest(&self.person, channel, SHOWN).await;
        let newest = newest.with_context(|| format!("channel {channel} can't be talked in"))?;
        println!("(talking in #{channel})");
        let messages = newest.get("items").and_then(Value::as_array);
        for message in messages.into_iter().flatten().rev() {
            print(channel, message);
        }
        self.channel = Some(channel);
        Ok(())
    }

    /// Does what was typed, and tells what to send.
    async fn typed(&mut self, line: &str) -> Option<Message> {
        let done = match line.split_once(' ').unwrap_or((line, "")) {
            ("", _) => return None,
            ("/list", _) => self.list().await,
            ("/to", id) => match id.trim().parse() {
                Ok(id) => self.join(id).await,
                Err(_) => Err(anyhow::anyhow!("/to ID")),
            },
            ("/new", rest) => self.create(rest).await,
            (word, _) if word.starts_with('/') => Err(anyhow::anyhow!(HELP)),
            _ => match self.channel {
                Some(channel) => return Some(message(channel, line)),
                None => Err(anyhow::anyhow!("no channel yet; {HELP}")),
            },
        };
        if let Err(error) = done {
            println!("({error:#})");
        }
        None
    }

    async fn list(&self) -> anyhow::Result<()> {
        let channels = self.rest.channels(&self.person).await?;
        for channel in channels
            .get("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let number = |member| channel.get(member).and_then(Value::as_u64).unwrap_or(0);
            println!(
                "  #{} {} ({} unread)",
                number("id"),
                text(channel, "name"),
                number("unreadCount")
            );
        }
        Ok(())
    }

    async fn create(&mut self, rest: &str) -> anyhow::Result<()> {
        let (name, users) = rest.rsplit_once(' ').context("/new NAME USER,…")?;
        let users: Result<Vec<u64>, _> = users.split(',').map(str::parse).collect();
        let channel = self
            .rest
            .create_group(&self.person, name, &users.context("/new NAME USER,…")?)
            .await?;
        println!("(made channel {channel}, talking in it)");
        self.channel = Some(channel);
        Ok(())
    }
}

/// The same name is the same user every time, above the ids that runs use.
fn user_called(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_bytes());
    1_000_000 + hasher.finish() % 1_000_000_000
}
