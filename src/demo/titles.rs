//! Titles out of words.

use super::{
    dice::Dice,
    words::{BAND_BEGINNINGS, BAND_ENDINGS, Tongue},
};

/// A title in a language, with a capital at its beginning.
pub fn title(dice: &Dice, tongue: Tongue) -> String {
    let pattern = dice.pick(tongue.patterns);
    let mut words: Vec<&str> = Vec::with_capacity(pattern.len());
    for slot in pattern {
        let word = dice.word(slot);
        // "River of the River": once more.
        let word = if words.contains(&word) { dice.word(slot) } else { word };
        if !word.is_empty() {
            words.push(word);
        }
    }
    capital(&words.join(" "))
}

/// The name of a band.
pub fn band(dice: &Dice) -> String {
    let article = if dice.percent(45) { "The " } else { "" };
    format!("{article}{} {}", dice.word(BAND_BEGINNINGS), dice.word(BAND_ENDINGS))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::demo::words::{ENGLISH, FRENCH, GERMAN, PORTUGUESE, SPANISH, SWEDISH};

    #[test]
    fn titles_fit_a_registration_and_seldom_repeat() {
        for tongue in [ENGLISH, FRENCH, GERMAN, PORTUGUESE, SPANISH, SWEDISH] {
            let dice = Dice::seeded(1);
            let titles: HashSet<String> = (0..300).map(|_| title(&dice, tongue)).collect();
            assert!(titles.len() > 180, "{}: {}", tongue.code, titles.len());
            assert!(titles.iter().all(|title| title.chars().count() <= 60 && !title.contains("  ")), "{}", tongue.code);
            assert!(titles.iter().all(|title| title.chars().next().is_some_and(|first| !first.is_lowercase())));
        }
    }
}
