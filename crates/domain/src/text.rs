//! Checked texts: whatever a person types, before it is stored.

use icu_properties::{CodePointSetData, props::DefaultIgnorableCodePoint};

/// Why a text was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing to be seen in it.
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
    if !text.chars().any(is_seen) {
        return Err(TextError::Blank);
    }
    require_bounded(text, max)
}

/// Whether a character leaves a mark. Beside white space there are characters that are not shown: of width
/// zero, joining, steering. In an emoji they stand beside others that are.
fn is_seen(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
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

    #[test]
    fn characters_that_are_not_shown_are_blank_unless_others_stand_beside_them() {
        for blank in [
            "",
            "\u{200b}",
            "\u{feff} \u{2060}",
            "\u{200d}\u{fe0f}",
            "\u{00ad}\u{3164}\u{115f}\u{202e}",
            "\u{1}\u{7f}",
        ] {
            assert_eq!(
                require_present(blank, 10),
                Err(TextError::Blank),
                "{blank:?}"
            );
        }
        for shown in ["x\u{200b}", "👩\u{200d}💻", "❤\u{fe0f}", "."] {
            assert_eq!(require_present(shown, 10), Ok(()), "{shown:?}");
        }
    }
}
