use proptest::prelude::*;

use super::*;

fn one(message: &[u8], version: Version) -> ClientFrame<'_> {
    match parse(message, version).unwrap().as_slice() {
        [Incoming::Frame(frame)] => frame.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_frame_is_read_as_the_specification_shows_it() {
    let message = b"SEND\ndestination:/queue/a\ncontent-type:text/plain\n\nhello queue a\0\n";
    let frame = one(message, Version::V12);
    assert_eq!(frame.command, Command::Send);
    assert_eq!(frame.header("destination"), Some("/queue/a"));
    assert_eq!(frame.body, b"hello queue a");
    let frame = one(
        b"CONNECT\r\naccept-version:1.2\r\nhost:a\\b\r\n\r\n\0",
        Version::V12,
    );
    assert_eq!(
        (frame.command, frame.header("host")),
        (Command::Connect, Some("a\\b"))
    );
    let frame = one(b"SUBSCRIBE\nfoo:World\nfoo:Hello\n\n\0", Version::V12);
    assert_eq!(frame.header("foo"), Some("World"));
}

#[test]
fn a_body_may_hold_nul_where_its_length_is_said() {
    let frame = one(b"SEND\ncontent-length:3\n\na\0b\0", Version::V11);
    assert_eq!(frame.body, b"a\0b");
}

#[test]
fn heart_beats_and_several_frames_come_in_one_message() {
    let message = b"\n\r\nSEND\n\na\0\n\nSEND\n\nb\0";
    let parsed = parse(message, Version::V12).unwrap();
    let bodies: Vec<&[u8]> = parsed
        .iter()
        .map(|incoming| match incoming {
            Incoming::HeartBeat => b"beat".as_slice(),
            Incoming::Frame(frame) => frame.body,
        })
        .collect();
    assert_eq!(bodies, [b"beat".as_slice(), b"a", b"b"]);
    assert_eq!(parse(b"\n", Version::V10), Ok(vec![Incoming::HeartBeat]));
    assert_eq!(parse(b"", Version::V10), Ok(vec![]));
}

#[test]
fn what_is_no_frame_is_refused() {
    let many = format!("SEND\n{}\n\0", "a:b\n".repeat(65));
    let long = format!("SEND\na:{}\n\n\0", "b".repeat(8 * 1024));
    for (message, error) in [
        (b"HELLO\n\n\0".as_slice(), FrameError::Command),
        (b"send\n\n\0", FrameError::Command),
        (b"SEND", FrameError::Unfinished),
        (b"SEND\na:b", FrameError::Unfinished),
        (b"SEND\n\nabc", FrameError::Unfinished),
        (b"SEND\nab\n\n\0", FrameError::Header),
        (b"SEND\na:\xff\n\n\0", FrameError::Header),
        (b"SEND\na:\\t\n\n\0", FrameError::Escape),
        (b"SEND\na:\\\n\n\0", FrameError::Escape),
        (b"SEND\ncontent-length:x\n\n\0", FrameError::Length),
        (b"SEND\ncontent-length:+3\n\nabc\0", FrameError::Length),
        (b"SEND\ncontent-length:9\n\nabc\0", FrameError::Length),
        (b"SEND\ncontent-length:1\n\nabc\0", FrameError::Length),
        (many.as_bytes(), FrameError::TooManyHeaders),
        (long.as_bytes(), FrameError::Header),
    ] {
        let text = String::from_utf8_lossy(message);
        assert_eq!(parse(message, Version::V12), Err(error), "{text:?}");
    }
    assert_eq!(
        one(b"SEND\na:\\t\n\n\0", Version::V10).header("a"),
        Some("\\t")
    );
    assert_eq!(
        parse(b"SEND\na:\\r\n\n\0", Version::V11),
        Err(FrameError::Escape)
    );
}

#[test]
fn what_we_send_is_exact() {
    let headers = [("subscription", "sub-0"), ("x", "a:b\\c\n\r")];
    assert_eq!(
        encode("MESSAGE", &headers, b"{}", Version::V12),
        b"MESSAGE\nsubscription:sub-0\nx:a\\cb\\\\c\\n\\r\ncontent-length:2\n\n{}\0"
    );
    assert_eq!(
        encode("MESSAGE", &headers[1..], b"", Version::V10),
        b"MESSAGE\nx:a:b\\c  \n\n\0"
    );
    assert_eq!(
        encode("CONNECTED", &[("a", "b:c")], b"", Version::V12),
        b"CONNECTED\na:b:c\n\n\0"
    );
}

fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(Version::ALL.to_vec())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(message: Vec<u8>, version in version()) {
        drop(parse(&message, version));
    }

    #[test]
    fn anything_like_a_frame_is_read_or_refused(message in "(SEND|CONNECT|\n)*(\n|a:|\\\\|content-length:[0-9]{1,3}|\\x00|\r)*", version in version()) {
        drop(parse(message.as_bytes(), version));
    }

    #[test]
    fn what_is_written_is_read_again(
        values in prop::collection::vec("[^\0]{0,20}", 0..6),
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..4),
    ) {
        let names: Vec<String> = (0..values.len()).map(|number| format!("name:{number}\\")).collect();
        let headers: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
        let mut message = Vec::new();
        for body in &bodies {
            message.extend(encode("SEND", &headers, body, Version::V12));
            message.extend(b"\n");
        }
        let parsed = parse(&message, Version::V12).unwrap();
        prop_assert_eq!(parsed.len(), bodies.len());
        for (incoming, body) in parsed.iter().zip(&bodies) {
            let Incoming::Frame(frame) = incoming else { panic!("a heart-beat") };
            prop_assert_eq!(frame.body, body.as_slice());
            for (name, value) in &headers {
                prop_assert_eq!(frame.header(name), Some(*value));
            }
        }
    }
}
