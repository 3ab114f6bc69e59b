use actix_http::ws::{OpCode, Parser};
use bytes::BytesMut;
use proptest::prelude::*;

use super::*;

const LIMITS: FrameLimits = FrameLimits {
    bytes: 100_000,
    frames: 120,
    within: Duration::from_secs(10),
};

/// A client's frame of so many bytes.
fn frame(length: usize) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    Parser::write_message(&mut bytes, vec![0xff; length], OpCode::Binary, true, true);
    bytes.to_vec()
}

fn frames(count: u32) -> Vec<u8> {
    (0..count).flat_map(|_| frame(0)).collect()
}

#[test]
fn a_frame_that_declares_too_much_is_refused_at_its_header() {
    for (length, is_fine) in [(100_000_u64, true), (100_001, false), (u64::MAX, false)] {
        let mut header = vec![0x82, 0xff];
        header.extend(length.to_be_bytes());
        header.extend([1, 2, 3, 4]);
        let mut headers = Headers::new(LIMITS, Instant::now());
        let looked = headers.look_at(&header, Instant::now());
        let expected = if is_fine {
            Ok(())
        } else {
            Err(Refused::TooLarge)
        };
        assert_eq!(looked, expected, "{length}");
    }
}

#[test]
fn too_many_frames_are_refused_until_the_time_is_over() {
    let start = Instant::now();
    let mut headers = Headers::new(LIMITS, start);
    assert_eq!(headers.look_at(&frames(120), start), Ok(()));
    let after = start + Duration::from_secs(4);
    let refused = Refused::TooMany(Duration::from_secs(6));
    assert_eq!(headers.look_at(&frame(0), after), Err(refused));

    let mut headers = Headers::new(LIMITS, start);
    assert_eq!(headers.look_at(&frames(120), start), Ok(()));
    let later = start + LIMITS.within;
    assert_eq!(headers.look_at(&frames(120), later), Ok(()));
    assert!(headers.look_at(&frame(0), later).is_err());
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..3, 120_usize..130, 65_530_usize..65_540]
}

proptest! {
    #[test]
    fn frames_are_counted_however_they_are_cut(
        lengths in prop::collection::vec(length(), 1..20),
        cuts in prop::collection::vec(1_usize..3_000, 1..20),
    ) {
        let stream: Vec<u8> = lengths.iter().flat_map(|length| frame(*length)).collect();
        let (now, mut rest, mut cuts) = (Instant::now(), stream.as_slice(), cuts.iter().cycle());
        let mut headers = Headers::new(LIMITS, now);
        while !rest.is_empty() {
            let (first, others) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            prop_assert_eq!(headers.look_at(first, now), Ok(()));
            rest = others;
        }
        prop_assert_eq!(usize::try_from(headers.count.frames), Ok(lengths.len()));
        prop_assert_eq!((headers.read, headers.rest), (0, 0));
    }
}
