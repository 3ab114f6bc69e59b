//! What is asked again about a session, one time after the other.

use std::collections::BTreeSet;

use discuss_domain::ChannelId;

/// What is asked again.
#[derive(Debug, Default)]
pub(crate) struct About {
    /// These channels,
    pub(super) these: BTreeSet<ChannelId>,
    /// and those that are barred, or in which something was said since it was asked.
    pub(super) what_changed: bool,
}

impl About {
    /// These channels.
    pub(crate) fn these(channels: impl IntoIterator<Item = ChannelId>) -> Self {
        Self {
            these: channels.into_iter().collect(),
            what_changed: false,
        }
    }

    /// Those that are barred, or in which something was said since it was asked.
    pub(crate) fn what_changed() -> Self {
        Self {
            these: BTreeSet::new(),
            what_changed: true,
        }
    }
}

/// What is to be asked about a session: what comes while somebody asks is asked after that, all of it at once.
#[derive(Default)]
pub(super) struct Questions {
    about: Option<About>,
    is_asking: bool,
}

impl Questions {
    /// Notes what is to be asked; answers whether somebody must begin to ask.
    pub(super) fn add(&mut self, about: About) -> bool {
        let waiting = self.about.get_or_insert_default();
        waiting.these.extend(about.these);
        waiting.what_changed |= about.what_changed;
        !std::mem::replace(&mut self.is_asking, true)
    }

    /// What is to be asked next; with nothing the asking ends.
    pub(super) fn take(&mut self) -> Option<About> {
        self.is_asking = self.about.is_some();
        self.about.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_while_somebody_asks_is_asked_after_that_at_once() {
        let mut waiting = Questions::default();
        let channels = [1, 2, 3].map(ChannelId::from);
        assert!(waiting.add(About::these([channels[0]])));
        assert!(waiting.take().is_some());
        assert!(!waiting.add(About::these([channels[1]])));
        assert!(!waiting.add(About::these(channels)));
        assert!(!waiting.add(About::what_changed()));
        let next = waiting.take().unwrap();
        assert!(next.what_changed && next.these == BTreeSet::from(channels));
        assert!(waiting.take().is_none());
        assert!(waiting.add(About::what_changed()));
    }
}
