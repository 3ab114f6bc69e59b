//! What may be meant by what stands behind an `@`.

use super::Everyone;
use crate::ids::UserId;

/// The most words of a name.
const MOST_WORDS: usize = 6;
/// The most characters of a name.
const MOST_CHARS: usize = 100;

/// The id in `17>`.
pub(super) fn tagged(after: &str) -> Option<UserId> {
    let (digits, _) = after.split_once('>')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| digits.parse().ok()).flatten()?;
    UserId::parse(number).ok()
}

/// Is the `@` behind this text one of an e-mail address, or in a URL?
pub(super) fn is_address(before: &str) -> bool {
    let is_local =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '%' | '+' | '-');
    let token = before.rsplit(char::is_whitespace).next();
    before.ends_with(is_local) || token.is_some_and(|token| token.contains("://"))
}

/// Whether the text starts with the word `all` or `here`, in whatever case.
pub(super) fn everyone(after: &str) -> Option<Everyone> {
    let word = leading(after);
    Everyone::ALL
        .into_iter()
        .find(|everyone| everyone.as_str().eq_ignore_ascii_case(word))
}

/// What a name that the text starts with could be, lower case, the longest first.
pub(super) fn candidates(after: &str) -> Vec<String> {
    // Whatever stands further on is in no name: a text of one long word costs no more than another.
    let far = after.char_indices().nth(MOST_CHARS * 2);
    let (near, _) = after.split_at(far.map_or(after.len(), |(place, _)| place));
    let line = near.split(['\n', '\r']).next().unwrap_or_default();
    let mut found = Vec::new();
    let mut start = String::new();
    for word in line.split_whitespace().take(MOST_WORDS) {
        for end in ends(word).into_iter().filter(|end| !end.is_empty()) {
            found.push(format!("{start}{end}").to_lowercase());
        }
        start.push_str(word);
        start.push(' ');
        if word.contains('@') || start.chars().count() > MOST_CHARS {
            break;
        }
    }
    found.retain(|name| name.chars().count() <= MOST_CHARS);
    found.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    found.dedup();
    found
}

/// Where in its last word a name may end: before the comma of "An, …", the "'s" of "An's" or the slash of
/// "An/Bình", but also after the point of "Jr.".
fn ends(word: &str) -> [&str; 4] {
    let head = leading(word);
    let owner = head.strip_suffix("'s").or(head.strip_suffix("’s"));
    let bare = word.trim_end_matches(|character: char| !character.is_alphanumeric());
    [head, owner.unwrap_or_default(), bare, word]
}

/// The first part of a text that is of one piece: `O'Brien-Smith` and `binh.tran` are.
fn leading(text: &str) -> &str {
    let joins = |character: char| matches!(character, '-' | '.' | '_' | '\'' | '’');
    let end = text.find(|character: char| !character.is_alphanumeric() && !joins(character));
    let (piece, _) = text.split_at(end.unwrap_or(text.len()));
    piece.trim_end_matches(joins)
}

/// A name as names are compared.
pub(super) fn normal(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
