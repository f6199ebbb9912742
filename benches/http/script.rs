//! What the program said, as SQL text: a script for pgbench, and statements for `explain`.

use crate::wire::{Reader, Said, Turn, Value};
use anyhow::{Result, bail};
use std::fmt::Write;
use time::{Date, Duration, Month, OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// A script of what a page waits for, over the same round trips, and one more that ends the transaction.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub text: String,
    /// Values too long or too odd for a script's own text; `-D name=value`.
    pub variables: Vec<(String, String)>,
    pub options: String,
}

impl Script {
    /// Several statements in one round trip are a pipeline, because pgbench prepares each statement by itself.
    pub fn of(turns: &[Turn]) -> Result<Self> {
        let mut script = Self::default();
        for turn in turns.iter().filter(|turn| !turn.tidies()) {
            script.options.clone_from(&turn.options);
            let mut commands = Vec::new();
            for said in &turn.said {
                match said {
                    Said::Simple(text) => commands.extend(statements(text).into_iter().map(|statement| script.shield(statement))),
                    Said::Execute { sql, values } => commands.push(script.bind(sql, values)?),
                    Said::Prepare => {}
                }
            }
            let pipeline = commands.len() > 1;
            if pipeline {
                script.text.push_str("\\startpipeline\n");
            }
            for command in commands {
                writeln!(script.text, "{command};")?;
            }
            if pipeline {
                script.text.push_str("\\endpipeline\n");
            }
        }
        script.text.push_str("rollback;\n");
        Ok(script)
    }

    /// pgbench would take the `:30` of a time for a variable of its own; so the time becomes one.
    fn shield(&mut self, statement: &str) -> String {
        let mut shielded = String::with_capacity(statement.len());
        for (place, part) in statement.split('\'').enumerate() {
            match place % 2 {
                0 => shielded.push_str(part),
                _ if part.contains(':') => shielded.push_str(&self.variable(part.to_owned())),
                _ => shielded.extend(["'", part, "'"]),
            }
        }
        shielded
    }

    fn variable(&mut self, value: String) -> String {
        let name = format!("v{}", self.variables.len());
        let variable = format!(":{name}");
        self.variables.push((name, value));
        variable
    }

    /// `$1` becomes `:v7::uuid`, which pgbench makes a parameter of again.
    fn bind(&mut self, sql: &str, values: &[Value]) -> Result<String> {
        let mut names = Vec::new();
        for value in values {
            let kind = kind(value.kind)?;
            names.push(match &value.bytes {
                None => format!("null::{kind}"),
                Some(bytes) => format!("{}::{kind}", self.variable(text(value.kind, bytes)?)),
            });
        }
        Ok(fill(sql, &names))
    }
}

/// Types and literals of values, for `prepare` and `execute`.
pub fn literals(values: &[Value]) -> Result<(Vec<&'static str>, Vec<String>)> {
    let kinds = values.iter().map(|value| kind(value.kind)).collect::<Result<_>>()?;
    let literal = |value: &Value| match &value.bytes {
        None => Ok("null".to_owned()),
        Some(bytes) => Ok(format!("'{}'", text(value.kind, bytes)?.replace('\'', "''"))),
    };
    Ok((kinds, values.iter().map(literal).collect::<Result<_>>()?))
}

/// The statements of a simple message; quotes are respected.
pub fn statements(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let split = text.split(|c| {
        quoted ^= c == '\'';
        c == ';' && !quoted
    });
    split.map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

/// Puts `names` in the places of `$1`, `$2` …
fn fill(sql: &str, names: &[String]) -> String {
    let mut filled = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, behind) = after.split_at(digits);
        let name = number.parse::<usize>().ok().and_then(|number| names.get(number.checked_sub(1)?));
        match name {
            Some(name) => filled.push_str(name),
            None => filled.extend(["$", number]),
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

fn kind(oid: u32) -> Result<&'static str> {
    Ok(match oid {
        16 => "bool",
        17 => "bytea",
        20 => "int8",
        23 => "int4",
        25 => "text",
        1009 => "text[]",
        1082 => "date",
        1184 => "timestamptz",
        2950 => "uuid",
        2951 => "uuid[]",
        _ => bail!("a page sends a value of type {oid}, which this bench does not know yet"),
    })
}

fn text(oid: u32, bytes: &[u8]) -> Result<String> {
    let mut bytes = Reader(bytes);
    Ok(match oid {
        16 => (bytes.array::<1>()? == [1]).to_string(),
        17 => bytes.0.iter().fold("\\x".to_owned(), |hex, byte| hex + &format!("{byte:02x}")),
        20 => i64::from_be_bytes(bytes.array()?).to_string(),
        23 => i32::from_be_bytes(bytes.array()?).to_string(),
        1082 => {
            let first = Date::from_calendar_date(2000, Month::January, 1)?;
            (first + Duration::days(i64::from(i32::from_be_bytes(bytes.array()?)))).to_string()
        }
        1184 => {
            let first = OffsetDateTime::from_unix_timestamp(946_684_800)?;
            (first + Duration::microseconds(i64::from_be_bytes(bytes.array()?))).format(&Rfc3339)?
        }
        2950 => Uuid::from_slice(bytes.0)?.to_string(),
        1009 | 2951 => array(&mut bytes)?,
        _ => std::str::from_utf8(bytes.0)?.to_owned(),
    })
}

/// Dimensions, a flag for nulls, the type; then length and lower bound of the one dimension, and the values.
fn array(bytes: &mut Reader<'_>) -> Result<String> {
    let (dimensions, _nulls, kind) = (bytes.int32()?, bytes.int32()?, bytes.int32()?);
    if dimensions == 0 {
        return Ok("{}".to_owned());
    }
    let (count, _first) = (bytes.int32()?, bytes.int32()?);
    let mut values = Vec::new();
    for _ in 0..count {
        let length = bytes.int32()? as usize;
        let value = text(kind, bytes.bytes(length)?)?;
        values.push(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")));
    }
    Ok(format!("{{{}}}", values.join(",")))
}
