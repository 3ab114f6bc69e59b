//! How often callers may call: what a call counts as, and what is left.

use std::time::Duration;

/// What a call counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallClass {
    /// Sending a message, or making one say something else.
    Send,
    /// Reading, and every change that is none of the others.
    Read,
    /// Searching.
    Search,
    /// Bringing a file.
    Upload,
}

/// Calls in each [`RateLimits::WINDOW`]; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Sends of one person.
    pub sends: u32,
    /// Reads of one person.
    pub reads: u32,
    /// Searches of one person.
    pub searches: u32,
    /// Uploads of one person.
    pub uploads: u32,
    /// Calls of any kind of everybody in a tenant.
    pub tenant: u32,
}

impl RateLimits {
    /// The time that a limit is for.
    pub const WINDOW: Duration = Duration::from_mins(1);

    /// What one person may do of a class; 0 is no limit.
    #[must_use]
    pub const fn of(&self, class: CallClass) -> u32 {
        match class {
            CallClass::Send => self.sends,
            CallClass::Read => self.reads,
            CallClass::Search => self.searches,
            CallClass::Upload => self.uploads,
        }
    }

    /// Nothing is limited.
    #[must_use]
    pub fn are_off(&self) -> bool {
        let all = [
            self.sends,
            self.reads,
            self.searches,
            self.uploads,
            self.tenant,
        ];
        all.iter().all(|limit| *limit == 0)
    }
}

/// How a caller stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Calls in a window.
    pub limit: u32,
    /// Calls that are left of them.
    pub remaining: u32,
    /// When all of them are there again.
    pub reset: Duration,
}

impl Standing {
    /// The one that says more: that leaves less, or as little for longer.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        let other_is_tighter = other.remaining < self.remaining
            || other.remaining == self.remaining && other.reset > self.reset;
        if other_is_tighter { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFF: RateLimits = RateLimits {
        sends: 0,
        reads: 0,
        searches: 0,
        uploads: 0,
        tenant: 0,
    };

    #[test]
    fn each_class_has_its_own_limit_and_all_may_be_off() {
        let limits = RateLimits {
            sends: 1,
            reads: 2,
            searches: 3,
            uploads: 4,
            tenant: 5,
        };
        for (class, limit) in [
            (CallClass::Send, 1),
            (CallClass::Read, 2),
            (CallClass::Search, 3),
            (CallClass::Upload, 4),
        ] {
            assert_eq!(limits.of(class), limit);
        }
        assert!(!limits.are_off() && OFF.are_off());
        assert!(!RateLimits { tenant: 1, ..OFF }.are_off());
    }

    #[test]
    fn what_leaves_less_or_as_little_for_longer_is_told() {
        let standing = |limit, remaining, seconds| Standing {
            limit,
            remaining,
            reset: Duration::from_secs(seconds),
        };
        let (person, tenant) = (standing(60, 7, 10), standing(10_000, 8, 50));
        assert_eq!(person.tighter(tenant), person);
        assert_eq!(tenant.tighter(person), person);
        let (person, tenant) = (standing(60, 0, 10), standing(10_000, 0, 50));
        assert_eq!(person.tighter(tenant), tenant);
        assert_eq!(tenant.tighter(person), tenant);
    }
}
