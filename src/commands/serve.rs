//! The program as a server: from nothing to listening, and back.

use super::{check_permissions, http, print_accounts, serving};
use crate::{
    access::State,
    app,
    config::{LogFormat, Settings},
    db::{Pools, Progress, Server},
    demo,
    jobs::{Wake, Worker},
    mail::Mailer,
    moments::Moments,
};
use anyhow::{Context, Result};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

/// How long what runs may take after the signal to stop.
const LAST_MOMENTS: Duration = Duration::from_secs(30);
/// How often gathered last-seen times are written.
const FLUSH: Duration = Duration::from_secs(15);

/// A program that serves; [`Running::stop`] ends it.
pub struct Running {
    pub address: SocketAddr,
    pub state: State,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    helpers: Vec<JoinHandle<()>>,
}

pub(super) async fn serve(settings: Settings, moments: Moments, progress: Progress) -> Result<()> {
    log(&settings)?;
    let key = settings.secret_key(&moments.chance)?;
    // The port first: whoever has typed the wrong one should not wait for a cluster to learn it.
    let listener = listen(&settings).await?;
    let server = Server::reach(&settings, &moments.chance, &progress).await?;
    let pools = server.open(&key, settings.database_max_connections, &progress).await?;
    let mut owner = server.connect().await?;
    check_permissions(&mut owner).await?;
    let demo = settings.demo();
    if demo && demo::is_empty(&mut owner).await? {
        progress("Loading demo data …");
        demo::load(&mut owner, &moments.clock, &progress).await?;
    }
    drop(owner);
    // Before anybody is told that it listens: a signal from then on stops it cleanly.
    let signals = Signals::new()?;
    let _note = serving::Note::leave(&settings.data_dir, listener.local_addr()?.port());
    let running = Running::start(listener, settings, key, pools.clone(), moments).await?;
    println!("listening on http://{}", running.address);
    println!("open {}", running.state.public_url().origin());
    if demo {
        print_accounts();
    }
    signals.wait().await;
    eprintln!("stopping …");
    running.stop().await;
    pools.close().await;
    server.release().await?;
    Ok(())
}

async fn listen(settings: &Settings) -> Result<TcpListener> {
    let (host, port) = (settings.listen_addr.host.as_str(), settings.listen_addr.port);
    TcpListener::bind((host, port)).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!("LISTEN_ADDR: port {port} on {host} is taken; another program listens there"),
        _ => anyhow::anyhow!("LISTEN_ADDR: cannot listen on {host}:{port}: {error}"),
    })
}

impl Running {
    /// Serves on a listener until stopped.
    pub async fn start(
        listener: TcpListener,
        settings: Settings,
        key: crate::secret::SecretKey,
        pools: Pools,
        moments: Moments,
    ) -> Result<Self> {
        let address = listener.local_addr()?;
        let public_url = settings.public_url(address.port())?;
        let mailer = Mailer::new(&settings, &public_url)?;
        let wake = Wake::default();
        let state = State::new(pools.clone(), moments.clone(), Arc::new(settings), key, public_url, mailer, wake.clone());
        let (stop, stopped) = watch::channel(false);
        let worker = Worker::new(pools, moments, app::jobs(), state.clone(), wake);
        let helpers = vec![tokio::spawn(worker.run(stopped.clone())), tokio::spawn(flush(state.clone(), stopped.clone()))];
        let server = tokio::spawn(http::serve(listener, app::router(state.clone()), stopped));
        Ok(Running { address, state, stop, server, helpers })
    }

    /// Accepts nothing new, lets what runs end within 30 s, and writes what was gathered.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let ended = async {
            let _ = self.server.await;
            for helper in self.helpers {
                let _ = helper.await;
            }
        };
        if tokio::time::timeout(LAST_MOMENTS, ended).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
    }
}

/// Writes last-seen times every few seconds, and a last time at the end.
async fn flush(state: State, mut stopped: watch::Receiver<bool>) {
    loop {
        let ended = tokio::time::timeout(FLUSH, stopped.wait_for(|stopped| *stopped)).await.is_ok();
        if let Err(error) = state.sessions().flush().await {
            tracing::warn!(?error, "last-seen times were not written");
        }
        if ended {
            return;
        }
    }
}

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn log(settings: &Settings) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&settings.log_filter).context("RUST_LOG")?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Json => logs.json().init(),
        LogFormat::Text => logs.init(),
    }
    Ok(())
}
