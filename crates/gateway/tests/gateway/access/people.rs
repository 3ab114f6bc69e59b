//! Who asks, and in what sorts of channels.

/// The columns of the table, in its order.
pub(super) const PEOPLE: [&str; 10] = [
    "owner",
    "admin",
    "member",
    "guest",
    "silenced",
    "barred",
    "ex-member",
    "outside",
    "other-tenant",
    "anonymous",
];

/// Ids that the people of one channel have of their own.
pub(super) const OF_A_CHANNEL: i64 = 10;

/// The id of somebody called so, after the channel's first.
pub(super) fn offset(person: &str) -> i64 {
    match person {
        "owner" => 0,
        "admin" => 1,
        // The other tenant's person has the member's id.
        "member" | "other-tenant" => 2,
        "guest" => 3,
        "silenced" => 4,
        "barred" => 5,
        "ex-member" => 6,
        "outside" | "anonymous" => 7,
        other => panic!("who is {other}?"),
    }
}

/// A sort of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// A group of which everybody knows.
    Public,
    /// A group of which its members know.
    Private,
    /// Of two people.
    Direct,
    /// Of a business record whose service is asked.
    Topic,
    /// A private group that was archived after everything else.
    Archived,
}

impl Sort {
    pub(super) const ALL: [Self; 5] = [
        Self::Public,
        Self::Private,
        Self::Direct,
        Self::Topic,
        Self::Archived,
    ];

    /// Reads the sort in a row.
    pub(super) fn parse(name: &str) -> Self {
        match name {
            "public" => Self::Public,
            "private" => Self::Private,
            "direct" => Self::Direct,
            "topic" => Self::Topic,
            "archived" => Self::Archived,
            other => panic!("what sort is {other}?"),
        }
    }

    /// Whether there can be such a person.
    pub(super) fn has(self, person: &str) -> bool {
        match (self, person) {
            (sort, "barred") => sort == Self::Topic,
            (Self::Direct, "admin" | "guest" | "silenced" | "ex-member") => false,
            _ => true,
        }
    }
}
