//! Keeps secrets out of logs.

/// What stands where a secret was.
pub const HIDDEN: &str = "***";

const SECRET_PARAMETERS: [&str; 5] = ["token", "access_token", "password", "secret", "sslpassword"];

/// A URL, or a path with its query, without its password and without the tokens in its query.
#[must_use]
pub fn url(text: &str) -> String {
    let (address, rest) = match text.find(['?', '#']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    format!("{}{}", without_password(address), without_tokens(rest))
}

fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    // The last @, so that a password with an @ in it is hidden as a whole.
    let Some((login, host)) = rest.rsplit_once('@') else {
        return address.to_owned();
    };
    match login.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:{HIDDEN}@{host}"),
        None => address.to_owned(),
    }
}

fn without_tokens(query: &str) -> String {
    let mut shown = String::with_capacity(query.len());
    for part in query.split_inclusive(['?', '&', '#', ';']) {
        let (pair, separator) = match part.char_indices().next_back() {
            Some((at, '?' | '&' | '#' | ';')) => part.split_at(at),
            _ => (part, ""),
        };
        match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => shown.extend([name, "=", HIDDEN]),
            _ => shown.push_str(pair),
        }
        shown.push_str(separator);
    }
    shown
}

fn is_secret(name: &str) -> bool {
    SECRET_PARAMETERS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn passwords_and_tokens_disappear_and_the_rest_stays() {
        for (text, shown) in [
            (
                "postgres://u:p@h:5432/d?sslmode=disable",
                "postgres://u:***@h:5432/d?sslmode=disable",
            ),
            ("postgres://u:p@ss@h/d", "postgres://u:***@h/d"),
            ("redis://:p@h/0", "redis://:***@h/0"),
            ("redis://h:6379/0", "redis://h:6379/0"),
            (
                "/ws/discuss?token=a.b.c&resume=1",
                "/ws/discuss?token=***&resume=1",
            ),
            (
                "/ws/discuss?resume=1&Token=a.b.c#x",
                "/ws/discuss?resume=1&Token=***#x",
            ),
            (
                "postgresql:///d?host=/run&password=p",
                "postgresql:///d?host=/run&password=***",
            ),
            ("/plain/path", "/plain/path"),
            ("", ""),
        ] {
            assert_eq!(url(text), shown);
        }
    }
}
