//! Who is answered what: every request about a channel or a message, in each sort of channel, asked by each sort
//! of person, against the table in access.tsv. A request without a row for each sort fails.

mod channels;
mod people;
mod table;

use std::{collections::BTreeSet, fmt};

use discuss_test_support::{World, until};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use self::{
    channels::{Place, Places},
    table::{Expected, Row, rows, wanted},
};
use crate::client::{Client, Sent};

/// Cells that are asked at once.
const AT_ONCE: usize = 8;

/// One request by one person.
struct Cell<'a> {
    row: &'a Row,
    person: &'static str,
    expected: &'a Expected,
}

/// An answer that the table does not have.
struct Unexpected<'a> {
    cell: &'a Cell<'a>,
    answer: Expected,
}

impl fmt::Display for Unexpected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell {
            row,
            person,
            expected,
        } = self.cell;
        let (kind, sort, answer) = (&row.kind, row.sort, &self.answer);
        write!(f, "{kind} ({sort:?}) by {person}: {answer}, not {expected}")
    }
}

/// Asks in a channel of the cell's own.
async fn ask<'a>(places: &Places, cell: &'a Cell<'a>) -> Option<Unexpected<'a>> {
    let Cell {
        row,
        person,
        expected,
    } = *cell;
    let place = places.make(row.sort, person).await;
    let mut client = places.client(&place, person).await;
    let payload: Value = serde_json::from_str(&place.fill(&row.payload)).unwrap();
    client
        .say(json!({ "type": row.kind, "requestId": "asked", "payload": payload }))
        .await;
    let mut answer = heard(
        &mut client,
        row.is_always_answered() || person == "anonymous",
    )
    .await;
    if let Some(moved) = row.moves_mark()
        && answer == Expected::Silence
    {
        let request = json!({ "type": row.kind, "payload": payload });
        answer = marked(places, &place, (request, &place.fill(moved))).await;
    }
    (answer != *expected).then_some(Unexpected { cell, answer })
}

/// The answer to what was just asked.
async fn heard(client: &mut Client, is_always_answered: bool) -> Expected {
    if !is_always_answered {
        client
            .say(json!({ "type": "PING", "requestId": "after" }))
            .await;
    }
    loop {
        let frame = match client.next().await {
            Sent::Frame(frame) => frame,
            Sent::Closed(code) => panic!("closed with {code}"),
        };
        let kind = frame["type"].as_str().unwrap().to_owned();
        match frame["requestId"].as_str() {
            _ if kind == "ERROR" => {
                let code = frame["payload"]["code"].as_str().unwrap();
                return Expected::Error(code.to_owned());
            }
            Some("asked") => return Expected::Frame(kind),
            Some("after") => return Expected::Silence,
            _ => {}
        }
    }
}

/// Whether the mark of who asked has moved, as SQL says. The companion asks the same after them, and what is gathered is
/// written in that order.
async fn marked(places: &Places, place: &Place, (request, moved): (Value, &str)) -> Expected {
    let companion = (World::TENANT, place.companion);
    if place.asking != companion {
        let mut client = places.client(place, "companion").await;
        client.say(request).await;
        client.expect_silence().await;
    }
    let has_moved = async |(tenant, user): (i64, i64)| -> bool {
        let sql = format!(
            "SELECT count(*) FROM channel_members WHERE channel_id = {} AND tenant_id = {tenant}
                AND user_id = {user} AND {moved}",
            place.channel
        );
        places.world.number(&sql).await > 0
    };
    until("a mark must move", async || has_moved(companion).await).await;
    if has_moved(place.asking).await {
        Expected::Silence
    } else {
        Expected::Nothing
    }
}

fn cells_of(row: &Row) -> impl Iterator<Item = Cell<'_>> {
    let cells = row.cells.iter();
    cells.map(move |(person, expected)| Cell {
        row,
        person,
        expected,
    })
}

#[tokio::test]
async fn every_request_is_answered_to_each_person_as_the_table_says() {
    let rows = rows();
    let known: BTreeSet<_> = rows.iter().map(|row| (&*row.kind, row.sort)).collect();
    let wanted = wanted();
    let without: Vec<_> = wanted.difference(&known).collect();
    let astray: Vec<_> = known.difference(&wanted).collect();
    assert!(astray.is_empty(), "rows of no request: {astray:?}");
    let cells: Vec<Cell<'_>> = rows.iter().flat_map(cells_of).collect();
    let places = Places::start().await;
    let unexpected: Vec<_> = stream::iter(&cells)
        .map(|cell| ask(&places, cell))
        .buffer_unordered(AT_ONCE)
        .filter_map(|unexpected| async { unexpected })
        .collect()
        .await;

    for one in &unexpected {
        println!("{one}");
    }
    println!(
        "access: {} cells, {} unexpected answers, {} requests without a row",
        cells.len(),
        unexpected.len(),
        without.len()
    );
    assert!(without.is_empty(), "without a row: {without:?}");
    assert!(unexpected.is_empty());
}
