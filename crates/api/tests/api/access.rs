//! Who is answered what: every route of the OpenAPI document, in each sort of channel, asked by each sort of
//! person, against the table in access.tsv. A route without a row for each sort fails.

mod groups;
mod sorts;
mod table;

use std::{collections::BTreeSet, fmt};

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::Value;

use self::{
    groups::{Group, Groups},
    sorts::{PEOPLE, Sort},
    table::{Expected, Row, rows, wanted},
};
use crate::support::Answer;

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
    answer: Answer,
}

impl fmt::Display for Unexpected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell {
            row,
            person,
            expected,
        } = self.cell;
        let sort = row.sort.map(|sort| format!(" ({sort:?})"));
        let (method, path, sort) = (&row.method, &row.path, sort.unwrap_or_default());
        let body = &self.answer.body;
        let actual = Expected::of(&self.answer);
        write!(
            f,
            "{method} {path}{sort} by {person}: {actual}, not {expected}: {body}"
        )
    }
}

/// Asks in a channel of the cell's own, or, where nothing may change by that, in one of whoever asks. What is
/// unexpected there may come of another cell's request: it is asked again in a channel of its own.
async fn ask<'a>(groups: &Groups, cell: &'a Cell<'a>) -> Option<Unexpected<'a>> {
    let (row, person) = (cell.row, cell.person);
    let changes_nothing = row.method == Method::GET || cell.expected.is_refusal();
    if let Some(sort) = row.sort.filter(|_| changes_nothing) {
        let answer = ask_in(groups.shared(sort, person), row).await;
        if Expected::of(&answer) == *cell.expected {
            return None;
        }
    }
    let answer = ask_in(&groups.make(row.sort, person).await, row).await;
    (Expected::of(&answer) != *cell.expected).then_some(Unexpected { cell, answer })
}

async fn ask_in(group: &Group, row: &Row) -> Answer {
    let path = group.fill(&row.path);
    let mut request = group.asking.request(row.method.clone(), &path);
    if let Some(body) = &row.body {
        let body: Value = serde_json::from_str(&group.fill(body)).unwrap();
        request = request.json(&body);
    }
    Answer::of(request).await
}

fn cells_of(row: &Row) -> impl Iterator<Item = Cell<'_>> {
    let cells = row.cells.iter();
    cells.map(move |(person, expected)| Cell {
        row,
        person,
        expected,
    })
}

/// The routes and sorts that have no row.
fn without_row(rows: &[Row]) -> Vec<(String, Option<Sort>)> {
    let known: BTreeSet<_> = rows.iter().map(|row| (row.route(), row.sort)).collect();
    let wanted = wanted();
    let is_wanted = |route: &str| wanted.iter().any(|(wanted, _)| wanted == route);
    let astray: Vec<_> = known
        .iter()
        .filter(|(route, _)| !is_wanted(route))
        .collect();
    assert!(astray.is_empty(), "rows of no route: {astray:?}");
    wanted.difference(&known).cloned().collect()
}

#[tokio::test]
async fn every_route_answers_each_person_as_the_table_says() {
    let rows = rows();
    let without = without_row(&rows);
    let cells: Vec<Cell<'_>> = rows.iter().flat_map(cells_of).collect();
    let groups = Groups::start().await;
    for name in PEOPLE.into_iter().filter(|name| *name != "anonymous") {
        let asked = groups.person(name).delete("/users/me/messages").await;
        assert_eq!(asked.status, 202, "{}", asked.body);
    }
    let unexpected: Vec<_> = stream::iter(&cells)
        .map(|cell| ask(&groups, cell))
        .buffer_unordered(AT_ONCE)
        .filter_map(|unexpected| async { unexpected })
        .collect()
        .await;

    for one in &unexpected {
        println!("{one}");
    }
    let changed = groups.changed().await;
    println!(
        "access: {} cells, {} unexpected answers, {} routes without a row, {} channels changed by refusals or reading",
        cells.len(),
        unexpected.len(),
        without.len(),
        changed.len()
    );
    assert!(without.is_empty(), "without a row: {without:?}");
    assert!(changed.is_empty(), "changed: {changed:?}");
    assert!(unexpected.is_empty());
}
