//! STOMP 1.0 to 1.2, as one of the two dialects of the sockets: its frames, and what our requests and events
//! are called in it.

mod events;
mod frame;
mod requests;
mod version;

pub use events::{Translation, translate};
pub use frame::{ClientFrame, Command, FrameError, Incoming, encode, header_line, parse};
pub use requests::{Request, request};
pub use version::{Version, heart_beat};

/// The only destination that clients subscribe to.
pub const EVENTS: &str = "/user/queue/events";
