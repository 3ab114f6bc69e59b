//! A person's hash.

use discuss_domain::presence::{Device, Link, Presence, Status};

use super::{Known, NewLink, Person};

/// A link as it is kept: `active|idle DEVICE [ending]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkState(Link);

impl LinkState {
    pub(super) const fn of(link: &NewLink) -> Self {
        Self(Link {
            device: link.device,
            is_active: link.is_active,
            is_ending: false,
        })
    }

    pub(super) fn encode(self) -> String {
        let activity = if self.0.is_active { "active" } else { "idle" };
        format!("{activity} {}", self.0.device.as_str())
    }

    fn decode(text: &str) -> Option<Link> {
        let mut words = text.split(' ');
        let is_active = words.next()? == "active";
        let device = Device::find(words.next()?)?;
        let is_ending = words.next().is_some();
        Some(Link {
            device,
            is_active,
            is_ending,
        })
    }
}

/// What a hash says; nothing where there is none.
pub(super) fn read(person: Person, record: Vec<(String, String)>) -> Option<Known> {
    if record.is_empty() {
        return None;
    }
    let (mut presence, mut told, mut claim) = (Presence::default(), None, 0);
    for (field, value) in record {
        match field.as_str() {
            "status" => presence.chosen = Status::find(&value),
            "message" => presence.message = value,
            "seen" => presence.last_seen_ms = value.parse().ok(),
            "told" => told = Some(value),
            "claim" => claim = value.parse().unwrap_or_default(),
            field if field.starts_with("link:") => {
                presence.links.extend(LinkState::decode(&value));
            }
            _ => {}
        }
    }
    Some(Known {
        person,
        presence,
        told,
        claim,
    })
}
