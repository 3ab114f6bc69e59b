//! Checked texts: whatever a person types, before it is stored.

/// Why a text was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// More characters than the field takes.
    #[error("must have at most {max} characters, has {actual}")]
    TooLong {
        /// The most the field takes.
        max: usize,
        /// What was sent.
        actual: usize,
    },
    /// U+0000, which PostgreSQL can't store.
    #[error("must not contain the character U+0000")]
    Null,
}

/// Refuses U+0000 and more than `max` characters.
pub fn require_bounded(text: &str, max: usize) -> Result<(), TextError> {
    if text.contains('\0') {
        return Err(TextError::Null);
    }
    // A character has at least one byte: short texts need no counting.
    if text.len() <= max {
        return Ok(());
    }
    let actual = text.chars().count();
    if actual > max {
        Err(TextError::TooLong { max, actual })
    } else {
        Ok(())
    }
}

/// Refuses what [`require_bounded`] refuses, and blank texts.
pub fn require_present(text: &str, max: usize) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Blank);
    }
    require_bounded(text, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(require_bounded("ộộộ", 3), Ok(()));
        assert_eq!(
            require_bounded("ộộộ", 2),
            Err(TextError::TooLong { max: 2, actual: 3 })
        );
    }

    #[test]
    fn blank_and_null_are_refused() {
        assert_eq!(require_present(" \n\t", 10), Err(TextError::Blank));
        assert_eq!(require_present("a\0b", 10), Err(TextError::Null));
    }
}
