//! Client message ids that carry the number of their message, so that looking one up is an array
//! index, and the run they belong to, so that another run's messages are told apart.

use uuid::Uuid;

/// The version nibble of a UUID of one's own making (version 8).
const VERSION: u64 = 0x8000;
const VERSION_MASK: u64 = 0xF000;
/// The variant bits at the top of a UUID's lower half.
const VARIANT: u64 = 0b10 << 62;
const NUMBER_MASK: u64 = (1 << 62) - 1;

/// The mark of one run in all of its client message ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunId(u64);

impl RunId {
    /// A run id out of 60 of the bits of `seed`.
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self((seed & !VERSION_MASK) | VERSION)
    }

    /// The client message id of the message `number`.
    pub(crate) fn client_id(self, number: u64) -> Uuid {
        Uuid::from_u64_pair(self.0, VARIANT | (number & NUMBER_MASK))
    }

    /// The number inside `client_id`, or nothing if it is not one of this run.
    pub(crate) fn number_of(self, client_id: &str) -> Option<u64> {
        let (run, rest) = Uuid::try_parse(client_id).ok()?.as_u64_pair();
        (run == self.0 && rest & !NUMBER_MASK == VARIANT).then_some(rest & NUMBER_MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_is_a_uuid_that_tells_its_number_to_its_own_run_only() {
        let run = RunId::from_seed(0xDEAD_BEEF_0123_4567);
        for number in [0, 1, 119_983, NUMBER_MASK] {
            let id = run.client_id(number);
            assert_eq!(id.get_version_num(), 8);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(run.number_of(&id.to_string()), Some(number));
            assert_eq!(RunId::from_seed(1).number_of(&id.to_string()), None);
        }
        assert_eq!(run.number_of("not a uuid"), None);
    }
}
