//! Who wrote a work, in which role and for which share.

use super::{dice::Dice, songwriters::Songwriter};
use crate::standards::roles::WriterRole;

/// The whole work, in hundredths of a per cent.
pub const WHOLE: u32 = 10_000;

/// One writer of a work.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub writer: &'a Songwriter,
    pub role: WriterRole,
    /// Hundredths of a per cent.
    pub share: u32,
}

/// Writers in the proportions people agree on: mostly equal parts, thirds among them.
const PROPORTIONS: &[&[&[u64]]] = &[
    &[&[1]],
    &[&[1, 1], &[1, 1], &[2, 1], &[60, 40], &[3, 1], &[55, 45]],
    &[&[1, 1, 1], &[1, 1, 1], &[2, 1, 1], &[40, 30, 30], &[45, 35, 20]],
    &[&[1, 1, 1, 1], &[1, 1, 1, 1], &[40, 20, 20, 20], &[3, 3, 2, 1]],
    &[&[1, 1, 1, 1, 1], &[30, 25, 20, 15, 10]],
    &[&[1, 1, 1, 1, 1, 1], &[25, 25, 15, 15, 10, 10]],
];

/// A split of one to five creators, and an arranger, adaptor or translator for a modified work.
pub fn split<'a>(dice: &Dice, people: &'a [Songwriter], lead: Option<usize>, modified: bool) -> Vec<Line<'a>> {
    let creators = dice.weighted(&[(30, 1), (34, 2), (21, 3), (9, 4), (6, 5)]);
    let writers = different(dice, people, lead, creators + usize::from(modified));
    let parts = apportion(dice.pick(PROPORTIONS.get(writers.len().saturating_sub(1)).copied().unwrap_or_default()));
    let last = writers.len().saturating_sub(1);
    let roles = roles(dice, creators);
    let mut lines = Vec::with_capacity(writers.len());
    for (place, (writer, share)) in writers.into_iter().zip(parts).enumerate() {
        let role = match roles.get(place) {
            Some(role) if !(modified && place == last) => *role,
            _ => dice
                .weighted(&[(60, Some(WriterRole::Arranger)), (20, Some(WriterRole::Adaptor)), (20, Some(WriterRole::Translator))])
                .unwrap_or(WriterRole::Arranger),
        };
        lines.push(Line { writer, role, share });
    }
    lines
}

/// So many different people: one who is signed leads, the well-connected come up more often.
fn different<'a>(dice: &Dice, people: &'a [Songwriter], lead: Option<usize>, count: usize) -> Vec<&'a Songwriter> {
    let mut chosen: Vec<&Songwriter> = Vec::with_capacity(count);
    // Nearly every work has a controlled writer; a few wait for one.
    let lead_signed = !dice.percent(2);
    chosen.extend(lead.and_then(|lead| people.get(lead)));
    for _ in 0..200 {
        if chosen.len() == count {
            break;
        }
        if let Some(person) = people.get(dice.low(people.len()))
            && !chosen.iter().any(|other| other.id == person.id)
            && (!chosen.is_empty() || person.signed == lead_signed)
        {
            chosen.push(person);
        }
    }
    chosen
}

/// One alone wrote music and words; two often shared them out.
fn roles(dice: &Dice, count: usize) -> Vec<WriterRole> {
    let any: &[(u64, Option<WriterRole>)] =
        &[(5, Some(WriterRole::ComposerAuthor)), (3, Some(WriterRole::Composer)), (2, Some(WriterRole::Author))];
    match count {
        1 if dice.percent(8) => vec![WriterRole::Composer],
        2 if dice.percent(42) => vec![WriterRole::Composer, WriterRole::Author],
        _ => (0..count).map(|place| dice.weighted(any).filter(|_| place > 0).unwrap_or(WriterRole::ComposerAuthor)).collect(),
    }
}

/// The whole in these proportions, exact to the hundredth: what rounding leaves goes to the largest remainders.
fn apportion(weights: &[u64]) -> Vec<u32> {
    let sum: u64 = weights.iter().sum();
    let parts = weights.iter().map(|weight| {
        let exact = weight * u64::from(WHOLE);
        (exact.checked_div(sum).unwrap_or(0), exact.checked_rem(sum).unwrap_or(0))
    });
    let mut parts: Vec<(usize, u64, u64)> = parts.enumerate().map(|(place, (floor, rest))| (place, floor, rest)).collect();
    let left = u64::from(WHOLE).saturating_sub(parts.iter().map(|(_, floor, _)| floor).sum());
    parts.sort_by_key(|(place, _, rest)| (std::cmp::Reverse(*rest), *place));
    for (_, floor, _) in parts.iter_mut().take(usize::try_from(left).unwrap_or(0)) {
        *floor += 1;
    }
    parts.sort_by_key(|(place, ..)| *place);
    parts.into_iter().filter_map(|(_, share, _)| u32::try_from(share).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proportion_makes_a_whole() {
        assert_eq!(apportion(&[1, 1, 1]), [3334, 3333, 3333]);
        assert_eq!(apportion(&[2, 1]), [6667, 3333]);
        assert_eq!(apportion(&[1, 1, 1, 1, 1, 1]), [1667, 1667, 1667, 1667, 1666, 1666]);
        assert!(PROPORTIONS.iter().copied().flatten().all(|weights| apportion(weights).iter().sum::<u32>() == WHOLE));
        assert!(PROPORTIONS.iter().enumerate().all(|(at, lists)| lists.iter().all(|weights| weights.len() == at + 1)));
    }
}
