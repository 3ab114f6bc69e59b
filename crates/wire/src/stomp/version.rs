//! Versions, and what is agreed on when a client connects.

/// A version of STOMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Without escapes and heart-beats.
    V10,
    /// Escapes and heart-beats.
    V11,
    /// Carriage returns, too.
    V12,
}

impl Version {
    /// Every version, the newest first.
    pub const ALL: [Self; 3] = [Self::V12, Self::V11, Self::V10];

    /// Its number.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V10 => "1.0",
            Self::V11 => "1.1",
            Self::V12 => "1.2",
        }
    }

    /// The WebSocket sub-protocol.
    #[must_use]
    pub const fn sub_protocol(self) -> &'static str {
        match self {
            Self::V10 => "v10.stomp",
            Self::V11 => "v11.stomp",
            Self::V12 => "v12.stomp",
        }
    }

    /// The version of a sub-protocol.
    #[must_use]
    pub fn of_sub_protocol(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|version| version.sub_protocol() == name)
    }

    /// The highest version that a client accepts; one that names none speaks 1.0.
    #[must_use]
    pub fn highest(accept_version: Option<&str>) -> Option<Self> {
        let Some(accepted) = accept_version else {
            return Some(Self::V10);
        };
        let is_accepted = |version: &Self| {
            let mut words = accepted.split(',');
            words.any(|word| word.trim() == version.as_str())
        };
        Self::ALL.into_iter().find(is_accepted)
    }
}

/// What a `heart-beat` header says: the milliseconds between two that its sender sends, and between two that
/// it wants; 0 is none. Nothing if it says something else.
#[must_use]
pub fn heart_beat(header: &str) -> Option<(u32, u32)> {
    let (sends, wants) = header.split_once(',')?;
    Some((sends.trim().parse().ok()?, wants.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_common_version_is_taken() {
        for (accepted, version) in [
            (None, Some(Version::V10)),
            (Some("1.0"), Some(Version::V10)),
            (Some("1.2,1.1,1.0"), Some(Version::V12)),
            (Some("1.0, 1.1"), Some(Version::V11)),
            (Some("2.0,1.1"), Some(Version::V11)),
            (Some("2.0"), None),
            (Some(""), None),
        ] {
            assert_eq!(Version::highest(accepted), version, "{accepted:?}");
        }
    }

    #[test]
    fn a_version_is_found_by_its_sub_protocol() {
        for version in Version::ALL {
            let name = version.sub_protocol();
            assert_eq!(Version::of_sub_protocol(name), Some(version));
        }
        assert_eq!(Version::of_sub_protocol("discuss.v1"), None);
    }

    #[test]
    fn heart_beats_are_two_numbers() {
        assert_eq!(heart_beat("10000,0"), Some((10_000, 0)));
        for wrong in ["", "1", "1,x", "-1,1", "1,2,3", "99999999999,1"] {
            assert_eq!(heart_beat(wrong), None, "{wrong}");
        }
    }
}
