//! Where the program that serves a data directory listens: noted there for commands that print links.

use crate::config::{PublicUrl, Settings};
use anyhow::Result;
use std::{
    fs, io,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

/// A program on this machine answers at once.
const PATIENCE: Duration = Duration::from_millis(500);

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("port")
}

/// The note of a program that serves; gone with it.
pub(super) struct Note {
    file: PathBuf,
    port: u16,
}

impl Note {
    /// Leaves the note. Without a data directory there is nowhere to leave one, and no command that would look.
    pub fn leave(data_dir: &Path, port: u16) -> Option<Self> {
        let file = file(data_dir);
        match fs::write(&file, port.to_string()) {
            Ok(()) => Some(Note { file, port }),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%error, "the port was not noted; links that commands print may need PUBLIC_URL");
                None
            }
        }
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        // Another program may have left its own since.
        if fs::read_to_string(&self.file).is_ok_and(|noted| noted == self.port.to_string()) {
            let _ = fs::remove_file(&self.file);
        }
    }
}

/// The port of the note, if something listens there: a killed program leaves its note behind.
fn noted_port(data_dir: &Path) -> Option<u16> {
    let port = fs::read_to_string(file(data_dir)).ok()?.trim().parse().ok()?;
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), PATIENCE).ok().map(|_| port)
}

/// The address for links, and what the person has to know when it is a guess.
///
/// # Errors
/// When there is none without `PUBLIC_URL`.
pub(super) fn public_url(settings: &Settings) -> Result<(PublicUrl, Option<String>)> {
    if let Some(port) = noted_port(&settings.data_dir) {
        return Ok((settings.public_url(port)?, None));
    }
    let port = settings.listen_addr.port;
    let url = settings.public_url(port)?;
    let guess = (!settings.has_public_url())
        .then(|| format!("No running program was found, so port {port} is assumed; set PUBLIC_URL or LISTEN_ADDR if it will be another."));
    Ok((url, guess))
}
