//! Whether people are there, and how they want to be seen.

use std::collections::BTreeSet;

use crate::text::{TextError, require_bounded};

/// Members of a channel up to which they are told of each other's presence and typing.
pub const TOLD_UP_TO: i32 = 200;
/// Longest status message, in characters.
pub const MOST_STATUS_CHARS: usize = 140;

/// How somebody is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// There, and doing something.
    Online,
    /// There, but not doing anything lately.
    Away,
    /// There, and not to be disturbed.
    Busy,
    /// Not there.
    Offline,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Online, Self::Away, Self::Busy, Self::Offline];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "ONLINE",
            Self::Away => "AWAY",
            Self::Busy => "BUSY",
            Self::Offline => "OFFLINE",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// With what somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// A browser.
    Web,
    /// A phone or a tablet.
    Mobile,
    /// A program on a computer.
    Desktop,
}

impl Device {
    /// Every device.
    pub const ALL: [Self; 3] = [Self::Web, Self::Mobile, Self::Desktop];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mobile => "mobile",
            Self::Desktop => "desktop",
        }
    }

    /// The device of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.as_str() == name)
    }
}

/// What somebody says of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusMessage(String);

impl StatusMessage {
    /// Checks a text, which may be empty.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        require_bounded(text, MOST_STATUS_CHARS)?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One connection of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// With what.
    pub device: Device,
    /// Something was done on it lately.
    pub is_active: bool,
    /// It ended a moment ago: its person may come back at once.
    pub is_ending: bool,
}

/// All that is known of whether somebody is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presence {
    /// How they chose to be seen.
    pub chosen: Option<Status>,
    /// What they say of themselves.
    pub message: String,
    /// When something was last heard of them, milliseconds since 1970.
    pub last_seen_ms: Option<i64>,
    /// Their connections.
    pub links: Vec<Link>,
}

impl Presence {
    /// How they are seen: whoever has no connection is offline, whatever they chose.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.links.is_empty() {
            return Status::Offline;
        }
        match self.chosen {
            Some(chosen @ (Status::Away | Status::Busy | Status::Offline)) => chosen,
            Some(Status::Online) | None if self.links.iter().any(|link| link.is_active) => {
                Status::Online
            }
            Some(Status::Online) | None => Status::Away,
        }
    }

    /// With what they are there; who is seen as offline shows nothing.
    #[must_use]
    pub fn devices(&self) -> Vec<Device> {
        if self.status() == Status::Offline {
            return Vec::new();
        }
        let devices: BTreeSet<Device> = self.links.iter().map(|link| link.device).collect();
        devices.into_iter().collect()
    }

    /// What others are told: they are told anew when it changes.
    #[must_use]
    pub fn told(&self) -> String {
        let devices = self.devices();
        let devices: Vec<&str> = devices.iter().map(|device| device.as_str()).collect();
        let status = self.status().as_str();
        format!("{status} {} {}", devices.join(","), self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(is_active: bool) -> Link {
        Link {
            device: Device::Web,
            is_active,
            is_ending: false,
        }
    }

    fn seen(chosen: Option<Status>, links: &[bool]) -> Status {
        let links = links.iter().map(|is_active| link(*is_active)).collect();
        let presence = Presence {
            chosen,
            links,
            ..Presence::default()
        };
        presence.status()
    }

    #[test]
    fn somebody_is_seen_as_they_choose_while_they_are_there() {
        assert_eq!(seen(None, &[]), Status::Offline);
        assert_eq!(seen(Some(Status::Busy), &[]), Status::Offline);
        assert_eq!(seen(None, &[true]), Status::Online);
        assert_eq!(seen(Some(Status::Online), &[true]), Status::Online);
        assert_eq!(seen(Some(Status::Busy), &[false]), Status::Busy);
        assert_eq!(seen(Some(Status::Away), &[true]), Status::Away);
        assert_eq!(seen(Some(Status::Offline), &[true]), Status::Offline);
    }

    #[test]
    fn who_does_nothing_on_any_connection_is_away() {
        assert_eq!(seen(None, &[false, false]), Status::Away);
        assert_eq!(seen(Some(Status::Online), &[false]), Status::Away);
        assert_eq!(seen(None, &[false, true]), Status::Online);
    }

    #[test]
    fn devices_are_told_once_each_and_not_of_who_is_offline() {
        let mobile = Link {
            device: Device::Mobile,
            ..link(true)
        };
        let mut presence = Presence {
            message: "at lunch".to_owned(),
            links: vec![mobile, link(true), link(false)],
            ..Presence::default()
        };
        assert_eq!(presence.devices(), [Device::Web, Device::Mobile]);
        assert_eq!(presence.told(), "ONLINE web,mobile at lunch");
        presence.chosen = Some(Status::Offline);
        assert_eq!(presence.told(), "OFFLINE  at lunch");
    }

    #[test]
    fn names_are_found_again() {
        for status in Status::ALL {
            assert_eq!(Status::find(status.as_str()), Some(status));
        }
        for device in Device::ALL {
            assert_eq!(Device::find(device.as_str()), Some(device));
        }
        assert_eq!(Status::find("online"), None);
        assert!(StatusMessage::parse(&"x".repeat(141)).is_err());
    }
}
