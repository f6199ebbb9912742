//! A mail server as small as one can be and still be talked to in SMTP (RFC 5321), which keeps what it takes.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use mailparse::{MailHeaderMap, ParsedMail};
use scraper::{Html, Selector};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub from: String,
    pub subject: String,
    pub message_id: String,
    pub text: String,
    pub html: String,
    /// Every address the HTML part leads to.
    pub links: Vec<String>,
}

/// `reject@…` is an unknown mailbox (550); `defer@…` is put off the first time (451).
#[derive(Clone)]
pub struct Mailbox {
    pub address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    mails: Vec<Mail>,
    put_off: HashSet<String>,
}

impl Mail {
    /// The one link of our own that the mail is about; the same in both parts.
    pub fn link(&self) -> &str {
        let [link] = self.links.as_slice() else { panic!("not one link but {:?}", self.links) };
        assert!(self.text.contains(link), "the text part lacks {link}:\n{}", self.text);
        link
    }
}

impl Mailbox {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mailbox = Self { address: listener.local_addr().unwrap(), kept: Arc::default() };
        let kept = mailbox.kept.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, kept.clone()));
            }
        });
        mailbox
    }

    /// What has arrived for an address, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        self.kept.lock().unwrap().mails.iter().filter(|mail| mail.to == address).cloned().collect()
    }
}

async fn converse(stream: TcpStream, kept: Arc<Mutex<Kept>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.test ready\r\n").await?;
    let mut recipients = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned(),
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let answer = opinion(&address, &kept);
                if answer.starts_with("250") {
                    recipients.push(address);
                }
                answer.to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let raw = body(&mut stream).await?;
                let taken = recipients.drain(..).map(|to| parsed(to, &raw));
                kept.lock().unwrap().mails.extend(taken);
                "250 kept".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "MAIL" | "RSET" | "NOOP" => "250 fine".to_owned(),
            _ => "502 not here".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

fn opinion(address: &str, kept: &Mutex<Kept>) -> &'static str {
    match address.split('@').next().unwrap_or_default() {
        "reject" => "550 5.1.1 no such mailbox",
        "defer" if kept.lock().unwrap().put_off.insert(address.to_owned()) => "451 4.7.1 try again later",
        _ => "250 fine",
    }
}

/// Up to the line that is a single dot.
async fn body(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    loop {
        let mut line = Vec::new();
        let ended = stream.read_until(b'\n', &mut line).await? == 0;
        if ended || line == b".\r\n" {
            return Ok(raw);
        }
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn parsed(to: String, raw: &[u8]) -> Mail {
    let message = mailparse::parse_mail(raw).unwrap();
    let header = |name| message.headers.get_first_value(name).unwrap_or_else(|| panic!("a mail without {name}"));
    let html = part(&message, "text/html");
    let anchors = Selector::parse("a[href]").unwrap();
    let document = Html::parse_document(&html);
    let mut links: Vec<String> = document.select(&anchors).filter_map(|a| a.attr("href")).map(str::to_owned).collect();
    links.dedup();
    Mail {
        to,
        from: header("From"),
        subject: header("Subject"),
        message_id: header("Message-ID"),
        text: part(&message, "text/plain"),
        html,
        links,
    }
}

fn part(message: &ParsedMail, kind: &str) -> String {
    let part = message.parts().find(|part| part.ctype.mimetype == kind).unwrap_or_else(|| panic!("a mail without {kind}"));
    part.get_body().unwrap()
}
