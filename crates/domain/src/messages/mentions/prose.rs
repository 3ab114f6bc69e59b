//! What of a markdown text is not code: code spans, and blocks between fences. Indented blocks count as
//! text, as chat front ends show them.

/// The parts of a text that are no code, in their order.
pub(super) fn outside_code(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for paragraph in outside_fences(text) {
        outside_spans(paragraph, &mut parts);
    }
    parts
}

/// The paragraphs outside of fenced blocks; a block that is not closed goes on to the end.
fn outside_fences(text: &str) -> Vec<&str> {
    let mut paragraphs = Vec::new();
    let mut open: Option<Fence> = None;
    let (mut start, mut place) = (0_usize, 0_usize);
    for line in text.split_inclusive('\n') {
        let line_start = place;
        place = place.saturating_add(line.len());
        match (open, Fence::read(line)) {
            (Some(fence), Some(other)) if other.closes(fence) => {
                (open, start) = (None, place);
            }
            (None, Some(fence)) if fence.opens => {
                paragraphs.extend(text.get(start..line_start));
                open = Some(fence);
            }
            (None, _) if line.trim().is_empty() => {
                paragraphs.extend(text.get(start..place));
                start = place;
            }
            _ => {}
        }
    }
    if open.is_none() {
        paragraphs.extend(text.get(start..));
    }
    paragraphs
}

/// A line that starts with three or more backticks or tildes.
#[derive(Clone, Copy)]
struct Fence {
    character: char,
    length: usize,
    /// It may open a block: no backtick follows those of the fence.
    opens: bool,
    /// Nothing follows: it may close a block.
    is_bare: bool,
}

impl Fence {
    fn read(line: &str) -> Option<Self> {
        let inner = line.trim_start_matches(' ');
        let character = inner
            .chars()
            .next()
            .filter(|first| matches!(first, '`' | '~'))?;
        let rest = inner.trim_start_matches(character);
        let length = inner.len().saturating_sub(rest.len());
        let indent = line.len().saturating_sub(inner.len());
        (length >= 3 && indent <= 3).then(|| Self {
            character,
            length,
            opens: character == '~' || !rest.contains('`'),
            is_bare: rest.trim().is_empty(),
        })
    }

    fn closes(self, open: Self) -> bool {
        self.is_bare && self.character == open.character && self.length >= open.length
    }
}

/// Adds the parts of a paragraph outside of code spans: a span opened by so many backticks ends with as
/// many; backticks without an end are text.
fn outside_spans<'a>(paragraph: &'a str, parts: &mut Vec<&'a str>) {
    let runs = runs(paragraph);
    let (mut start, mut next) = (0_usize, 0_usize);
    while let Some((place, length)) = runs.get(next).copied() {
        let mut rest = runs.iter().enumerate().skip(next.saturating_add(1));
        let Some((closing, (end, _))) = rest.find(|(_, (_, other))| *other == length) else {
            next = next.saturating_add(1);
            continue;
        };
        parts.extend(paragraph.get(start..place));
        start = end.saturating_add(length);
        next = closing.saturating_add(1);
    }
    parts.extend(paragraph.get(start..));
}

/// Where there are backticks, and how many side by side.
fn runs(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (place, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some((start, length)) if start.saturating_add(*length) == place => {
                *length = length.saturating_add(1);
            }
            _ => runs.push((place, 1)),
        }
    }
    runs
}
