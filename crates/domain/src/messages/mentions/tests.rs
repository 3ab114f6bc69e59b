use proptest::prelude::*;

use super::*;

const AN: i64 = 11;
const AN_NGUYEN: i64 = 12;
const BINH: i64 = 13;
const SENDER: i64 = 99;

fn members() -> Vec<(UserId, String)> {
    [
        (AN, "An"),
        (AN_NGUYEN, "An Nguyễn"),
        (BINH, "Trần  Thị Bình"),
        (14, "O'Brien"),
        (15, "All Smith"),
        (16, "Chi"),
        (17, "chi"),
        (18, "Jr. Sam Jr."),
        (SENDER, "Me"),
    ]
    .map(|(id, name)| (UserId::from(id), name.to_owned()))
    .to_vec()
}

fn mentions(text: &str) -> (Vec<i64>, Option<Everyone>) {
    let sender = UserId::from(SENDER);
    let found = Written::parse(text)
        .complete(&[], &members(), sender)
        .unwrap();
    (
        found.people.iter().map(|user| user.get()).collect(),
        found.everyone,
    )
}

fn people(text: &str) -> Vec<i64> {
    mentions(text).0
}

#[test]
fn ids_are_read_from_their_tags() {
    for (text, ids) in [
        ("<@17>", vec![17]),
        ("hi <@17>, <@4><@17>", vec![4, 17]),
        ("<@0> <@-1> <@x> <@17 <@> <@99999999999999999999>", vec![]),
        ("<@9007199254740991>", vec![9_007_199_254_740_991]),
    ] {
        assert_eq!(people(text), ids, "{text}");
    }
}

#[test]
fn a_name_is_the_longest_that_a_member_has() {
    for (text, ids) in [
        ("@An", vec![AN]),
        ("@an nguyễn please", vec![AN_NGUYEN]),
        ("@AN NGUYỄN", vec![AN_NGUYEN]),
        ("@An Nguyen", vec![AN]),
        ("@An Nguyễn, @An!", vec![AN, AN_NGUYEN]),
        ("@An\nNguyễn", vec![AN]),
        ("(@An  Nguyễn)", vec![AN_NGUYEN]),
        ("@Trần Thị Bình's", vec![BINH]),
        ("@An/@Trần Thị Bình", vec![AN, BINH]),
        ("@O'Brien’s", vec![14]),
        ("@Jr. Sam Jr. came", vec![18]),
        ("Done...@An", vec![AN]),
        ("@Anh", vec![]),
        ("@An-Binh @an.nguyen @An_", vec![AN]),
        ("@ An", vec![]),
        ("@Nobody", vec![]),
    ] {
        assert_eq!(people(text), ids, "{text}");
    }
}

#[test]
fn a_name_that_two_members_have_names_neither() {
    assert_eq!(people("@Chi and @chi"), Vec::<i64>::new());
}

#[test]
fn everyone_is_a_word_of_its_own() {
    for (text, everyone) in [
        ("@all", Some(Everyone::All)),
        ("hey @Here: now", Some(Everyone::Here)),
        ("@here @all @here", Some(Everyone::All)),
        ("@all.", Some(Everyone::All)),
        (
            "@allies @all-hands @all.company @here_",
            Some(Everyone::Here),
        ),
        ("@allies @all-hands @all.company", None),
    ] {
        assert_eq!(mentions(text), (vec![], everyone), "{text}");
    }
    assert_eq!(mentions("@All Smith"), (vec![15], None));
    let called_all = [(UserId::from(5), "All".to_owned())];
    let found = Written::parse("@all").complete(&[], &called_all, UserId::from(1));
    assert_eq!(found.unwrap().everyone, Some(Everyone::All));
}

#[test]
fn nothing_counts_in_code_addresses_and_urls() {
    for text in [
        "`@An` and `` a ` @An ``",
        "```\n@An @all <@17>\n```",
        "~~~ text\n@An\n```\n@An\n~~~",
        "   ````rust\n@An\n```\n@all",
        "an@an nguyễn",
        "bình@An",
        "me+tag-@An me_@An",
        "https://example.com/@An/x",
        "`@An\nand @An`",
    ] {
        assert_eq!(mentions(text), (vec![], None), "{text}");
    }
}

#[test]
fn what_only_looks_like_code_counts() {
    for text in [
        "a ` @An",
        "`` @An `",
        "`x` @An `y`",
        "```x``` @An",
        "    @An",
        "```\ncode\n```\n@An",
        "a ` b\n\n@An ` c",
        "https://example.com @An",
        "@@An",
    ] {
        assert_eq!(people(text), [AN], "{text}");
    }
}

#[test]
fn code_messages_mention_nobody_by_their_text() {
    let code = Written::of(MessageKind::Code, "@Override");
    assert_eq!(code, Written::default());
    let text = Written::of(MessageKind::Text, "@Override");
    assert_eq!(text.names(), ["override"]);
}

#[test]
fn field_and_text_come_together_and_the_sender_is_left_out() {
    let written = Written::parse("<@3> @An <@99> @Me");
    let field = [5, 3, SENDER].map(UserId::from);
    let found = written
        .complete(&field, &members(), UserId::from(SENDER))
        .unwrap();
    assert_eq!(found.people, [3, 5, AN].map(UserId::from));
}

#[test]
fn more_than_a_hundred_people_of_both_together_are_too_many() {
    let tags = |ids: std::ops::RangeInclusive<i64>| -> String {
        let tags: Vec<String> = ids.map(|id| format!("<@{id}>")).collect();
        tags.concat()
    };
    let field: Vec<UserId> = (101..=150).map(UserId::from).collect();
    let sender = UserId::from(SENDER);
    let most = Written::parse(&tags(1..=51)).complete(&field, &[], UserId::from(7));
    assert_eq!(most.unwrap().people.len(), MOST_PEOPLE);
    let more = Written::parse(&tags(1..=51)).complete(&field, &[], sender);
    assert_eq!(more, Err(TooManyMentions));
    let again = Written::parse(&tags(1..=50).repeat(2)).complete(&field, &[], sender);
    assert_eq!(again.unwrap().people.len(), MOST_PEOPLE);
}

#[test]
fn a_text_without_an_at_before_a_letter_needs_no_names() {
    for text in ["hello", "<@17>", "@ 5 @5 @-", "an@example.com", "`@An`"] {
        assert_eq!(Written::parse(text).names(), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn names_are_bounded_however_long_the_text() {
    let names = Written::parse(&"@a,b c,d e,f g,h i,j k,l m ".repeat(1_000)).names();
    assert!(names.iter().all(|name| name.split(' ').count() <= 6));
    let different: Vec<String> = (0..1_000).map(|number| format!("@x{number} ")).collect();
    let names = Written::parse(&different.concat()).names();
    assert!(names.len() <= 100 * 6 && names.contains(&"x99".to_owned()));
    assert!(!names.contains(&"x100".to_owned()));
    let endless = Written::parse(&format!("@{}", "x".repeat(9_000)));
    assert_eq!(endless.names(), Vec::<String>::new());
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_within_bounds(text in "[@<>`~aAn17 .,'/:\n-]{0,300}") {
        let written = Written::parse(&text);
        let names = written.names();
        prop_assert!(names.len() <= MOST_ATS * 24);
        prop_assert!(names.iter().all(|name| !name.trim().is_empty()));
        let found = written.complete(&[], &members(), UserId::from(SENDER)).unwrap();
        prop_assert!(found.people.len() <= text.matches('@').count());
    }
}
