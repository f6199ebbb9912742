//! The roles the program works under. They belong to the whole server, not to one database, so
//! they are made here, before the migrations that grant them their rights.
//!
//! Their passwords are derived from `SECRET_KEY`: nothing to configure, nothing to store. Sent to
//! the server is only what it would keep anyway (the SCRAM verifier), so that no statement log
//! ever holds a password.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{
    StartError,
    error::code,
    server::{connect, explain},
};
use crate::{clock::Chance, secret::SecretKey};

/// Work inside one publisher.
pub const APP: &str = "ledgerline_app";
/// People, credentials and sessions.
pub const AUTH: &str = "ledgerline_auth";
/// The directory of publishers, and the job worker.
pub const PLATFORM: &str = "ledgerline_platform";
/// Owns the functions that look across publishers on behalf of the others; nobody logs in as it.
const GATE: &str = "ledgerline_gate";

const POWERLESS: &str = "NOSUPERUSER NOINHERIT NOCREATEDB NOCREATEROLE NOREPLICATION";
/// SCRAM rounds, PostgreSQL's own number.
const ROUNDS: u32 = 4096;

/// One at a time sets up this database.
const LOCK: i64 = 0x4c65_6467_6572; // "Ledger"

/// Waits for its turn however long the others take; the lock goes with the connection.
pub(super) async fn lock(connection: &mut PgConnection) -> Result<(), StartError> {
    sqlx::raw_sql(&format!("set lock_timeout = 0; select pg_advisory_lock({LOCK}); reset lock_timeout")).execute(connection).await?;
    Ok(())
}

/// Makes what [`missing`] names; where the role of `DATABASE_URL` may not, the error has the
/// statements for somebody who may.
pub(super) async fn prepare(owner: &PgConnectOptions, key: &SecretKey) -> Result<(), StartError> {
    let mut connection = connect(owner).await?;
    lock(&mut connection).await?;
    let mut attempts = 0;
    loop {
        let statements = missing(&mut connection, owner, key).await?;
        if statements.is_empty() {
            break;
        }
        let sql = statements.join("\n");
        // One implicit transaction: all of it or nothing.
        match sqlx::raw_sql(&sql).execute(&mut connection).await {
            Ok(_) => break,
            // Another database of the same server is being set up: look again.
            Err(error) if attempts < 5 && is_race(&error) => attempts += 1,
            Err(error) if code(&error).as_deref() == Some("42501") => {
                return Err(StartError::Roles { role: owner.get_username().to_owned(), sql });
            }
            Err(error) => return Err(error.into()),
        }
    }
    connection.close().await?;
    Ok(())
}

/// Duplicate object, unique violation in a catalogue, "tuple concurrently updated".
fn is_race(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("42710" | "23505" | "XX000"))
}

/// The statements that would set the roles right; none when all is well. Logs in as each role to
/// see whether its password is the derived one.
pub async fn missing(connection: &mut PgConnection, owner: &PgConnectOptions, key: &SecretKey) -> Result<Vec<String>, StartError> {
    let mut statements = Vec::new();
    for role in [APP, AUTH, PLATFORM] {
        let right = role_is(connection, role, "rolcanlogin and not rolbypassrls").await?;
        if right == Some(true) && logs_in(owner, role, key).await? {
            continue;
        }
        let verb = if right.is_none() { "CREATE" } else { "ALTER" };
        let verifier = scram_verifier(&key.role_password(role), &Chance::real().bytes());
        let rights = if right == Some(true) { String::new() } else { format!("LOGIN NOBYPASSRLS {POWERLESS} ") };
        statements.push(format!("{verb} ROLE {role} {rights}PASSWORD '{verifier}';"));
    }
    let gate = role_is(connection, GATE, "not rolcanlogin and rolbypassrls").await?;
    if gate != Some(true) {
        let verb = if gate.is_none() { "CREATE" } else { "ALTER" };
        statements.push(format!("{verb} ROLE {GATE} NOLOGIN BYPASSRLS {POWERLESS};"));
    }
    statements.extend(missing_for_owner(connection, gate.is_some()).await?);
    Ok(statements)
}

/// Migrations see all rows, or their checks would pass over rows hidden by row security; and they
/// hand functions over to the gate.
async fn missing_for_owner(connection: &mut PgConnection, has_gate: bool) -> Result<Vec<String>, StartError> {
    let (me, superuser, sees_all): (String, bool, bool) =
        sqlx::query_as("select quote_ident(rolname), rolsuper, rolbypassrls from pg_roles where rolname = current_user")
            .fetch_one(&mut *connection)
            .await?;
    let mut statements = Vec::new();
    if superuser {
        return Ok(statements);
    }
    if !sees_all {
        statements.push(format!("ALTER ROLE {me} BYPASSRLS;"));
    }
    let member = "select pg_has_role(current_user, $1, 'member')";
    if !has_gate || !sqlx::query_scalar(member).bind(GATE).fetch_one(connection).await? {
        statements.push(format!("GRANT {GATE} TO {me};"));
    }
    Ok(statements)
}

/// `None` when there is no such role; else whether it is as powerless as it must be, and `also`.
async fn role_is(connection: &mut PgConnection, role: &str, also: &str) -> Result<Option<bool>, StartError> {
    let powerless = "not (rolsuper or rolinherit or rolcreatedb or rolcreaterole or rolreplication)";
    let question = format!("select {powerless} and {also} from pg_roles where rolname = $1");
    Ok(sqlx::query_scalar(&question).bind(role).fetch_optional(connection).await?)
}

async fn logs_in(owner: &PgConnectOptions, role: &str, key: &SecretKey) -> Result<bool, StartError> {
    let options = login(owner, role, key);
    match PgConnection::connect_with(&options).await {
        Ok(connection) => {
            connection.close().await?;
            Ok(true)
        }
        Err(error) => match code(&error).as_deref() {
            Some("28P01") => Ok(false),
            // The password was right; the migrations grant the right to connect.
            Some("42501") => Ok(true),
            _ => Err(explain(&error, &options)),
        },
    }
}

/// The way in of one of the program's roles.
pub fn login(owner: &PgConnectOptions, role: &str, key: &SecretKey) -> PgConnectOptions {
    owner.clone().username(role).password(&key.role_password(role))
}

/// What PostgreSQL stores for a password, RFC 5803: `SCRAM-SHA-256$rounds:salt$StoredKey:ServerKey`.
fn scram_verifier(password: &str, salt: &[u8; 16]) -> String {
    // PBKDF2 with one block, as SCRAM's `Hi`.
    let mut round = hmac(password.as_bytes(), &[salt.as_slice(), &1_u32.to_be_bytes()].concat());
    let mut salted = round;
    for _ in 1..ROUNDS {
        round = hmac(password.as_bytes(), &round);
        salted.iter_mut().zip(round).for_each(|(byte, other)| *byte ^= other);
    }
    let stored_key = Sha256::digest(hmac(&salted, b"Client Key"));
    let server_key = hmac(&salted, b"Server Key");
    let [salt, stored_key, server_key] = [salt.as_slice(), &stored_key, &server_key].map(|bytes| STANDARD.encode(bytes));
    format!("SCRAM-SHA-256${ROUNDS}:{salt}${stored_key}:{server_key}")
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of every length.
    let keyed = Hmac::<Sha256>::new_from_slice(key);
    keyed.map(|mac| mac.chain_update(message).finalize().into_bytes().into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_is_the_one_postgresql_would_store() {
        // From RFC 7677, section 3: user "user", password "pencil", and this salt.
        let salt: [u8; 16] = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap().try_into().unwrap();
        assert_eq!(
            scram_verifier("pencil", &salt),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
             wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }
}
