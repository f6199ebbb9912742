use std::fmt::{Debug, Display};

use proptest::prelude::*;

use super::*;

const VECTORS: &str = include_str!("../../../tests/fixtures/check_digit_vectors.csv");

fn normalised<T: FromStr<Err = NoNumber> + Into<String>>(typed: &str) -> Option<String> {
    typed.parse::<T>().ok().map(Into::into)
}

#[test]
fn every_vector_has_its_result() {
    let mut vectors = csv::Reader::from_reader(VECTORS.as_bytes());
    let mut seen = 0;
    for row in vectors.records().map(Result::unwrap) {
        let (kind, typed, valid) = (&row[0], &row[1], &row[2] == "1");
        let found = match kind {
            "ipi_name" => normalised::<IpiName>(typed),
            "ipi_base" => normalised::<IpiBase>(typed),
            "iswc" => normalised::<Iswc>(typed),
            "isrc" => normalised::<Isrc>(typed),
            "isni" => normalised::<Isni>(typed),
            "ean" => normalised::<Ean>(typed),
            other => panic!("no number of kind {other}"),
        };
        assert_eq!(found, valid.then(|| row[3].to_owned()), "{kind} {typed:?}: {}", &row[5]);
        seen += 1;
    }
    assert_eq!(seen, 399);
}

#[test]
fn prints_what_people_know() {
    fn printed<T: FromStr<Err: Debug> + Display>(typed: &str) -> String {
        typed.parse::<T>().unwrap().to_string()
    }
    assert_eq!(printed::<IpiName>("14107338"), "00014107338");
    assert_eq!(printed::<IpiBase>("I0000002297"), "I-000000229-7");
    assert_eq!(printed::<Iswc>("T0345246801"), "T-034.524.680-1");
    assert_eq!(printed::<Isrc>("usskg1912345"), "US-SKG-19-12345");
    assert_eq!(printed::<Isni>("000000012146438x"), "0000 0001 2146 438X");
    assert_eq!(printed::<Ean>("634479663338"), "0634479663338");
}

#[test]
fn an_unlisted_prefix_can_be_insisted_on() {
    assert_eq!("EU-EDD-01-04484".parse::<Isrc>(), Err(NoNumber::Prefix));
    let isrc = Isrc::of_any_prefix("EU-EDD-01-04484").unwrap();
    assert_eq!(serde_json::from_str::<Isrc>(&serde_json::to_string(&isrc).unwrap()).unwrap(), isrc);
}

#[test]
fn the_word_isrc_is_not_taken_from_a_code_of_iceland() {
    assert_eq!(normalised::<Isrc>("ISRC11234567"), Some("ISRC11234567".to_owned()));
    assert_eq!(normalised::<Isrc>("ISRC ISRC11234567"), Some("ISRC11234567".to_owned()));
}

#[test]
fn zeros_stand_for_no_number() {
    assert!("0".parse::<IpiName>().unwrap().stands_for_none());
    assert!(!"199".parse::<IpiName>().unwrap().stands_for_none());
}

#[test]
fn says_what_is_wrong() {
    let said = |typed: &str| typed.parse::<Iswc>().unwrap_err().to_string();
    assert_eq!(said("0345246801"), "is not an ISWC; that is the letter T and ten digits, such as T-034.524.680-1");
    assert_eq!(said("T0345246802"), "is mistyped: its check digit does not fit the other digits of this ISWC");
}

/// The number made of `body` and whatever ending the check accepts.
fn completed<T: FromStr>(body: &str, endings: impl Iterator<Item = String>) -> String {
    endings.map(|ending| format!("{body}{ending}")).find(|number| number.parse::<T>().is_ok()).unwrap()
}

fn with_other_digit(number: &str, at: usize, step: u8) -> String {
    let mut bytes = number.as_bytes().to_vec();
    bytes[at] = b'0' + (bytes[at] - b'0' + step) % 10;
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn a_wrong_digit_in_an_ipi_name_number_is_seen(body in "[0-9]{9}", at in 0_usize..11, step in 1_u8..10) {
        let number = completed::<IpiName>(&body, (0..100).map(|n| format!("{n:02}")));
        prop_assert!(with_other_digit(&number, at, step).parse::<IpiName>().is_err());
    }

    /// Weights 1, 3, 7 and 9 share no factor with 10; the check digit itself has none.
    #[test]
    fn a_wrong_digit_of_odd_weight_in_an_iswc_is_seen(
        body in "T[0-9]{9}", at in prop::sample::select(vec![1_usize, 3, 7, 9, 10]), step in 1_u8..10,
    ) {
        let number = completed::<Iswc>(&body, (0..10).map(|n| n.to_string()));
        prop_assert!(with_other_digit(&number, at, step).parse::<Iswc>().is_err());
        let base = completed::<IpiBase>(&body.replace('T', "I"), (0..10).map(|n| n.to_string()));
        prop_assert!(with_other_digit(&base, at, step).parse::<IpiBase>().is_err());
    }

    #[test]
    fn a_wrong_digit_in_an_isni_is_seen(body in "[0-9]{15}", at in 0_usize..15, step in 1_u8..10) {
        let number = completed::<Isni>(&body, (0..10).map(|n| n.to_string()).chain(["X".to_owned()]));
        prop_assert!(with_other_digit(&number, at, step).parse::<Isni>().is_err());
    }

    #[test]
    fn a_wrong_digit_in_an_ean_is_seen(body in "[0-9]{12}", at in 0_usize..13, step in 1_u8..10) {
        let number = completed::<Ean>(&body, (0..10).map(|n| n.to_string()));
        prop_assert!(with_other_digit(&number, at, step).parse::<Ean>().is_err());
    }

    #[test]
    fn any_text_gets_an_answer_and_what_is_printed_is_read_again(text in any::<String>(), near in "[TIit0-9 .-]{8,18}") {
        for typed in [text, near] {
            if let Ok(number) = typed.parse::<IpiName>() { prop_assert_eq!(number.to_string().parse(), Ok(number)); }
            if let Ok(number) = typed.parse::<IpiBase>() { prop_assert_eq!(number.to_string().parse(), Ok(number)); }
            if let Ok(number) = typed.parse::<Iswc>() { prop_assert_eq!(number.to_string().parse(), Ok(number)); }
            if let Ok(number) = typed.parse::<Isrc>() { prop_assert_eq!(number.to_string().parse(), Ok(number)); }
            if let Ok(number) = typed.parse::<Isni>() { prop_assert_eq!(number.to_string().parse(), Ok(number)); }
            if let Ok(number) = typed.parse::<Ean>() { prop_assert_eq!(number.to_string().parse(), Ok(number)); }
        }
    }
}
