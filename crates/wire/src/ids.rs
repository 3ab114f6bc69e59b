//! Ids in requests: numbers, or strings of digits.

use std::fmt;

use discuss_domain::IdError;
use serde::{Deserialize, Deserializer, de};
use utoipa::ToSchema;

/// A whole number as callers write it: `17` or `"17"`. Its range is checked where it becomes an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 17)]
pub struct IdNumber(pub i64);

impl IdNumber {
    /// Reads digits; anything else is no id.
    pub fn parse(digits: &str) -> Result<Self, IdError> {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !plain {
            return Err(IdError);
        }
        digits.parse().map(Self).or(Err(IdError))
    }
}

impl<'de> Deserialize<'de> for IdNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = IdNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or a string of digits")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<IdNumber, E> {
        Ok(IdNumber(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<IdNumber, E> {
        i64::try_from(number)
            .map(IdNumber)
            .or(Err(E::custom(IdError)))
    }

    fn visit_str<E: de::Error>(self, digits: &str) -> Result<IdNumber, E> {
        IdNumber::parse(digits).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_string_of_digits_are_the_same_id() {
        for text in ["17", "\"17\""] {
            assert_eq!(
                serde_json::from_str::<IdNumber>(text).unwrap(),
                IdNumber(17)
            );
        }
    }

    #[test]
    fn fractions_signs_and_huge_numbers_are_no_ids() {
        for text in [
            "1.5",
            "\"+1\"",
            "\"\"",
            "\"1e3\"",
            "99999999999999999999",
            "null",
            "[]",
        ] {
            assert!(serde_json::from_str::<IdNumber>(text).is_err(), "{text}");
        }
    }
}
