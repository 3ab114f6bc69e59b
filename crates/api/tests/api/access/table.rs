//! The table: who is answered what by each route.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use reqwest::Method;
use serde_json::Value;

use super::{
    groups::OWN_MESSAGE,
    sorts::{PEOPLE, Sort},
};
use crate::support::Answer;

const TABLE: &str = include_str!("../access.tsv");
const BASE: &str = "/discuss/api/v1";
/// The lines that say which symbol a letter stands for begin like this.
const LEGEND: &str = "#= ";

/// A request, and what each person is answered.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) method: Method,
    /// With the query, if there is one.
    pub(super) path: String,
    /// None where the route is about no channel.
    pub(super) sort: Option<Sort>,
    /// Who asks and what they are answered.
    pub(super) cells: Vec<(&'static str, Expected)>,
    pub(super) body: Option<String>,
}

/// A status, and the symbol of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    status: u16,
    symbol: Option<String>,
}

/// Every row of the table.
pub(super) fn rows() -> Vec<Row> {
    let legend: BTreeMap<&str, &str> = TABLE
        .lines()
        .filter_map(|line| line.strip_prefix(LEGEND)?.trim().split_once(' '))
        .collect();
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| Row::parse(line, &legend))
        .collect()
}

/// Every route of the OpenAPI document, with each sort of channel that it must have a row for.
pub(super) fn wanted() -> BTreeSet<(String, Option<Sort>)> {
    let document: Value = serde_json::from_str(&discuss_api::document_as_json().unwrap()).unwrap();
    let mut wanted = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix(BASE).unwrap();
        for method in item.as_object().unwrap().keys() {
            let route = format!("{} {path}", method.to_uppercase());
            wanted.extend(sorts(path).into_iter().map(|sort| (route.clone(), sort)));
        }
    }
    wanted
}

/// The sorts of channels that a route may be about.
fn sorts(path: &str) -> Vec<Option<Sort>> {
    // A record has a channel or none.
    if path.contains("{entityType}") || path == "/channels/topic" {
        return vec![None, Some(Sort::Topic)];
    }
    let names_channel = path.contains('{') && path != "/users/{userId}/presence";
    // The second name their channel beside the path.
    if names_channel || path.starts_with("/presence/") {
        return Sort::ALL.map(Some).to_vec();
    }
    vec![None]
}

impl Row {
    fn parse(line: &str, legend: &BTreeMap<&str, &str>) -> Self {
        let mut fields = line.split_whitespace();
        let mut next = || fields.next().unwrap_or_else(|| panic!("too short: {line}"));
        let (method, path, sort) = (next(), next().to_owned(), Sort::parse(next()));
        let mut cells = Vec::new();
        for person in PEOPLE {
            let cell = next();
            let is_asked = Sort::has(sort, person);
            assert_eq!(cell != "-", is_asked, "{person} in {line}");
            if is_asked {
                let expected = Expected::parse(cell, legend);
                let expected = expected.unwrap_or_else(|| panic!("what is {cell} in {line}?"));
                cells.push((person, expected));
            }
        }
        let body = fields.collect::<Vec<_>>().join(" ");
        Self {
            method: method.parse().unwrap(),
            path,
            sort,
            cells,
            body: (body != "-").then_some(body),
        }
    }

    /// The route as the OpenAPI document names it.
    pub(super) fn route(&self) -> String {
        let path = self.path.split('?').next().unwrap();
        let path = path.replace(OWN_MESSAGE, "{messageId}");
        format!("{} {path}", self.method)
    }
}

impl Expected {
    /// What an answer is, in the same terms.
    pub(super) fn of(answer: &Answer) -> Self {
        Self {
            status: answer.status,
            symbol: answer.body["error"].as_str().map(str::to_owned),
        }
    }

    /// Reads `200`, or `403n` where the legend says what n is.
    fn parse(cell: &str, legend: &BTreeMap<&str, &str>) -> Option<Self> {
        let (status, letter) = cell.split_at_checked(3)?;
        let status = status.parse().ok()?;
        let symbol = match letter {
            "" => None,
            letter => Some((*legend.get(letter)?).to_owned()),
        };
        let expected = Self { status, symbol };
        (expected.is_refusal() == expected.symbol.is_some()).then_some(expected)
    }

    /// Nothing may have changed by it.
    pub(super) const fn is_refusal(&self) -> bool {
        self.status >= 400
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match &self.symbol {
            Some(symbol) => write!(f, " {symbol}"),
            None => Ok(()),
        }
    }
}

#[test]
fn a_refusal_says_its_symbol_and_nothing_else_has_one() {
    let legend = BTreeMap::from([("n", "NOT_CHANNEL_MEMBER")]);
    let parse = |cell| Expected::parse(cell, &legend).map(|expected| expected.to_string());
    assert_eq!(parse("403n").as_deref(), Some("403 NOT_CHANNEL_MEMBER"));
    assert_eq!(parse("200").as_deref(), Some("200"));
    for cell in ["403", "403x", "200n", "n", "-", ""] {
        assert_eq!(parse(cell), None, "{cell}");
    }
}
