//! Who is answered what: every route of the OpenAPI document, asked by each sort of person, against the table
//! in access.tsv. A route without a row fails.

use std::{collections::BTreeSet, fmt};

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Person, World};

const TABLE: &str = include_str!("access.tsv");
const BASE: &str = "/discuss/api/v1";

/// The columns of the table, in its order.
const PEOPLE: [&str; 9] = [
    "owner",
    "admin",
    "member",
    "guest",
    "silenced",
    "ex-member",
    "outside",
    "other-tenant",
    "anonymous",
];

/// In a row's path, a message of whoever asks, if they were ever in the group; else, as `{messageId}`, the
/// owner's.
const OWN_MESSAGE: &str = "{messageId=own}";
/// Somebody of the group to whom things are done.
const BYSTANDER: i64 = 8;
/// Cells that are asked at once.
const AT_ONCE: usize = 8;

/// A request, and what each person is answered.
#[derive(Debug, PartialEq)]
struct Row {
    method: Method,
    /// With the query, if there is one.
    path: String,
    group: String,
    statuses: Vec<u16>,
    body: Option<String>,
}

impl Row {
    fn parse(line: &str) -> Self {
        let mut fields = line.split_whitespace();
        let mut next = || fields.next().unwrap_or_else(|| panic!("too short: {line}"));
        let (method, path, group) = (next(), next().to_owned(), next().to_owned());
        let statuses = PEOPLE.map(|_| next().parse().unwrap()).to_vec();
        assert!(["public", "private", "-"].contains(&&*group), "{line}");
        let body = fields.collect::<Vec<_>>().join(" ");
        Self {
            method: method.parse().unwrap(),
            path,
            group,
            statuses,
            body: (body != "-").then_some(body),
        }
    }

    /// The route as the OpenAPI document names it, and the sort of group.
    fn key(&self) -> (String, &str) {
        let path = self.path.split('?').next().unwrap();
        let path = path.replace(OWN_MESSAGE, "{messageId}");
        (format!("{} {path}", self.method), &self.group)
    }
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines();
    lines
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(Row::parse)
        .collect()
}

/// Every route of the document with each sort of group it must have a row for.
fn wanted() -> BTreeSet<(String, &'static str)> {
    let document: Value = serde_json::from_str(&discuss_api::document_as_json().unwrap()).unwrap();
    let mut wanted = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix(BASE).unwrap();
        // These name their channel beside the path.
        let has_channel = path.contains('{') || path.starts_with("/presence/");
        let groups: &[&str] = if has_channel {
            &["public", "private"]
        } else {
            &["-"]
        };
        for method in item.as_object().unwrap().keys() {
            let route = format!("{} {path}", method.to_uppercase());
            wanted.extend(groups.iter().map(|group| (route.clone(), *group)));
        }
    }
    wanted
}

/// A group with everybody in it, and what is known of it: the names in routes and bodies.
struct Group {
    names: Vec<(&'static str, String)>,
}

impl Group {
    async fn make(world: &World, is_private: bool, asking: &str) -> Self {
        let owner = world.person(1);
        let made = json!({ "isPrivate": is_private, "memberIds": [2, 3, 4, 5, 6, BYSTANDER] });
        let channel = owner.group_that(made).await;
        let message = owner.say(channel, "what was said").await;
        let own = match asking {
            "outside" | "other-tenant" | "anonymous" => message,
            asking => person(world, asking).say(channel, "my words").await,
        };
        let members = format!("/channels/{channel}/members");
        for (user, change) in [
            (2, json!({ "role": "ADMIN" })),
            (4, json!({ "role": "GUEST" })),
            (5, json!({ "status": "MUTED" })),
        ] {
            done(&owner.patch(&format!("{members}/{user}"), change).await);
        }
        done(&owner.delete(&format!("{members}/6")).await);
        Self {
            names: vec![
                ("{channelId}", channel.to_string()),
                ("{messageId}", message.to_string()),
                (OWN_MESSAGE, own.to_string()),
                ("{userId}", BYSTANDER.to_string()),
                ("{entityType}", "customer".to_owned()),
                ("{entityId}", "1".to_owned()),
                ("{emoji}", "\u{1f44d}".to_owned()),
            ],
        }
    }

    /// The text with what its names stand for.
    fn fill(&self, text: &str) -> String {
        let names = self.names.iter();
        let filled = names.fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        });
        assert!(!filled.contains("Id}"), "what is {filled}?");
        filled
    }
}

fn done(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn person(world: &World, name: &str) -> Person {
    match name {
        "owner" => world.person(1),
        "admin" => world.person(2),
        "member" => world.person(3),
        "guest" => world.person(4),
        "silenced" => world.person(5),
        "ex-member" => world.person(6),
        "outside" => world.person(9),
        "other-tenant" => world.foreigner(3),
        "anonymous" => world.anonymous(),
        other => panic!("who is {other}?"),
    }
}

/// One request by one person.
struct Cell<'a> {
    row: &'a Row,
    person: &'static str,
    expected: u16,
}

/// An answer that the table does not have.
struct Unexpected<'a> {
    cell: &'a Cell<'a>,
    answer: Answer,
}

impl fmt::Display for Unexpected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (
            row,
            Cell {
                person, expected, ..
            },
        ) = (self.cell.row, self.cell);
        let (status, body) = (self.answer.status, &self.answer.body);
        let Row {
            method,
            path,
            group,
            ..
        } = row;
        write!(
            f,
            "{method} {path} ({group}) by {person}: {status}, not {expected}: {body}"
        )
    }
}

/// Asks in a group of the cell's own: what one changes another does not see.
async fn ask<'a>(world: &World, cell: &'a Cell<'a>) -> Option<Unexpected<'a>> {
    let row = cell.row;
    let group = match &*row.group {
        "-" => Group { names: vec![] },
        kind => Group::make(world, kind == "private", cell.person).await,
    };
    let asking = person(world, cell.person);
    let mut request = asking.request(row.method.clone(), &group.fill(&row.path));
    if let Some(body) = &row.body {
        let body: Value = serde_json::from_str(&group.fill(body)).unwrap();
        request = request.json(&body);
    }
    let answer = Answer::of(request).await;
    (answer.status != cell.expected).then_some(Unexpected { cell, answer })
}

#[tokio::test]
async fn every_route_answers_each_person_as_the_table_says() {
    let rows = rows();
    let known: BTreeSet<_> = rows.iter().map(Row::key).collect();
    let wanted = wanted();
    let without: Vec<_> = wanted.difference(&known).collect();
    let astray: Vec<_> = known.difference(&wanted).collect();
    assert!(astray.is_empty(), "rows of no route: {astray:?}");

    let cells: Vec<Cell<'_>> = rows
        .iter()
        .flat_map(|row| {
            let people = PEOPLE.into_iter().zip(&row.statuses);
            people.map(move |(person, expected)| Cell {
                row,
                person,
                expected: *expected,
            })
        })
        .collect();
    let world = World::new().await;
    for name in PEOPLE.into_iter().filter(|name| *name != "anonymous") {
        let asked = person(&world, name).delete("/users/me/messages").await;
        assert_eq!(asked.status, 202, "{}", asked.body);
    }
    let unexpected: Vec<_> = stream::iter(&cells)
        .map(|cell| ask(&world, cell))
        .buffer_unordered(AT_ONCE)
        .filter_map(|unexpected| async { unexpected })
        .collect()
        .await;

    for one in &unexpected {
        println!("{one}");
    }
    println!(
        "access: {} cells, {} unexpected answers, {} routes without a row",
        cells.len(),
        unexpected.len(),
        without.len()
    );
    assert!(without.is_empty(), "without a row: {without:?}");
    assert!(unexpected.is_empty());
}
