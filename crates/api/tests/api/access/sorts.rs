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

/// A sort of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// Reads the sort in a row; `-` is none.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "public" => Some(Self::Public),
            "private" => Some(Self::Private),
            "direct" => Some(Self::Direct),
            "topic" => Some(Self::Topic),
            "archived" => Some(Self::Archived),
            "-" => None,
            other => panic!("what sort is {other}?"),
        }
    }

    /// Whether there can be such a person.
    pub(super) fn has(sort: Option<Self>, person: &str) -> bool {
        match (sort, person) {
            (sort, "barred") => sort == Some(Self::Topic),
            (Some(Self::Direct), "admin" | "guest" | "silenced" | "ex-member") => false,
            _ => true,
        }
    }
}
