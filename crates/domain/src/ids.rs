//! Ids, one type each, so that a channel's id can't be taken for a message's.
//!
//! On the wire ids are numbers below 2^53, the integers that every JSON reader keeps exactly.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a number is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 9007199254740991")]
pub struct IdError;

const LARGEST: i64 = (1 << 53) - 1;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Checks a number that came from outside: 1 to 2^53 − 1.
            pub fn parse(number: i64) -> Result<Self, IdError> {
                if (1..=LARGEST).contains(&number) { Ok(Self(number)) } else { Err(IdError) }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        /// Takes a number that we stored ourselves.
        impl From<i64> for $name {
            fn from(stored: i64) -> Self {
                Self(stored)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A customer of the ERP; nothing is ever seen across two of them.
    TenantId
);
id!(
    /// A person, within a tenant.
    UserId
);
id!(
    /// A channel.
    ChannelId
);
id!(
    /// A message. Within a channel the order of ids is the order of seqs.
    MessageId
);

impl UserId {
    /// The sender of SYSTEM messages and the actor of changes that nobody made by hand.
    pub const SYSTEM: Self = Self(0);
}

/// The place of an event in its channel's log: 1, 2, 3 … without a hole.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(i64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// Checks a number that came from outside: 0 to 2^53 − 1.
    pub fn parse(number: i64) -> Result<Self, IdError> {
        if (0..=LARGEST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(IdError)
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The seq after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The seq before this one; before the first there is only [`Seq::ZERO`].
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1).max(0))
    }
}

/// Takes a number that we stored ourselves.
impl From<i64> for Seq {
    fn from(stored: i64) -> Self {
        Self(stored)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_between_one_and_two_to_the_53() {
        assert_eq!(ChannelId::parse(0), Err(IdError));
        assert_eq!(ChannelId::parse(-1), Err(IdError));
        assert_eq!(ChannelId::parse(1 << 53), Err(IdError));
        assert_eq!(ChannelId::parse(7).map(ChannelId::get), Ok(7));
    }

    #[test]
    fn seqs_follow_each_other_from_zero() {
        assert_eq!(Seq::ZERO.next(), Seq::from(1));
        assert_eq!(Seq::from(1).previous(), Seq::ZERO);
        assert_eq!(Seq::ZERO.previous(), Seq::ZERO);
    }
}
