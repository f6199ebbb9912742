//! Where a request stands. An error is told by a layer outside every handler, which knows nothing of who asked; the guards
//! leave the shell here, so that the error's page keeps the publisher and its colours.

use super::Shell;
use std::sync::{Arc, OnceLock};

/// Empty until a guard has let somebody in.
#[derive(Debug, Clone, Default)]
pub struct Place(Arc<OnceLock<Shell>>);

impl Place {
    pub fn is(&self, shell: Shell) {
        // The first guard of a request is the one its page belongs to.
        let _ = self.0.set(shell);
    }

    pub fn shell(&self) -> Option<&Shell> {
        self.0.get()
    }
}
