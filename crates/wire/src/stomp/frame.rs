//! Frames: a command, headers, a body, and a NUL at the end.

use super::Version;

/// Headers of one frame at most.
const MOST_HEADERS: usize = 64;
/// Longest line of a header, in bytes.
const MOST_LINE: usize = 8 * 1024;

/// What a client's frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// CONNECT, or STOMP.
    Connect,
    /// SEND.
    Send,
    /// SUBSCRIBE.
    Subscribe,
    /// UNSUBSCRIBE.
    Unsubscribe,
    /// DISCONNECT.
    Disconnect,
    /// ACK, NACK, BEGIN, COMMIT or ABORT: nothing here is acknowledged or done in transactions.
    Unsupported,
}

impl Command {
    fn find(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"CONNECT" | b"STOMP" => Self::Connect,
            b"SEND" => Self::Send,
            b"SUBSCRIBE" => Self::Subscribe,
            b"UNSUBSCRIBE" => Self::Unsubscribe,
            b"DISCONNECT" => Self::Disconnect,
            b"ACK" | b"NACK" | b"BEGIN" | b"COMMIT" | b"ABORT" => Self::Unsupported,
            _ => return None,
        })
    }
}

/// A frame that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFrame<'a> {
    /// What it is.
    pub command: Command,
    /// Its headers, in their order.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: &'a [u8],
}

impl ClientFrame<'_> {
    /// The value of a header; of one that is repeated the first.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(own, _)| own == name)?;
        Some(value)
    }
}

/// What comes in a message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// Ends of lines between frames.
    HeartBeat,
    /// A frame.
    Frame(ClientFrame<'a>),
}

/// Why a message holds no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The command is none of STOMP.
    #[error("the command is not known")]
    Command,
    /// A header is no UTF-8, has no colon, or is too long.
    #[error("a header can't be read")]
    Header,
    /// More headers than a frame may have.
    #[error("there are more than {MOST_HEADERS} headers")]
    TooManyHeaders,
    /// An escape that the version does not know.
    #[error("a header holds an escape that is not known")]
    Escape,
    /// `content-length` is no number, or there is no NUL behind so many bytes.
    #[error("content-length is wrong")]
    Length,
    /// The frame does not end.
    #[error("a frame does not end with NUL")]
    Unfinished,
}

/// Reads a message: frames, and heart-beats between them. Every frame ends in the message it began in.
pub fn parse(message: &[u8], version: Version) -> Result<Vec<Incoming<'_>>, FrameError> {
    let (mut found, mut rest) = (Vec::new(), message);
    while !rest.is_empty() {
        let trimmed = skip_line_ends(rest);
        if trimmed.len() < rest.len() {
            found.push(Incoming::HeartBeat);
            rest = trimmed;
            continue;
        }
        let (frame, others) = take_frame(rest, version)?;
        found.push(Incoming::Frame(frame));
        // The spec lets ends of lines follow a frame: these are no heart-beats of their own.
        rest = skip_line_ends(others);
    }
    Ok(found)
}

fn skip_line_ends(mut bytes: &[u8]) -> &[u8] {
    while let [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn take_frame(bytes: &[u8], version: Version) -> Result<(ClientFrame<'_>, &[u8]), FrameError> {
    let (name, mut rest) = take_line(bytes)?;
    let command = Command::find(name).ok_or(FrameError::Command)?;
    // These are read before a version is agreed on.
    let escapes = if command == Command::Connect {
        Version::V10
    } else {
        version
    };
    let mut headers = Vec::new();
    loop {
        let (line, others) = take_line(rest)?;
        rest = others;
        if line.is_empty() {
            break;
        }
        if headers.len() >= MOST_HEADERS {
            return Err(FrameError::TooManyHeaders);
        }
        headers.push(header(line, escapes)?);
    }
    let mut frame = ClientFrame {
        command,
        headers,
        body: &[],
    };
    let (body, rest) = take_body(rest, frame.header("content-length"))?;
    frame.body = body;
    Ok((frame, rest))
}

/// The bytes up to the end of a line, and those behind it.
fn take_line(bytes: &[u8]) -> Result<(&[u8], &[u8]), FrameError> {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (Some(line), Some(rest)) = (parts.next(), parts.next()) else {
        return Err(FrameError::Unfinished);
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > MOST_LINE || line.contains(&0) {
        return Err(FrameError::Header);
    }
    Ok((line, rest))
}

fn header(line: &[u8], version: Version) -> Result<(String, String), FrameError> {
    let line = std::str::from_utf8(line).or(Err(FrameError::Header))?;
    let (name, value) = line.split_once(':').ok_or(FrameError::Header)?;
    Ok((unescape(name, version)?, unescape(value, version)?))
}

fn unescape(text: &str, version: Version) -> Result<String, FrameError> {
    if version == Version::V10 || !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let (mut plain, mut characters) = (String::with_capacity(text.len()), text.chars());
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match (characters.next(), version) {
                (Some('n'), _) => '\n',
                (Some('c'), _) => ':',
                (Some('\\'), _) => '\\',
                (Some('r'), Version::V12) => '\r',
                _ => return Err(FrameError::Escape),
            },
            other => other,
        });
    }
    Ok(plain)
}

/// The body, and what follows its NUL.
fn take_body<'a>(
    bytes: &'a [u8],
    length: Option<&str>,
) -> Result<(&'a [u8], &'a [u8]), FrameError> {
    let Some(length) = length else {
        let mut parts = bytes.splitn(2, |byte| *byte == 0);
        return match (parts.next(), parts.next()) {
            (Some(body), Some(rest)) => Ok((body, rest)),
            _ => Err(FrameError::Unfinished),
        };
    };
    if !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FrameError::Length);
    }
    let length: usize = length.parse().or(Err(FrameError::Length))?;
    let (body, rest) = bytes.split_at_checked(length).ok_or(FrameError::Length)?;
    match rest {
        [0, rest @ ..] => Ok((body, rest)),
        _ => Err(FrameError::Length),
    }
}

/// A frame of ours. CONNECTED has no escapes; where the version has none, line ends become spaces.
#[must_use]
pub fn encode(command: &str, headers: &[(&str, &str)], body: &[u8], version: Version) -> Vec<u8> {
    let escapes = if command == "CONNECTED" {
        Version::V10
    } else {
        version
    };
    let mut frame = format!("{command}\n");
    for (name, value) in headers {
        frame.push_str(&header_line(name, value, escapes));
    }
    if !body.is_empty() {
        frame.push_str("content-length:");
        frame.push_str(&body.len().to_string());
        frame.push('\n');
    }
    frame.push('\n');
    let mut bytes = frame.into_bytes();
    bytes.extend_from_slice(body);
    bytes.push(0);
    bytes
}

/// A header of ours, with its end of line.
#[must_use]
pub fn header_line(name: &str, value: &str, version: Version) -> String {
    format!("{}:{}\n", escape(name, version), escape(value, version))
}

fn escape(text: &str, version: Version) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match (character, version) {
            ('\n' | '\r', Version::V10) | ('\r', Version::V11) | ('\0', _) => escaped.push(' '),
            ('\n', _) => escaped.push_str("\\n"),
            ('\r', Version::V12) => escaped.push_str("\\r"),
            (':', Version::V11 | Version::V12) => escaped.push_str("\\c"),
            ('\\', Version::V11 | Version::V12) => escaped.push_str("\\\\"),
            (other, _) => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
