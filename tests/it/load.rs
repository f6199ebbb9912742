//! More at once than there is room for, and clients that hold a place without ever asking for anything.

use crate::{
    commands::program,
    support::{App, Browser, Database, Page},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Requests that the program works on at a time.
const PLACES: usize = 256;
/// Patience for a loaded machine; what never comes fails then.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the answer has this status.
async fn until(status: u16, browser: &Browser) -> Page {
    for _ in 0..1_000 {
        let page = browser.gets("/sign-in").await;
        if page.status == status {
            return page;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("never answered {status}")
}

#[tokio::test]
async fn beyond_its_places_the_program_says_come_again_and_recovers() {
    let app = App::start().await;
    let address = app.origin().replace("http://localhost", "127.0.0.1");
    let browser = app.browser();
    let stylesheet = browser.opens("/sign-in").await.attribute("link[rel=stylesheet]", "href").unwrap();
    let mut waiting = Vec::new();
    for _ in 0..PLACES {
        // A form of which not a byte arrives.
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head =
            "POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    let page = until(503, &browser).await;
    assert_eq!((page.heading().as_str(), page.header("retry-after")), ("Ledgerline is busy", Some("1")));
    assert_eq!(browser.gets("/health/live").await.status, 204, "the process is well, and says so");
    assert_eq!(browser.gets(&stylesheet).await.status, 200, "and the page that says it has its look");
    drop(waiting);
    until(200, &browser).await;
}

/// Writes a letter now and then; answers once the program has hung up.
async fn dawdles(port: u16, beginning: &'static str) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(beginning.as_bytes()).await.unwrap();
    let (mut answer, mut words) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while beginning.is_empty() || words.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(200)).await
        }
    });
    let mut said = Vec::new();
    let ended = timeout(PATIENCE, answer.read_to_end(&mut said)).await;
    dripping.abort();
    // A connection that is reset is over as well.
    ended.is_ok() && !String::from_utf8_lossy(&said).contains(" 200 ")
}

#[tokio::test]
async fn a_client_that_never_finishes_its_headers_is_cut_off() {
    let database = Database::new().await;
    let mut command = program(&["serve"]);
    command.env("DATABASE_URL", database.url()).env("LISTEN_ADDR", "127.0.0.1:0").stdout(Stdio::piped());
    let mut server = command.spawn().unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port =
        said.find_map(|line| line.strip_prefix("listening on http://127.0.0.1:")?.parse::<u16>().ok()).expect("the program says its port");
    let (silent, slow, slower) =
        tokio::join!(dawdles(port, ""), dawdles(port, "GET / HTTP/1.1\r\nhost: localhost\r\nx-long: "), dawdles(port, "GET /"),);
    assert_eq!((silent, slow, slower), (true, true, true), "one that says nothing, one that drips a header, one that drips an address");
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    assert!(server.wait().unwrap().success());
}
