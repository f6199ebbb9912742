//! Bytes to characters.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

use super::{MAX_BYTES, Unreadable};

/// How the bytes of a file stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// With or without a byte order mark.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// "Unicode text" of Windows programs.
    #[serde(rename = "UTF-16LE")]
    Utf16Le,
    /// The same the other way round.
    #[serde(rename = "UTF-16BE")]
    Utf16Be,
    /// Western European Windows, taken for whatever is not Unicode.
    #[serde(rename = "Windows-1252")]
    Windows1252,
}

impl Encoding {
    /// "UTF-8"
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1252 => "Windows-1252",
        }
    }

    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xFF, 0xFE, ..] => Self::Utf16Le,
            [0xFE, 0xFF, ..] => Self::Utf16Be,
            _ => Self::by_zeros(bytes).unwrap_or(if std::str::from_utf8(bytes).is_ok() { Self::Utf8 } else { Self::Windows1252 }),
        }
    }

    /// UTF-16 without a mark: in a table of mostly Latin letters every other byte is zero.
    fn by_zeros(bytes: &[u8]) -> Option<Self> {
        let (pairs, _) = bytes.as_chunks::<2>();
        let sample = pairs.iter().take(2_000);
        let count = |test: fn(&[u8; 2]) -> bool| sample.clone().filter(|pair| test(pair)).count();
        let (little, big) = (count(|pair| matches!(pair, [1..=255, 0])), count(|pair| matches!(pair, [0, 1..=255])));
        let most = |zeros: usize, others: usize| zeros * 2 > sample.len() && others * 20 < zeros;
        if most(little, big) {
            Some(Self::Utf16Le)
        } else if most(big, little) {
            Some(Self::Utf16Be)
        } else {
            None
        }
    }
}

/// The text of a file without its byte order mark, and how it was read. What cannot be decoded becomes U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, Encoding), Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge);
    }
    refuse_other_files(bytes)?;
    let encoding = Encoding::of(bytes);
    let text = match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(bytes),
        Encoding::Utf16Le => UTF_16LE.decode_without_bom_handling(bytes).0,
        Encoding::Utf16Be => UTF_16BE.decode_without_bom_handling(bytes).0,
        Encoding::Windows1252 => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    if text.contains('\0') {
        return Err(Unreadable::NotText);
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned();
    Ok((text, encoding))
}

/// Files people choose by mistake, known by their first bytes.
fn refuse_other_files(bytes: &[u8]) -> Result<(), Unreadable> {
    let mentions = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    match bytes {
        [b'P', b'K', 3, 4, ..] if mentions(b"xl/") => Err(Unreadable::ExcelWorkbook),
        [b'P', b'K', 3, 4, ..] | [0x1F, 0x8B, ..] => Err(Unreadable::Packed),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Err(Unreadable::ExcelWorkbook),
        [b'%', b'P', b'D', b'F', b'-', ..] => Err(Unreadable::Pdf),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_encoding() {
        let text = "Title;Notes\nCafé – “ß”;x\n";
        let utf_16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let (little, big) = (utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes));
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Encoding::Utf8),
            ([b"\xFF\xFE", little.as_slice()].concat(), Encoding::Utf16Le),
            ([b"\xFE\xFF", big.as_slice()].concat(), Encoding::Utf16Be),
            (little, Encoding::Utf16Le),
            (big, Encoding::Utf16Be),
            (b"Title;Notes\nCaf\xE9 \x96 \x93\xDF\x94;x\n".to_vec(), Encoding::Windows1252),
        ] {
            assert_eq!(decode(&bytes), Ok((text.to_owned(), encoding)), "{encoding:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_text() {
        assert_eq!(decode(b"PK\x03\x04....xl/workbook.xml"), Err(Unreadable::ExcelWorkbook));
        assert_eq!(decode(b"PK\x03\x04....content.xml"), Err(Unreadable::Packed));
        assert_eq!(decode(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), Err(Unreadable::ExcelWorkbook));
        assert_eq!(decode(b"%PDF-1.7"), Err(Unreadable::Pdf));
        assert_eq!(decode(b"Title\n\x00\x01\x02binary"), Err(Unreadable::NotText));
        assert_eq!(decode(&vec![b'a'; MAX_BYTES + 1]), Err(Unreadable::TooLarge));
    }
}
