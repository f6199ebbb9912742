//! A process of its own that stops the server when all users are gone, killed ones included.

use std::{
    fs, io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::{Account, ServerDir, StartError, THROWAWAY, clusters, existing_lock_file, lock_file};

/// Starts `program pg-watchdog ROOT LINGER_MS` unless one watches already. The caller holds the
/// start lock.
pub(super) fn spawn(program: &Path, root: &Path, linger: Duration) -> Result<(), StartError> {
    let lock = lock_file(root, "watchdog.lock")?;
    if lock.try_lock().is_err() {
        return Ok(());
    }
    drop(lock);
    let started = Command::new(program)
        .arg("pg-watchdog")
        .arg(root)
        .arg(linger.as_millis().to_string())
        // Settings are not its business, and a malformed one must not keep it from starting.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is for the program, not for its watchdog.
        .process_group(0)
        .spawn();
    started.map(drop).map_err(|reason| StartError::file("start the watchdog", program, &reason))
}

/// Body of the hidden command `pg-watchdog`: waits, without polling, until nobody uses the cluster
/// below `root`, lingers, and stops it unless somebody came. Ends when the server is stopped.
pub fn watch(root: &Path, linger: Duration) -> Result<(), StartError> {
    let fail = |reason: io::Error| StartError::file("lock", root, &reason);
    let Some(watchdog) = existing_lock_file(root, "watchdog.lock")? else { return Ok(()) };
    if watchdog.try_lock().is_err() {
        return Ok(());
    }
    loop {
        let Some(users) = existing_lock_file(root, "users.lock")? else { return Ok(()) };
        users.lock().map_err(fail)?;
        drop(users);
        thread::sleep(linger);
        let Some(start) = existing_lock_file(root, "start.lock")? else { return Ok(()) };
        start.lock().map_err(fail)?;
        // Opened anew: the directory may have been deleted and made again meanwhile.
        let Some(users) = existing_lock_file(root, "users.lock")? else { return Ok(()) };
        if users.try_lock().is_err() {
            continue;
        }
        let throwaway = root.join(THROWAWAY).exists();
        for (_, dir) in clusters(root) {
            let account = Account::choose(Some(&dir))?;
            ServerDir::new(dir.clone(), account, throwaway).stop()?;
            if throwaway {
                fs::remove_dir_all(&dir).map_err(|reason| StartError::file("remove", &dir, &reason))?;
            }
        }
        // Before the start lock, so that the next starter finds the place of the watchdog free.
        drop(watchdog);
        drop(start);
        return Ok(());
    }
}
