//! Cuts a corpus into channels: every (channel, topic) is one, its members those who speak or are
//! mentioned in it; a topic of too many people becomes several channels, one after the other.

use std::collections::{BTreeSet, HashMap};

use crate::corpus::Utterance;

/// The most members of a channel.
pub(crate) const MOST_MEMBERS: usize = 200;

/// A corpus laid out over channels and people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The members of each channel, as indices into the people.
    pub(crate) channels: Vec<Vec<usize>>,
    /// The messages in order.
    pub(crate) posts: Vec<Post>,
}

/// A message of a layout.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Post {
    /// The channel, as an index.
    pub(crate) channel: usize,
    /// The sender, as an index into the people.
    pub(crate) sender: usize,
    /// The text.
    pub(crate) content: String,
}

/// Lays `corpus` out; its users are mapped onto `people` people.
pub(crate) fn cut(corpus: Vec<Utterance>, people: u64) -> Layout {
    let mut members: Vec<BTreeSet<usize>> = Vec::new();
    let mut current: HashMap<(String, String), usize> = HashMap::new();
    let mut posts = Vec::with_capacity(corpus.len());
    for said in corpus {
        let sender = person(said.user, people);
        let involved: BTreeSet<usize> = said
            .mentions
            .iter()
            .map(|user| person(*user, people))
            .chain([sender])
            .collect();
        let channel = *current
            .entry((said.channel, said.topic))
            .and_modify(|channel| {
                if !fits(members.get(*channel), &involved) {
                    *channel = members.len();
                }
            })
            .or_insert(members.len());
        match members.get_mut(channel) {
            Some(known) => known.extend(involved),
            None => members.push(involved),
        }
        posts.push(Post {
            channel,
            sender,
            content: said.text,
        });
    }
    Layout {
        channels: members
            .into_iter()
            .map(|set| set.into_iter().collect())
            .collect(),
        posts,
    }
}

fn fits(known: Option<&BTreeSet<usize>>, involved: &BTreeSet<usize>) -> bool {
    known.is_none_or(|known| known.union(involved).count() <= MOST_MEMBERS)
}

/// The index of the person who stands for `user` (from 1).
fn person(user: u64, people: u64) -> usize {
    let index = user.saturating_sub(1).checked_rem(people).unwrap_or(0);
    usize::try_from(index).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(topic: &str, user: u64, mentions: &[u64]) -> Utterance {
        Utterance {
            channel: "general".to_owned(),
            topic: topic.to_owned(),
            user,
            text: format!("{user} in {topic}"),
            mentions: mentions.to_vec(),
        }
    }

    #[test]
    fn a_channel_has_the_authors_and_the_mentioned_of_its_topic() {
        let layout = cut(
            vec![said("a", 1, &[]), said("b", 2, &[5]), said("a", 3, &[1, 4])],
            10,
        );
        assert_eq!(layout.channels, [vec![0, 2, 3], vec![1, 4]]);
        let posts: Vec<_> = layout
            .posts
            .iter()
            .map(|post| (post.channel, post.sender))
            .collect();
        assert_eq!(posts, [(0, 0), (1, 1), (0, 2)]);
        assert_eq!(layout.posts[2].content, "3 in a");
    }

    #[test]
    fn the_same_topic_in_two_channels_is_two() {
        let elsewhere = Utterance {
            channel: "new members".to_owned(),
            ..said("a", 1, &[])
        };
        assert_eq!(
            cut(vec![said("a", 1, &[]), elsewhere], 10).channels.len(),
            2
        );
    }

    #[test]
    fn a_topic_of_over_200_people_is_cut_and_everybody_is_a_member_where_they_speak() {
        let corpus: Vec<_> = (1..=450)
            .map(|user| said("a", user, &[user / 2 + 1]))
            .collect();
        let layout = cut(corpus, 1_000);
        assert!(
            layout.channels.len() > 2,
            "{} channels",
            layout.channels.len()
        );
        assert!(
            layout
                .channels
                .iter()
                .all(|members| members.len() <= MOST_MEMBERS)
        );
        for post in &layout.posts {
            assert!(layout.channels[post.channel].contains(&post.sender));
        }
    }

    #[test]
    fn more_users_than_people_are_folded_onto_them() {
        let layout = cut(
            vec![said("a", 1, &[]), said("a", 6, &[11]), said("a", 7, &[])],
            5,
        );
        assert_eq!(layout.channels, [vec![0, 1]]);
    }
}
