//! A text as a QR code, drawn by the page itself: nobody else sees what is in it.

use crate::error::Result;
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;

/// Light modules that readers want around the code (ISO/IEC 18004).
const QUIET: i32 = 4;

/// A square of so many modules a side, the quiet zone among them, and the dark ones as the path of an SVG.
pub struct Picture {
    pub side: i32,
    pub dark: String,
}

pub fn draw(text: &str) -> Result<Picture> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(anyhow::Error::new)?;
    let mut dark = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let mut run = 0;
            while code.get_module(x + run, y) {
                run += 1; // beyond the edge all is light
            }
            if run > 0 {
                let _ = write!(dark, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Ok(Picture { side: code.size() + 2 * QUIET, dark })
}
