//! Recovery codes: ten of 120 bits, for the day the phone is gone. Shown once, kept as hashes, each works once.

use crate::{access::Identity, clock::Chance, error::Result};
use base32::Alphabet;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many a set has.
pub const CODES: usize = 10;
/// From so few left on, the person is warned.
pub const FEW: i64 = 3;
/// Bytes of a code; a plain hash is enough from 112 bits on (ASVS 6.5.2).
const BYTES: usize = 15;
/// Letters of a code, five bits each.
const LETTERS: usize = BYTES * 8 / 5;

/// Makes a new set; the codes of the set before work no more. The only time they can be read.
pub async fn renew(door: &mut Identity, user: Uuid) -> Result<Vec<String>> {
    let (now, chance) = (door.now(), door.moments.chance.clone());
    let codes: Vec<[u8; BYTES]> = (0..CODES).map(|_| new(&chance)).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| hash(code).to_vec()).collect();
    sqlx::query!("delete from recovery_codes where user_id = $1", user).execute(door.db()).await?;
    sqlx::query!(
        "insert into recovery_codes (user_id, code_hash, created_at) select $1, hash, $3 from unnest($2::bytea[]) hash",
        user,
        &hashes,
        now
    )
    .execute(door.db())
    .await?;
    Ok(codes.iter().map(printed).collect())
}

/// Uses up a code. Answers whether it was one, and unused.
pub async fn spend(door: &mut Identity, user: Uuid, typed: &str) -> Result<bool> {
    let Some(code) = read(typed) else { return Ok(false) };
    let now = door.now();
    let won = sqlx::query!(
        "update recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null",
        user,
        &hash(&code)[..],
        now
    )
    .execute(door.db())
    .await?
    .rows_affected();
    Ok(won == 1)
}

/// How many are left.
pub async fn left(door: &mut Identity, user: Uuid) -> Result<i64> {
    let left = sqlx::query_scalar!(r#"select count(*) as "left!" from recovery_codes where user_id = $1 and used_at is null"#, user);
    Ok(left.fetch_one(door.db()).await?)
}

/// When the set was made; none when there is none.
pub async fn made_at(door: &mut Identity, user: Uuid) -> Result<Option<OffsetDateTime>> {
    Ok(sqlx::query_scalar!("select max(created_at) from recovery_codes where user_id = $1", user).fetch_one(door.db()).await?)
}

/// Are all of these codes of the person's own set?
pub async fn are_theirs(door: &mut Identity, user: Uuid, codes: &[&str]) -> Result<bool> {
    let hashes: Vec<Vec<u8>> = codes.iter().filter_map(|code| read(code)).map(|code| hash(&code).to_vec()).collect();
    let known = sqlx::query_scalar!(
        r#"select count(*) as "known!" from recovery_codes where user_id = $1 and code_hash = any ($2)"#,
        user,
        &hashes
    );
    Ok(usize::try_from(known.fetch_one(door.db()).await?).is_ok_and(|known| known > 0 && known == codes.len()))
}

/// Takes them away with the last factor they stood in for.
pub async fn remove(door: &mut Identity, user: Uuid) -> Result<()> {
    sqlx::query!("delete from recovery_codes where user_id = $1", user).execute(door.db()).await?;
    Ok(())
}

fn new(chance: &Chance) -> [u8; BYTES] {
    chance.bytes()
}

fn hash(code: &[u8; BYTES]) -> [u8; 32] {
    Sha256::digest(code).into()
}

/// "K7Q2F0-3M9XTB-…": Crockford's letters, which are hard to mistake for one another.
fn printed(code: &[u8; BYTES]) -> String {
    let text = base32::encode(Alphabet::Crockford, code);
    let groups: Vec<&str> = text.as_bytes().chunks(6).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join("-")
}

/// A code however it was typed: small letters, spaces, O for 0.
fn read(typed: &str) -> Option<[u8; BYTES]> {
    let bare: String = typed.chars().filter(|c| c.is_ascii_alphanumeric()).take(LETTERS + 1).collect();
    if bare.len() != LETTERS {
        return None; // the decoder would pass over a letter too many
    }
    base32::decode(Alphabet::Crockford, &bare)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = new(&Chance::seeded(4));
        let text = printed(&code);
        assert_eq!(text.len(), 27);
        assert_eq!(read(&text), Some(code));
        assert_eq!(read(&text.to_lowercase().replace('-', " ")), Some(code));
        assert_eq!(read(&text.replace('0', "o").replace('1', "l")), Some(code));
        for bad in ["", "123456", &text[..26], &format!("{text}0"), "ůůůů"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
