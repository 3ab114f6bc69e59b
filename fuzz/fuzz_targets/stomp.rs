//! The codec of STOMP on any bytes: it never panics, hands out only what it was given, reads what comes in one message
//! as what comes in several, and reads what it writes.
#![no_main]

use discuss_wire::stomp::{ClientFrame, Command, FrameError, Incoming, Version, encode, parse};
use libfuzzer_sys::fuzz_target;

/// The bounds of the codec: what is written anew may be longer than what was read.
const MOST_HEADERS: usize = 64;
const MOST_LINE: usize = 8 * 1024;
/// Places at which a message is cut at most.
const MOST_ENDS: usize = 16;

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (version, cut, message) = input;
    let version = Version::ALL[usize::from(version) % Version::ALL.len()];
    let cut = usize::from(cut) % (message.len() + 1);
    let whole = parse(message, version);
    if let Ok(incoming) = &whole {
        stays_within(message, incoming);
        frames(incoming).for_each(|frame| reads_what_it_writes(frame, version));
    }
    // Anywhere, and where frames may end.
    let ends = (1..=message.len()).filter(|end| message[end - 1] == 0);
    for cut in ends.take(MOST_ENDS).chain([cut]) {
        reads_parts_as_the_whole(message.split_at(cut), version, &whole);
    }
});

fn frames<'i, 'm>(incoming: &'i [Incoming<'m>]) -> impl Iterator<Item = &'i ClientFrame<'m>> {
    incoming.iter().filter_map(|one| match one {
        Incoming::Frame(frame) => Some(frame),
        Incoming::HeartBeat => None,
    })
}

/// Bodies are parts of the message, one behind the other, and together with their frames no longer than it.
fn stays_within(message: &[u8], incoming: &[Incoming<'_>]) {
    let mut behind = message.as_ptr_range().start;
    for frame in frames(incoming) {
        let body = frame.body.as_ptr_range();
        assert!(
            frame.body.is_empty()
                || (behind <= body.start && body.end < message.as_ptr_range().end)
        );
        if !frame.body.is_empty() {
            behind = body.end;
        }
    }
    // The shortest frame is "ACK", two ends of lines and NUL.
    assert!(incoming.len() <= message.len() && frames(incoming).count() * 6 <= message.len());
}

/// Where a message can be cut between frames, its parts read as the whole, or fail as it does.
fn reads_parts_as_the_whole(
    (first, second): (&[u8], &[u8]),
    version: Version,
    whole: &Result<Vec<Incoming<'_>>, FrameError>,
) {
    let Ok(first) = parse(first, version) else {
        return;
    };
    let second = parse(second, version);
    let parts = second.map(|second| [first, second].concat());
    let parts = parts
        .as_deref()
        .map(|parts| frames(parts).collect::<Vec<_>>());
    let whole = whole
        .as_deref()
        .map(|whole| frames(whole).collect::<Vec<_>>());
    assert_eq!(parts, whole);
}

/// A frame that was read is written and read again the same.
fn reads_what_it_writes(frame: &ClientFrame<'_>, version: Version) {
    let name = match frame.command {
        Command::Connect => "CONNECT",
        Command::Send => "SEND",
        Command::Subscribe => "SUBSCRIBE",
        Command::Unsubscribe => "UNSUBSCRIBE",
        Command::Disconnect => "DISCONNECT",
        Command::Unsupported => "ACK",
    };
    // CONNECT is read without escapes, whatever the version.
    let escapes = if frame.command == Command::Connect {
        Version::V10
    } else {
        version
    };
    // The length is written by the codec.
    let kept = |(name, _): &&(String, String)| name != "content-length";
    let headers = frame.headers.iter().filter(kept);
    let headers: Vec<(&str, &str)> = headers.map(|(name, value)| (&**name, &**value)).collect();
    let longest = headers
        .iter()
        .map(|(name, value)| 2 * (name.len() + value.len()) + 1)
        .max();
    if headers.len() >= MOST_HEADERS || longest.is_some_and(|longest| longest > MOST_LINE) {
        return;
    }
    let written = encode(name, &headers, frame.body, escapes);
    let read = parse(&written, version);
    let Ok([Incoming::Frame(read)]) = read.as_deref() else {
        panic!("{frame:?} was written, and read as {read:?}");
    };
    let again = read.headers.iter().filter(kept);
    let again: Vec<(&str, &str)> = again.map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!((read.command, read.body), (frame.command, frame.body));
    let written: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| (plain(name, escapes), plain(value, escapes)))
        .collect();
    assert!(
        written
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .eq(again)
    );
}

/// Only 1.2 can write a carriage return; before it becomes a space.
fn plain(text: &str, version: Version) -> String {
    if version == Version::V12 {
        text.to_owned()
    } else {
        text.replace('\r', " ")
    }
}
