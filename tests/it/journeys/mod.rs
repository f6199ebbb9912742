//! Journeys through a real browser, once with JavaScript and once without.
//!
//! They need `chromium` and `chromedriver` on the PATH. Where those are missing each journey says on stderr that it was
//! left out, and passes; with `REQUIRE_BROWSER=1`, as in CI, it fails.

mod chromium;
mod invitation;

use chromium::Chromium;
