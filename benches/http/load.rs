//! Browsers: plain HTTP/1.1 over kept-alive connections, one thread each, which asks again as soon as it has its answer.

use anyhow::{Context, Result, bail};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Barrier},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Longer than the program lets any request take.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

/// One kept-alive connection.
pub struct Browser {
    stream: TcpStream,
    /// The answer, and room behind it.
    buffer: Vec<u8>,
}

impl Browser {
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; 128 * 1024] })
    }

    pub fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        let (status, head, body) = self.exchange(request)?;
        let text = self.buffer.get(..head).unwrap_or_default();
        let head_text = std::str::from_utf8(text)?.to_owned();
        let raw = self.buffer.get(head..head + body).unwrap_or_default();
        let chunked = header(&head_text, "transfer-encoding").is_some();
        let body = if chunked { unchunked(raw) } else { raw.to_vec() };
        Ok(Answer { status, head: head_text, body })
    }

    /// Sends, and reads a whole answer: its status, and the lengths of its head and body in the buffer.
    fn exchange(&mut self, request: &[u8]) -> Result<(u16, usize, usize)> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let mut head = None;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self.stream.read(self.buffer.get_mut(filled..).unwrap_or_default())?;
            if read == 0 {
                bail!("the program closed a connection in the middle of an answer");
            }
            filled += read;
            let answer = self.buffer.get(..filled).unwrap_or_default();
            if head.is_none() {
                head = read_head(answer)?;
            }
            let Some((status, length, ends)) = head else { continue };
            let body = answer.get(length..).unwrap_or_default();
            let whole = match ends {
                Length::Known(length) => body.len() >= length,
                Length::Chunked => is_last_chunk(body),
            };
            if whole {
                return Ok((status, length, body.len()));
            }
        }
    }
}

/// How the body of an answer ends.
#[derive(Clone, Copy)]
enum Length {
    Known(usize),
    Chunked,
}

fn read_head(buffer: &[u8]) -> Result<Option<(u16, usize, Length)>> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(buffer.get(..end).unwrap_or_default())?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("an answer without a status")?;
    let length = match header(head, "content-length") {
        Some(length) => Length::Known(length.parse()?),
        None if header(head, "transfer-encoding").is_some() => Length::Chunked,
        None => Length::Known(0),
    };
    Ok(Some((status, end + 4, length)))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

/// Walks the chunks: the five bytes that end them may stand anywhere in compressed data.
fn is_last_chunk(mut body: &[u8]) -> bool {
    while let Some((size, rest)) = next_chunk(body) {
        if size == 0 {
            return rest.starts_with(b"\r\n");
        }
        let Some(behind) = rest.get(size + 2..) else { return false };
        body = behind;
    }
    false
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some((size, rest)) = next_chunk(body) {
        whole.extend_from_slice(rest.get(..size).unwrap_or_default());
        body = rest.get(size + 2..).unwrap_or_default();
    }
    whole
}

fn next_chunk(body: &[u8]) -> Option<(usize, &[u8])> {
    let end = body.windows(2).position(|two| two == b"\r\n")?;
    let size = usize::from_str_radix(std::str::from_utf8(body.get(..end)?).ok()?, 16).ok()?;
    Some((size, body.get(end + 2..)?))
}

/// What came of asking for a while.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Of each answer, in microseconds.
    pub latencies: Vec<u32>,
    /// Answers that were not 200.
    pub refused: usize,
    pub elapsed: Duration,
}

impl Outcome {
    pub fn join(&mut self, other: Outcome) {
        self.latencies.extend(other.latencies);
        self.refused += other.refused;
        self.elapsed += other.elapsed;
    }

    pub fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that `share` of the answers do not exceed.
    pub fn percentile(&self, share: f64) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let place = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
        Duration::from_micros(sorted.get(place).copied().unwrap_or(0).into())
    }
}

/// Browsers at work; they have begun when this exists.
pub struct Load {
    threads: Vec<JoinHandle<Result<Outcome>>>,
    begun: Instant,
}

impl Load {
    /// Each connection is opened and has asked once before the time begins.
    pub fn begin(address: SocketAddr, request: &[u8], connections: usize, length: Duration) -> Self {
        let start = Arc::new(Barrier::new(connections + 1));
        let threads = (0..connections).map(|_| {
            let (request, start) = (request.to_owned(), start.clone());
            thread::spawn(move || {
                let opened = Browser::open(address).and_then(|mut browser| browser.exchange(&request).map(|_| browser));
                start.wait();
                browse(&mut opened?, &request, length)
            })
        });
        let threads = threads.collect();
        start.wait();
        Self { threads, begun: Instant::now() }
    }

    pub fn end(self) -> Result<Outcome> {
        let mut all = Outcome::default();
        for thread in self.threads {
            let one = thread.join().map_err(|_| anyhow::anyhow!("a browser panicked"))??;
            all.latencies.extend(one.latencies);
            all.refused += one.refused;
        }
        all.elapsed = self.begun.elapsed();
        Ok(all)
    }
}

fn browse(browser: &mut Browser, request: &[u8], length: Duration) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let end = Instant::now() + length;
    let mut asked = Instant::now();
    while asked < end {
        let (status, ..) = browser.exchange(request)?;
        let answered = Instant::now();
        outcome.latencies.push(u32::try_from((answered - asked).as_micros()).unwrap_or(u32::MAX));
        outcome.refused += usize::from(status != 200);
        asked = answered;
    }
    Ok(outcome)
}
