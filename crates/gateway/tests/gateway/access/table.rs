//! The table: who is answered what to each request.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use discuss_test_support::asyncapi::list_messages;

use super::people::{PEOPLE, Sort};

const TABLE: &str = include_str!("../access.tsv");
/// The lines that say which code a letter stands for begin like this.
const LEGEND: &str = "#= ";
/// Requests that are about no channel and no message.
const OF_THEMSELVES: [&str; 3] = ["AUTH", "PING", "SET_PRESENCE"];

/// A request, and what each person is answered.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) kind: String,
    pub(super) sort: Sort,
    /// Who asks and what they are answered.
    pub(super) cells: Vec<(&'static str, Expected)>,
    pub(super) payload: String,
}

/// What somebody hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// A frame of this type.
    Frame(String),
    /// An ERROR of this code.
    Error(String),
    /// Nothing is said, and it is done.
    Silence,
    /// Nothing is said, and nothing done.
    Nothing,
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

/// Every request that asyncapi.yaml describes, but for those about no channel, with each sort of channel.
pub(super) fn wanted() -> BTreeSet<(&'static str, Sort)> {
    let mut requests = list_messages("json.client.");
    requests.retain(|kind| !OF_THEMSELVES.contains(kind));
    let sorts = |kind| Sort::ALL.map(|sort| (kind, sort));
    requests.into_iter().flat_map(sorts).collect()
}

impl Row {
    fn parse(line: &str, legend: &BTreeMap<&str, &str>) -> Self {
        let mut fields = line.split_whitespace();
        let mut next = || fields.next().unwrap_or_else(|| panic!("too short: {line}"));
        let (kind, sort, done) = (next().to_owned(), Sort::parse(next()), next());
        let done = match done {
            "-" => Expected::Silence,
            kind => Expected::Frame(kind.to_owned()),
        };
        let mut cells = Vec::new();
        for person in PEOPLE {
            let cell = next();
            assert_eq!(cell != "-", sort.has(person), "{person} in {line}");
            let expected = match cell {
                "-" => continue,
                "ok" => done.clone(),
                "no" => Expected::Nothing,
                letter => Expected::Error(legend[letter].to_owned()),
            };
            cells.push((person, expected));
        }
        Self {
            kind,
            sort,
            cells,
            payload: fields.collect::<Vec<_>>().join(" "),
        }
    }

    /// Its answer may come later than what is said after it.
    pub(super) fn is_always_answered(&self) -> bool {
        self.kind == "RESUME"
    }

    /// What is so of whoever's mark it has moved; nothing where it moves none.
    pub(super) fn moves_mark(&self) -> Option<&'static str> {
        match self.kind.as_str() {
            "MARK_READ" => Some("last_read_message_id = {messageId=last}"),
            "ACK" => Some("last_delivered_seq > 0"),
            _ => None,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(kind) => f.write_str(kind),
            Self::Error(code) => write!(f, "ERROR {code}"),
            Self::Silence => f.write_str("done in silence"),
            Self::Nothing => f.write_str("passed over in silence"),
        }
    }
}
