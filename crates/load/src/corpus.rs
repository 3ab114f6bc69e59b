//! Real or made-up chat to replay: one JSON object a line, oldest first, plain or zstd.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Context;
use ruzstd::decoding::StreamingDecoder;
use serde::Deserialize;

/// The longest line that is read: 10,000 characters of text with escapes, and the rest.
const LONGEST_LINE: u64 = 256 * 1024;

/// A message of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Utterance {
    /// The channel it was said in.
    pub(crate) channel: String,
    /// The topic within the channel.
    pub(crate) topic: String,
    /// Who said it, from 1.
    pub(crate) user: u64,
    /// What was said.
    pub(crate) text: String,
    /// Who is mentioned.
    #[serde(default)]
    pub(crate) mentions: Vec<u64>,
}

/// Reads the first `limit` messages of a file.
pub(crate) fn read(path: &Path, limit: usize) -> anyhow::Result<Vec<Utterance>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let source: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "zst") {
        Box::new(StreamingDecoder::new(BufReader::new(file))?)
    } else {
        Box::new(file)
    };
    parse(BufReader::new(source), limit).with_context(|| path.display().to_string())
}

fn parse(mut source: impl BufRead, limit: usize) -> anyhow::Result<Vec<Utterance>> {
    let mut utterances = Vec::new();
    let mut line = String::new();
    while utterances.len() < limit {
        line.clear();
        if source.by_ref().take(LONGEST_LINE).read_line(&mut line)? == 0 {
            break;
        }
        let number = utterances.len() + 1;
        utterances.push(serde_json::from_str(&line).with_context(|| format!("line {number}"))?);
    }
    Ok(utterances)
}

/// Makes up `count` messages of `people` people: a few busy topics, many quiet ones, people who
/// come back to where they have been; the same on every run.
pub(crate) fn make_up(count: usize, people: u64) -> Vec<Utterance> {
    let mut random = fastrand::Rng::with_seed(20_180_226);
    let mut regulars: HashMap<u64, Vec<u64>> = HashMap::new();
    (0..count)
        .map(|number| {
            let spread = u64::try_from(number / 25 + 2).unwrap_or(u64::MAX);
            let highest = random.u64(1..spread);
            let topic = random.u64(0..=highest);
            let known = regulars.entry(topic).or_default();
            let user = match random.choice(known.iter().copied()) {
                Some(regular) if random.u8(0..4) != 0 => regular,
                _ => random.u64(1..=people),
            };
            let mention = random
                .choice(known.iter().copied())
                .filter(|_| random.u8(0..5) == 0);
            known.push(user);
            Utterance {
                channel: "general".to_owned(),
                topic: format!("topic {topic}"),
                user,
                text: sentence(&mut random),
                mentions: mention.into_iter().collect(),
            }
        })
        .collect()
}

/// A made-up text with the lengths and characters of chat: quotes, line breaks, other scripts.
pub(crate) fn sentence(random: &mut fastrand::Rng) -> String {
    const WORDS: [&str; 16] = [
        "the",
        "order",
        "is",
        "ready",
        "\"quoted\"",
        "khách hàng",
        "đơn",
        "λ",
        "so",
        "`code`",
        "and\nthen",
        "\\path",
        "thanks",
        "👍",
        "see",
        "№ 42",
    ];
    let words = random.usize(2..60);
    let text: Vec<&str> = (0..words).filter_map(|_| random.choice(WORDS)).collect();
    text.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_up_to_the_limit_and_a_bad_one_is_named() {
        let line = r#"{"channel":"general","topic":"welcome","user":1,"at":1519660926,"text":"Hi <@2>","mentions":[2]}"#;
        let two = format!("{line}\n{line}\nnot json\n");
        let read = parse(two.as_bytes(), 2).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(
            (
                read[0].user,
                read[0].text.as_str(),
                read[0].mentions.as_slice()
            ),
            (1, "Hi <@2>", [2].as_slice())
        );
        assert_eq!(parse(two.as_bytes(), 9).unwrap_err().to_string(), "line 3");
    }

    #[test]
    fn a_made_up_corpus_is_the_same_every_time_and_uneven_like_chat() {
        let corpus = make_up(5_000, 100);
        assert_eq!(corpus, make_up(5_000, 100));
        assert!(
            corpus
                .iter()
                .all(|said| (1..=100).contains(&said.user) && !said.text.trim().is_empty())
        );
        let mut sizes: HashMap<&str, usize> = HashMap::new();
        for said in &corpus {
            *sizes.entry(&said.topic).or_default() += 1;
        }
        assert!(sizes.len() > 50, "{} topics", sizes.len());
        assert!(sizes.values().max().unwrap() > &(5 * corpus.len() / sizes.len()));
    }
}
