//! What people type: the key it is found by, and the form it is kept in.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// Longest word kept for the search index, in characters.
const LONGEST_WORD: usize = 40;

/// The search key of a text: compatibility forms resolved, accents dropped, lower case, and everything
/// that is neither letter nor digit turned into single spaces. Folding twice changes nothing.
///
/// A text without any letter or digit ("???", "÷") keeps its signs, so that two such titles stay apart.
pub fn fold(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_accent(*c)).flat_map(char::to_lowercase) {
        match in_plain_letters(c) {
            Some(letters) => plain.push_str(letters),
            None => plain.push(c),
        }
    }
    let plain: String = plain.nfc().collect();
    let words = plain.split(|c: char| !(c.is_alphanumeric() || is_mark(c))).filter(|word| word.chars().any(char::is_alphanumeric));
    let folded = words.collect::<Vec<_>>().join(" ");
    if folded.is_empty() {
        return plain.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    folded
}

/// The distinct folded words of a text in their order, each cut to 40 characters: what the search index holds.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in fold(text).split(' ').filter(|word| !word.is_empty()) {
        let word: String = word.chars().take(LONGEST_WORD).collect();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Accents and vowel points people leave out when they search. Marks that make another letter
/// (Indic vowel signs, the Japanese voicing mark) are not among them.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}' // combining marks of Latin, Greek and Cyrillic
        | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}' // Hebrew points
        | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}') // Arabic stretching and vowel signs
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Letters that Unicode does not take apart.
fn in_plain_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ı' => "i",
        'ĸ' => "k",
        'ς' => "σ",
        _ => return None,
    })
}

/// What is wrong with a text, and the text as it would be without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Unclean {
    /// The first character that may not be there.
    pub character: char,
    /// The text with every such character replaced by a space or left out.
    pub repaired: String,
}

impl fmt::Display for Unclean {
    /// Reads on after the name of the field: "Title *contains a line break*".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.character);
        match self.character {
            c if is_line_break(c) => write!(f, "contains a line break"),
            c if turns_direction(c) => {
                write!(f, "contains an invisible mark that turns the direction of the text (U+{code:04X})")
            }
            _ => write!(f, "contains an invisible control character (U+{code:04X})"),
        }
    }
}

/// One line as it is kept: trimmed, composed (NFC), tabs as spaces, invisible leftovers of copying dropped.
///
/// # Errors
/// Line breaks, control characters and marks that override the direction of text, with which one name
/// can be made to look like another.
pub fn clean(text: &str) -> Result<String, Unclean> {
    tidy(text, false)
}

/// The same for a text of several lines. Line breaks of every system become `\n`.
///
/// # Errors
/// As [`clean`], line breaks excepted.
pub fn clean_multiline(text: &str) -> Result<String, Unclean> {
    tidy(&text.replace("\r\n", "\n").replace('\r', "\n"), true)
}

fn tidy(text: &str, lines: bool) -> Result<String, Unclean> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    let characters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut offence = None;
    for (at, &c) in characters.iter().enumerate() {
        let neighbour = |step: isize| at.checked_add_signed(step).and_then(|i| characters.get(i)).copied();
        match c {
            '\t' => kept.push(' '),
            '\n' if lines => kept.push(c),
            _ if is_line_break(c) || c.is_control() => {
                offence = offence.or(Some(c));
                kept.push(' ');
            }
            _ if turns_direction(c) => offence = offence.or(Some(c)),
            _ if is_invisible(c) && !is_needed(c, neighbour(-1), neighbour(1)) => {}
            _ => kept.push(c),
        }
    }
    let kept: String = kept.trim().nfc().collect();
    match offence {
        None => Ok(kept),
        Some(character) => Err(Unclean { character, repaired: kept }),
    }
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{206A}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Joiners belong inside emoji and in scripts whose letters join, tags in the flags of regions.
fn is_needed(c: char, before: Option<char>, after: Option<char>) -> bool {
    let joins = |c: char| c > '\u{0590}' && !c.is_whitespace() && !is_invisible(c);
    match c {
        '\u{200C}' | '\u{200D}' => before.is_some_and(joins) && after.is_some_and(joins),
        '\u{E0020}'..='\u{E007F}' => before.is_some_and(|c| matches!(c, '\u{1F3F4}' | '\u{E0020}'..='\u{E007E}')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_the_way_people_search() {
        for (typed, key) in [
            ("Frère Jacques", "frere jacques"),
            ("  Straße—Größe ", "strasse grosse"),
            ("STRASSE GROSSE", "strasse grosse"),
            ("Łódź, Ørsted & Đorđe", "lodz orsted dorde"),
            ("Ænima / Œuvre", "aenima oeuvre"),
            ("İstanbul ısı", "istanbul isi"),
            ("Don't (Stop)", "don t stop"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("Οδυσσεύς", "οδυσσευσ"),
            ("Ёлка", "елка"),
            ("Ｆｕｌｌ　ｗｉｄｔｈ №5", "full width no5"),
            ("ガラス", "ガラス"),
            ("हिन्दी", "हिन्दी"),
            ("사랑", "사랑"),
            ("???", "???"),
            (" ÷ ", "÷"),
            ("", ""),
        ] {
            assert_eq!(fold(typed), key, "{typed}");
        }
    }

    #[test]
    fn keeps_each_word_once() {
        assert_eq!(words("La la LÁ land"), ["la", "land"]);
        assert_eq!(words(&"x".repeat(90)), ["x".repeat(40)]);
        assert!(words("  ").is_empty());
    }

    #[test]
    fn cleans_what_copying_leaves_behind() {
        assert_eq!(clean("\u{FEFF} Blue\tMoon\u{200B} \u{00AD}"), Ok("Blue Moon".to_owned()));
        assert_eq!(clean("Cafe\u{0301}"), Ok("Café".to_owned()));
        assert_eq!(clean("👩\u{200D}🎤 می\u{200C}خواهم"), Ok("👩\u{200D}🎤 می\u{200C}خواهم".to_owned()));
        assert_eq!(clean("a\u{200D}b"), Ok("ab".to_owned()));
        let flag = "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}";
        assert_eq!(clean(flag), Ok(flag.to_owned()));
        assert_eq!(clean_multiline("one\r\ntwo\rthree\n"), Ok("one\ntwo\nthree".to_owned()));
    }

    #[test]
    fn says_what_may_not_be_there() {
        let refused = |text| clean(text).unwrap_err();
        assert_eq!(refused("Blue\nMoon").to_string(), "contains a line break");
        assert_eq!(refused("Blue\u{0}Moon").to_string(), "contains an invisible control character (U+0000)");
        assert_eq!(refused("Smith\u{202E}nhoJ").to_string(), "contains an invisible mark that turns the direction of the text (U+202E)");
        assert_eq!(refused("Smith\u{202E}nhoJ").repaired, "SmithnhoJ");
        assert_eq!(refused("Blue\u{B}Moon").repaired, "Blue Moon");
        assert!(clean_multiline("a\nb\u{2066}").is_err());
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn a_repaired_text_is_clean(text in any::<String>()) {
            if let Err(unclean) = clean(&text) {
                prop_assert!(clean(&unclean.repaired).is_ok());
            }
        }

        #[test]
        fn the_case_of_latin_letters_is_no_matter(text in "[a-zA-Zà-öø-ÿÀ-ÖØ-Þ ']{0,20}") {
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
        }
    }
}
