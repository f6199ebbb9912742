//! A publisher's own colours as a style sheet.

use serde_json::Value;
use std::fmt::Write as _;

/// Colours a publisher chose, checked to be colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    accent: [u8; 3],
}

/// The house's own green.
impl Default for Brand {
    fn default() -> Self {
        Brand { accent: [0x18, 0x5c, 0x41] }
    }
}

impl Brand {
    /// Reads `{"accent_color": "#185c41"}`; anything that is no colour counts as not chosen.
    pub fn of(branding: &Value) -> Option<Self> {
        let accent = branding.get("accent_color").or_else(|| branding.get("primary_color"))?.as_str()?;
        Some(Brand { accent: colour(accent)? })
    }

    /// Changes when the colours do; part of the sheet's address.
    pub fn version(&self) -> String {
        self.accent.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// `#rrggbb`
    pub fn accent(&self) -> String {
        format!("#{}", self.version())
    }

    /// Black or white, whichever reads better on the accent.
    pub fn accent_ink(&self) -> &'static str {
        // Above this luminance black has the higher contrast ratio (WCAG 2.2).
        if luminance(self.accent) > 0.179 { "#000000" } else { "#ffffff" }
    }

    pub fn sheet(&self) -> String {
        format!(":root{{--accent:{};--accent-ink:{}}}\n", self.accent(), self.accent_ink())
    }
}

fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// Relative luminance, 0 to 1 (WCAG 2.2).
fn luminance([r, g, b]: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_colours_become_a_sheet() {
        for bad in [
            json!({}),
            json!({"accent_color": "red"}),
            json!({"accent_color": "#12345"}),
            json!({"accent_color": "#12345;}"}),
            json!({"accent_color": 7}),
        ] {
            assert_eq!(Brand::of(&bad), None, "{bad}");
        }
        let brand = Brand::of(&json!({"accent_color": "#FFcc00"})).unwrap();
        assert_eq!(brand.sheet(), ":root{--accent:#ffcc00;--accent-ink:#000000}\n");
        assert_eq!(Brand::of(&json!({"primary_color": "#185c41"})).unwrap().accent_ink(), "#ffffff");
    }
}
