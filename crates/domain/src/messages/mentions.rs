//! Mentions: whom a message names, by `<@17>`, `@Full Name`, `@all` and `@here` in its text.
//!
//! Nothing counts in code, in e-mail addresses or in URLs. A name is the longest that a member has, in
//! whatever case, its diacritics as written; where two members have that name, nobody is named.

use std::collections::{BTreeSet, HashMap};

use super::MessageKind;
use crate::ids::UserId;

mod names;
mod prose;

/// The most people that a message names.
pub const MOST_PEOPLE: usize = 100;
/// The most `@`s of a text behind which names are looked for.
const MOST_ATS: usize = 100;

/// Everybody in the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Everyone {
    /// Who is there now: `@here`.
    Here,
    /// All members: `@all`.
    All,
}

impl Everyone {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Here, Self::All];

    /// The name on the wire and in the tables; in texts it is written in whatever case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Here => "HERE",
            Self::All => "ALL",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|everyone| everyone.as_str() == name)
    }
}

/// More people are mentioned than a message may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must name at most {MOST_PEOPLE} people")]
pub struct TooManyMentions;

/// Whom a message mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// People, each once, in the order of their ids.
    pub people: Vec<UserId>,
    /// Everybody.
    pub everyone: Option<Everyone>,
}

/// What a text says of mentions, before anybody's name is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    ids: Vec<UserId>,
    ats: Vec<At>,
}

/// An `@` that may be followed by a name.
#[derive(Debug, PartialEq, Eq)]
struct At {
    /// What a name could be, lower case, the longest first.
    names: Vec<String>,
    /// It says `all` or `here`.
    everyone: Option<Everyone>,
}

impl Written {
    /// Reads the text of a message; code names nobody.
    #[must_use]
    pub fn of(kind: MessageKind, text: &str) -> Self {
        match kind {
            MessageKind::Code => Self::default(),
            _ => Self::parse(text),
        }
    }

    /// Reads a text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut written = Self::default();
        if text.contains('@') {
            let mut ats = MOST_ATS;
            for prose in prose::outside_code(text) {
                written.read(prose, &mut ats);
            }
        }
        written
    }

    /// Reads a text that has no code in it; `ats` are those that may still be looked at.
    fn read(&mut self, prose: &str, ats: &mut usize) {
        for (place, _) in prose.match_indices('@') {
            let (before, rest) = prose.split_at(place);
            let Some(after) = rest.strip_prefix('@') else {
                continue;
            };
            if before.ends_with('<')
                && let Some(id) = names::tagged(after)
            {
                self.ids.push(id);
                continue;
            }
            if *ats == 0 || !after.starts_with(char::is_alphabetic) {
                continue;
            }
            *ats = ats.saturating_sub(1);
            if !names::is_address(before) {
                self.ats.push(At {
                    names: names::candidates(after),
                    everyone: names::everyone(after),
                });
            }
        }
    }

    /// The names, lower case, by which people must be looked up; empty when nobody must.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.ats.iter().flat_map(|at| &at.names).collect();
        names.into_iter().cloned().collect()
    }

    /// Whom a message of `sender` mentions: those of its field, and whom its text names of the channel's
    /// `members`. Whoever mentions themselves mentions nobody.
    pub fn complete(
        &self,
        field: &[UserId],
        members: &[(UserId, String)],
        sender: UserId,
    ) -> Result<Mentions, TooManyMentions> {
        let mut by_name: HashMap<String, Vec<UserId>> = HashMap::new();
        for (user, name) in members {
            by_name.entry(names::normal(name)).or_default().push(*user);
        }
        let mut people: BTreeSet<UserId> = field.iter().chain(&self.ids).copied().collect();
        let mut everyone = None;
        for at in &self.ats {
            match at.resolve(&by_name) {
                Named::Person(user) => people.extend([user]),
                Named::Everyone(found) => everyone = everyone.max(Some(found)),
                Named::Nobody => {}
            }
        }
        people.remove(&sender);
        if people.len() > MOST_PEOPLE {
            return Err(TooManyMentions);
        }
        Ok(Mentions {
            people: people.into_iter().collect(),
            everyone,
        })
    }
}

/// Whom an `@` names.
enum Named {
    Person(UserId),
    Everyone(Everyone),
    Nobody,
}

impl At {
    fn resolve(&self, by_name: &HashMap<String, Vec<UserId>>) -> Named {
        let found = self
            .names
            .iter()
            .find_map(|name| Some((name, by_name.get(name)?)));
        match (self.everyone, found) {
            // Somebody called All Smith is named, not everybody.
            (Some(everyone), Some((name, _))) if name.len() <= everyone.as_str().len() => {
                Named::Everyone(everyone)
            }
            (_, Some((_, users))) => match users.as_slice() {
                [only] => Named::Person(*only),
                _ => Named::Nobody,
            },
            (Some(everyone), None) => Named::Everyone(everyone),
            (None, None) => Named::Nobody,
        }
    }
}

#[cfg(test)]
mod tests;
