//! A socket between the program and the server that writes down every word the program says: what was sent in which
//! round trip, on which connection, with which values. Exact, where a log would be an opinion.

use anyhow::{Context, Result, bail};
use std::{
    collections::HashMap,
    fs,
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// One round trip: all that was said before the program waited for the server.
#[derive(Debug, Clone)]
pub struct Turn {
    connection: usize,
    pub role: String,
    /// The settings the connection began with, as libpq takes them in `PGOPTIONS`.
    pub options: String,
    pub said: Vec<Said>,
}

impl Turn {
    /// Gives a connection back as it was: what was open is rolled back, and the server is asked whether it is there.
    /// The page is on its way by then, or does not wait.
    pub fn tidies(&self) -> bool {
        match self.said.as_slice() {
            [] => true,
            [Said::Simple(text)] => text.to_lowercase().starts_with("rollback"),
            _ => false,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Said {
    /// The simple protocol: one or more statements as text.
    Simple(String),
    /// A prepared statement with its values.
    Execute { sql: String, values: Vec<Value> },
    /// Preparing, which a connection does once for each statement.
    Prepare,
}

/// A value as it was sent.
#[derive(Debug, Clone)]
pub struct Value {
    /// OID of its type.
    pub kind: u32,
    /// In binary form; none for null.
    pub bytes: Option<Vec<u8>>,
}

type Turns = Arc<Mutex<Vec<Turn>>>;

/// Listens in a directory of its own, under the same name as the server's socket.
pub struct Tap {
    pub dir: PathBuf,
    turns: Turns,
}

impl Tap {
    pub fn open(dir: PathBuf, server: &Path) -> Result<Self> {
        fs::create_dir_all(&dir)?;
        let name = server.file_name().context("the server's socket has no name")?;
        let listener = UnixListener::bind(dir.join(name)).context("cannot listen beside the server")?;
        let (turns, server) = (Turns::default(), server.to_owned());
        let said = turns.clone();
        // Ends with the process: there is nothing to tidy up but the directory.
        thread::spawn(move || {
            for (connection, client) in listener.incoming().enumerate() {
                let Ok(client) = client else { return };
                let Ok(upstream) = UnixStream::connect(&server) else { return };
                let said = said.clone();
                thread::spawn(move || relay(connection, client, upstream, &said));
            }
        });
        Ok(Self { dir, turns })
    }

    /// What was said since the last call; each connection's turns together, in the order in which they began to speak.
    pub fn take(&self) -> Vec<Turn> {
        let mut turns = std::mem::take(&mut *self.turns.lock().unwrap_or_else(PoisonError::into_inner));
        let mut order: Vec<usize> = Vec::new();
        for turn in &turns {
            if !order.contains(&turn.connection) {
                order.push(turn.connection);
            }
        }
        turns.sort_by_key(|turn| order.iter().position(|connection| *connection == turn.connection));
        turns
    }
}

fn relay(connection: usize, client: UnixStream, server: UnixStream, turns: &Turns) {
    let (Ok(mut answers), Ok(mut back)) = (server.try_clone(), client.try_clone()) else { return };
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    // An error is the end of the connection, whichever side went.
    let _ = Listener { connection, turns, role: String::new(), options: String::new(), prepared: HashMap::new(), saying: Vec::new() }
        .follow(client, &server);
    let _ = server.shutdown(Shutdown::Both);
}

struct Listener<'a> {
    connection: usize,
    turns: &'a Turns,
    role: String,
    options: String,
    /// Statements by name, with the types of their values.
    prepared: HashMap<String, (String, Vec<u32>)>,
    saying: Vec<Said>,
}

impl Listener<'_> {
    fn follow(mut self, mut client: UnixStream, mut server: &UnixStream) -> Result<()> {
        let start = message(&mut client, 0)?;
        self.greet(start.get(4..).unwrap_or_default())?;
        server.write_all(&start)?;
        loop {
            let message = message(&mut client, 1)?;
            // Before it is passed on, so that nothing is missing once the answer has arrived.
            if let Some((&kind, body)) = message.split_first() {
                self.hear(kind, body.get(4..).unwrap_or_default())?;
            }
            server.write_all(&message)?;
        }
    }

    fn greet(&mut self, body: &[u8]) -> Result<()> {
        let mut body = Reader(body);
        let protocol = body.int32()?;
        if protocol >> 16 != 3 {
            bail!("expected a start-up message, and no encryption");
        }
        loop {
            match (body.text()?.as_str(), &mut *self) {
                ("", _) => return Ok(()),
                ("user", it) => it.role = body.text()?,
                ("options", it) => it.options = body.text()?,
                _ => drop(body.text()?),
            }
        }
    }

    fn hear(&mut self, kind: u8, body: &[u8]) -> Result<()> {
        let mut body = Reader(body);
        match kind {
            b'Q' => {
                self.saying.push(Said::Simple(body.text()?));
                self.end_turn();
            }
            b'P' => {
                let (name, sql) = (body.text()?, body.text()?);
                let count = body.int16()?;
                let kinds = (0..count).map(|_| body.int32()).collect::<Result<_>>()?;
                self.prepared.insert(name, (sql, kinds));
                self.saying.push(Said::Prepare);
            }
            b'B' => {
                let said = self.bound(&mut body)?;
                self.saying.push(said);
            }
            b'S' => self.end_turn(),
            _ => {}
        }
        Ok(())
    }

    fn bound(&self, body: &mut Reader<'_>) -> Result<Said> {
        let (_portal, name) = (body.text()?, body.text()?);
        let (sql, kinds) = self.prepared.get(&name).context("a statement that was never prepared")?;
        let formats = body.int16()?;
        for _ in 0..formats {
            if body.int16()? != 1 {
                bail!("expected values in binary form");
            }
        }
        let count = body.int16()?;
        let mut values = Vec::new();
        for place in 0..usize::from(count) {
            let length = body.int32()?;
            let bytes = if length == u32::MAX { None } else { Some(body.bytes(length as usize)?.to_vec()) };
            values.push(Value { kind: kinds.get(place).copied().unwrap_or(0), bytes });
        }
        Ok(Said::Execute { sql: sql.clone(), values })
    }

    fn end_turn(&mut self) {
        let turn = Turn {
            connection: self.connection,
            role: self.role.clone(),
            options: self.options.clone(),
            said: std::mem::take(&mut self.saying),
        };
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push(turn);
    }
}

/// One message, whole: `tag` bytes of kind, four of length, and the rest.
fn message(from: &mut UnixStream, tag: usize) -> Result<Vec<u8>> {
    let mut message = vec![0; tag + 4];
    from.read_exact(&mut message)?;
    let length = Reader(message.get(tag..).unwrap_or_default()).int32()? as usize;
    message.resize(tag + length.max(4), 0);
    from.read_exact(message.get_mut(tag + 4..).unwrap_or_default())?;
    Ok(message)
}

/// Reads what PostgreSQL writes: big-endian numbers, and texts that end with a zero.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count).context("a message was cut short")?;
        self.0 = rest;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.bytes(N)?.try_into()?)
    }

    pub fn int16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn int32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String> {
        let end = self.0.iter().position(|byte| *byte == 0).context("a text without an end")?;
        let text = String::from_utf8_lossy(self.bytes(end)?).into_owned();
        self.bytes(1)?;
        Ok(text)
    }
}
