//! An opened installation: what a command needs to call the engine.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use vit_contract::channel::Channel;
use vit_engine::cancel::Cancel;
use vit_engine::clock::{Clock, FixedClock, SystemClock};
use vit_engine::context::Context;
use vit_engine::error::EngineError;
use vit_engine::faults::Faults;
use vit_engine::git::Git;
use vit_engine::http::transport::agent::Agent;
use vit_engine::network::Network;
use vit_engine::ops;
use vit_engine::site::Site;

use crate::args::{AskArgs, channel_of};
use crate::env::Env;
use crate::error::Failure;
use crate::progress::Progress;
use crate::signals;
use crate::ui::Ui;

/// The surroundings of a command: read once, the same for all.
#[derive(Debug)]
pub struct App<'a> {
    /// The process's environment.
    pub env: &'a Env,
    /// The streams.
    pub ui: &'a Ui,
    /// `-C DIR`.
    pub start: Option<PathBuf>,
}

impl App<'_> {
    /// The folder to start from: `-C DIR`, seen from the working folder.
    ///
    /// # Errors
    /// There is no working folder.
    pub fn start(&self) -> Result<PathBuf, Failure> {
        match (&self.env.cwd, &self.start) {
            (_, Some(dir)) if dir.is_absolute() => Ok(dir.clone()),
            (Some(cwd), Some(dir)) => Ok(cwd.join(dir)),
            (Some(cwd), None) => Ok(cwd.clone()),
            (None, _) => Err(Failure::new(
                "start_folder",
                vit_contract::exit::ExitCode::Error,
                "the current folder does not exist any more or cannot be read",
            )
            .hint("name the installation: `vit -C DIR …`")),
        }
    }

    /// A path of the command line, seen from the working folder.
    #[must_use]
    pub fn path(&self, path: &std::path::Path) -> PathBuf {
        self.env
            .cwd
            .as_ref()
            .map_or_else(|| path.to_owned(), |cwd| cwd.join(path))
    }
}

/// An opened installation.
pub struct Session<'a> {
    /// Where things are.
    pub site: Site,
    /// Who hears of events.
    pub progress: Progress<'a>,
    /// Whether to stop.
    pub cancel: Cancel,
    env: &'a Env,
    git: Git,
    clock: Box<dyn Clock>,
    faults: Faults,
    network: Network,
    channel_override: Option<(Channel, &'static str)>,
    watched: Cell<bool>,
}

impl<'a> Session<'a> {
    /// Opens the installation that the start folder is in.
    ///
    /// # Errors
    /// There is none.
    pub fn open(app: &App<'a>) -> Result<Self, Failure> {
        let environment = &app.env.environment;
        let site = Site::discover(&app.start()?, environment)?;
        let clock: Box<dyn Clock> = match app.env.test_now() {
            Some(now) => Box::new(FixedClock(now)),
            None => Box::new(SystemClock::default()),
        };
        let cancel = Cancel::default();
        let network = Network::new(Agent::new(environment, &cancel));
        Ok(Self {
            git: Git::open(&site.root, environment),
            site,
            progress: Progress::new(app.ui),
            cancel,
            env: app.env,
            clock,
            faults: Faults::new(environment),
            network,
            channel_override: None,
            watched: Cell::new(false),
        })
    }

    /// The same for a command that looks at a channel: `flag` wins over `VIT_CHANNEL`. The other
    /// commands do not read the variable, so that a mistake in it cannot keep anybody from a
    /// rollback.
    ///
    /// # Errors
    /// There is no installation, or `VIT_CHANNEL` names no channel.
    pub fn with_channel(app: &App<'a>, flag: Option<Channel>) -> Result<Self, Failure> {
        let chosen = match (flag, app.env.text("VIT_CHANNEL")) {
            (Some(channel), _) => Some((channel, "--channel")),
            (None, Some(text)) => {
                let channel = channel_of(&text).map_err(|message| {
                    Failure::usage(format!("VIT_CHANNEL: {message}"))
                        .hint("set it to stable, beta, canary or lts, or unset it")
                })?;
                Some((channel, "VIT_CHANNEL"))
            }
            (None, None) => None,
        };
        Ok(Self {
            channel_override: chosen,
            ..Self::open(app)?
        })
    }

    /// The same, with servers asked as `ask` says.
    #[must_use]
    pub fn asking(mut self, ask: AskArgs) -> Self {
        self.network.refresh = ask.refresh;
        self.network.wait = Duration::from_secs(ask.wait.unwrap_or(0));
        self
    }

    /// What the engine's operations take.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        Context {
            site: &self.site,
            git: &self.git,
            environment: &self.env.environment,
            clock: self.clock.as_ref(),
            reporter: &self.progress,
            cancel: &self.cancel,
            actor: &self.env.actor,
            faults: &self.faults,
            network: &self.network,
            channel_override: self.channel_override,
        }
    }

    /// From here on, Ctrl-C and its kin ask the transaction to stop and do not end the process.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub fn watch_signals(&self) -> Result<(), Failure> {
        if self.watched.replace(true) {
            return Ok(());
        }
        signals::watch(&self.cancel)
    }

    /// Makes one engine call and ends the progress display, so that a report can follow.
    ///
    /// # Errors
    /// Those of the call.
    pub fn call<T>(
        &self,
        work: impl FnOnce(&Context<'_>) -> Result<T, EngineError>,
    ) -> Result<T, Failure> {
        let answer = work(&self.context());
        self.progress.settle();
        Ok(answer?)
    }

    /// Like [`Self::call`] for a command that changes the installation: where an interrupted
    /// transaction stands in the way, it is finished first and the call made again.
    ///
    /// # Errors
    /// Those of the call, or of the recovery.
    pub fn call_after_recovery<T>(
        &self,
        work: impl Fn(&Context<'_>) -> Result<T, EngineError>,
    ) -> Result<T, Failure> {
        let work = |cx: &Context<'_>| {
            ops::recover::ready(cx)?;
            work(cx)
        };
        match work(&self.context()) {
            Err(EngineError::OpenTransaction { .. }) => {
                self.watch_signals()?;
                self.call(ops::recover::recover)?;
                self.call(work)
            }
            answer => {
                self.progress.settle();
                Ok(answer?)
            }
        }
    }
}
