//! Which passwords are too easy to guess: those that many people have, and those made of words that anybody would try first.
//!
//! Everything is compared without regard to case, as whoever guesses would. The written list of words is
//! `forbidden_words.txt` (ASVS 6.1.2); what a password made of them, of keys side by side, dates and repetitions is worth
//! is zxcvbn's to say.

use flate2::read::GzDecoder;
use std::{
    io::{BufRead, BufReader},
    sync::LazyLock,
};
use zxcvbn::{Score, zxcvbn};

/// Every password of twelve characters or more among the million commonest of Mark Burnett's ten million, as the MIT-licensed
/// crate `passablewords` 1.0.1 brings them: 43,940, lower-cased and sorted.
const COMMON: &[u8] = include_bytes!("common_passwords.txt.gz");
/// Words of the product, the trade and its societies.
const WORDS: &str = include_str!("forbidden_words.txt");
/// Shorter words are in every sentence.
const SHORTEST_WORD: usize = 3;

/// How much a password needs to have beside words anybody would try first.
const LEAST_REST: usize = 6;

static FORBIDDEN: LazyLock<Vec<&str>> =
    LazyLock::new(|| WORDS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect());

/// Is this password too easy to guess for somebody who is called, and belongs to, what `own` says?
pub fn is_guessable(password: &str, own: &[impl AsRef<str>]) -> bool {
    let own = own.iter().flat_map(|text| words(text.as_ref()));
    let known: Vec<String> = own.chain(FORBIDDEN.iter().map(|word| (*word).to_owned())).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    // A hundred million guesses at least, of which the throttle allows a few an hour.
    zxcvbn(password, &known).score() < Score::Three || is_little_more(password, known) || is_common(password)
}

/// Is next to nothing left of the password without these words, spaces and signs between them?
fn is_little_more(password: &str, mut known: Vec<&str>) -> bool {
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let folded = password.to_lowercase();
    let rest = known.iter().fold(folded.clone(), |rest, word| rest.replace(word, " "));
    rest != folded && rest.chars().filter(|c| !c.is_whitespace() && !c.is_ascii_punctuation()).count() < LEAST_REST
}

/// The text itself and each word in it: "Ada Lind", "ada", "lind"; "ada@northlight.test", "ada", "northlight", "test".
fn words(text: &str) -> Vec<String> {
    let text = text.trim().to_lowercase();
    let joined: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    words.extend([text, joined]);
    words.retain(|word| word.chars().count() >= SHORTEST_WORD);
    words
}

fn is_common(password: &str) -> bool {
    let folded = password.to_lowercase();
    let lines = BufReader::new(GzDecoder::new(COMMON)).lines();
    lines.map_while(Result::ok).any(|line| line == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: &[&str] = &[];
    const OWN: &[&str] = &["ada.lind@northlight.test", "Ada Lind", "Northlight Music"];

    #[test]
    fn the_list_is_whole() {
        let lines: Vec<String> = BufReader::new(GzDecoder::new(COMMON)).lines().map(Result::unwrap).collect();
        assert_eq!(lines.len(), 43_940);
        assert!(lines.iter().all(|line| line.chars().count() >= 12 && *line == line.to_lowercase()));
    }

    #[test]
    fn common_passwords_are_guessable_in_any_case() {
        for password in ["sonyericsson", "PolniyPizdec0211", "ghhh47hj7649", "Mailcreated5240", "elvisofrock87"] {
            assert!(is_guessable(password, NOBODY), "{password}");
        }
    }

    #[test]
    fn patterns_are_guessable() {
        for password in ["aaaaaaaaaaaaaaaa", "qwertyuiop123", "abcabcabcabcabc", "1234567890123", "password2026", "november222026"] {
            assert!(is_guessable(password, NOBODY), "{password}");
        }
    }

    #[test]
    fn words_of_product_person_and_publisher_make_no_password() {
        for password in [
            "ledgerline2026",
            "Northlight2026",
            "northlightmusic",
            "AdaLind-Northlight",
            "Northlight-Music-2026",
            "Royalty! Ascap? 4711",
            "ADA.LIND@northlight.test",
            "songwritersplits",
        ] {
            assert!(is_guessable(password, OWN), "{password}");
        }
    }

    #[test]
    fn a_sentence_of_ones_own_is_not_guessable() {
        for password in [
            "correct horse battery",
            "a lantern in the harbour",
            "four small boats",
            "the music is in the harbour",
            "five small boats",
            "🎵🎵🎻 ünïcode 李雷 tea",
            "rT7#kq!92bVx",
        ] {
            assert!(!is_guessable(password, OWN), "{password}");
        }
    }
}
