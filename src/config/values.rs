//! The kinds of values a setting can have, each read from the text of a flag or variable.
//!
//! Their errors complete the sentence "`VARIABLE`: …".

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// Why a text is not a value of its kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Malformed(pub(super) String);

fn malformed<T>(reason: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(reason.into()))
}

/// Where to listen: a name or an address, and a port; port 0 picks a free one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddr {
    pub host: String,
    pub port: u16,
}

impl ListenAddr {
    /// Whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for ListenAddr {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let wrong = || Malformed("must be host:port, such as 127.0.0.1:3000".into());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare_ipv6 = host.contains(':') && text.parse::<SocketAddr>().is_err();
        if host.is_empty() || bare_ipv6 || host.contains(['/', ' ', '@']) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port: port.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The address people use: scheme, name and port, no path. The only source of links in mails and
/// redirects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// `http://localhost:PORT`; a name rather than an address, because passkeys need one.
    pub fn localhost(port: u16) -> Result<Self, Malformed> {
        format!("http://localhost:{port}").parse()
    }

    /// Without a slash at the end: `https://ledgerline.example`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The name alone; passkeys are bound to it.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The absolute form of a path of ours, which begins with a slash.
    pub fn link(&self, path: &str) -> String {
        self.origin() + path
    }

    /// Whether browsers reach us over TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the name means the visitor's own machine, where browsers trust plain HTTP too.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl FromStr for PublicUrl {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let wrong = "must be an address without a path, such as https://ledgerline.example";
        let url = Url::parse(text).or_else(|_| malformed(wrong))?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.path() == "/"
            && url.username().is_empty()
            && (url.password(), url.query(), url.fragment()) == (None, None, None);
        if plain { Ok(Self(url)) } else { malformed(wrong) }
    }
}

/// A PostgreSQL server, database and role. Never shown whole: it holds a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// A host name, an address, or the directory of a socket (then it begins with a slash).
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: String,
    pub database: String,
    /// `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, as libpq names them.
    pub tls: Vec<(String, String)>,
}

impl FromStr for DatabaseUrl {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let form = "must be postgres://user:password@host:port/database";
        let url = Url::parse(text).or_else(|_| malformed(form))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return malformed(form);
        }
        let plain = |part: &str| {
            let decoded = percent_decode_str(part).decode_utf8();
            decoded.map(|text| text.into_owned()).or_else(|_| malformed("must be UTF-8"))
        };
        let mut parsed = Self {
            host: plain(url.host_str().unwrap_or_default())?,
            port: url.port().unwrap_or(5432),
            user: plain(url.username())?,
            password: plain(url.password().unwrap_or_default())?,
            database: plain(url.path().trim_start_matches('/'))?,
            tls: Vec::new(),
        };
        for (name, value) in url.query_pairs() {
            parsed.set(&name, value.into_owned())?;
        }
        for (part, name) in [(&parsed.host, "the host"), (&parsed.user, "the user"), (&parsed.database, "the database")] {
            if part.is_empty() {
                return malformed(format!("{name} is missing; it {form}"));
            }
        }
        Ok(parsed)
    }
}

impl DatabaseUrl {
    fn set(&mut self, name: &str, value: String) -> Result<(), Malformed> {
        match name {
            "host" => self.host = value,
            "port" => self.port = value.parse().or_else(|_| malformed("port must be a number"))?,
            "user" => self.user = value,
            "password" => self.password = value,
            "dbname" => self.database = value,
            "sslmode" if !SSL_MODES.contains(&value.as_str()) => {
                return malformed(format!("sslmode must be one of {}", SSL_MODES.join(", ")));
            }
            "sslmode" | "sslrootcert" | "sslcert" | "sslkey" => self.tls.push((name.to_owned(), value)),
            _ => return malformed(format!("the parameter {name:?} is not known")),
        }
        Ok(())
    }
}

const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Names the place, leaves the password out.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}:{}", self.database, self.host, self.port)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// A text that is not shown: a URL with a password in it, a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `SMTP_URL`, checked by the library that will use it.
    pub(super) fn smtp_url(text: &str) -> Result<Self, Malformed> {
        type Transport = lettre::AsyncSmtpTransport<lettre::Tokio1Executor>;
        let known_scheme = text.starts_with("smtp://") || text.starts_with("smtps://");
        if known_scheme && Transport::from_url(text).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            malformed("must be smtp://host:port or smtps://user:password@host:port")
        }
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A network, or one address as a network of its own.
pub(super) fn network(text: &str) -> Result<IpNet, Malformed> {
    let text = text.trim();
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.or_else(|_| malformed("must be networks such as 10.0.0.0/8, separated by commas"))
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, Malformed> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => malformed("must be true or false"),
    }
}

/// `DATABASE_MAX_CONNECTIONS`: fewer than six would starve one of the three pools.
pub(super) fn connections(text: &str) -> Result<u32, Malformed> {
    let number = text.parse().ok().filter(|number| (6..=1000).contains(number));
    number.ok_or_else(|| Malformed("must be a number from 6 to 1000".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_address_has_host_and_port() {
        for (text, loopback) in [
            ("127.0.0.1:3000", true),
            ("localhost:0", true),
            ("[::1]:80", true),
            ("0.0.0.0:3000", false),
            ("[::]:3000", false),
            ("ledgerline.example:443", false),
        ] {
            let address: ListenAddr = text.parse().unwrap();
            assert_eq!(address.is_loopback(), loopback, "{text}");
            assert_eq!(address.to_string(), text);
        }
        for text in ["", "3000", ":3000", "localhost", "localhost:x", "localhost:70000", "::1:80", "http://a:1"] {
            assert!(text.parse::<ListenAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_public_address_is_an_origin() {
        let url: PublicUrl = "https://Ledgerline.example/".parse().unwrap();
        assert_eq!(url.origin(), "https://ledgerline.example");
        assert_eq!(url.host(), "ledgerline.example");
        assert_eq!(url.link("/sign-in"), "https://ledgerline.example/sign-in");
        assert!(url.is_https() && !url.is_loopback());
        assert_eq!(PublicUrl::localhost(3000).unwrap().origin(), "http://localhost:3000");
        for text in ["", "ledgerline.example", "ftp://a", "https://a/path", "https://u@a", "https://a?q", "https://a#f"] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_database_address_is_taken_apart() {
        let url: DatabaseUrl = "postgres://me:s%40cret@db.example:5433/ledger?sslmode=verify-full".parse().unwrap();
        assert_eq!((url.host.as_str(), url.port, url.user.as_str()), ("db.example", 5433, "me"));
        assert_eq!((url.password.as_str(), url.database.as_str()), ("s@cret", "ledger"));
        assert_eq!(url.tls, [("sslmode".to_owned(), "verify-full".to_owned())]);
        assert_eq!(format!("{url:?}"), "DatabaseUrl(ledger on db.example:5433)");
    }

    #[test]
    fn a_socket_directory_stands_in_host_or_parameter() {
        for text in ["postgres://me@%2Frun%2Fpg/ledger", "postgresql:///ledger?host=/run/pg&user=me"] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!((url.host.as_str(), url.user.as_str(), url.port), ("/run/pg", "me", 5432));
        }
    }

    #[test]
    fn a_malformed_database_address_says_what_is_wrong() {
        for (text, reason) in [
            ("mysql://me@host/db", "must be postgres://"),
            ("nonsense", "must be postgres://"),
            ("postgres://me@host/", "the database is missing"),
            ("postgres://host/db", "the user is missing"),
            ("postgres://me@host/db?sslmode=maybe", "sslmode must be one of"),
            ("postgres://me@host/db?target=x", "\"target\" is not known"),
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn networks_and_single_addresses() {
        assert_eq!(network(" 10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("::1").unwrap().to_string(), "::1/128");
        assert!(network("10.0.0.0/99").is_err());
    }

    #[test]
    fn mail_servers_are_checked_and_hidden() {
        let url = Hidden::smtp_url("smtps://user:pass@mail.example:465").unwrap();
        assert_eq!(format!("{url:?}"), "…");
        assert!(Hidden::smtp_url("http://mail.example").is_err());
    }
}
