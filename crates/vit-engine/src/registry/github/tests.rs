#![expect(
    clippy::disallowed_methods,
    reason = "a test writes its own files, in a temporary folder, and adds to the machine's PATH"
)]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use vit_contract::code::Code;
use vit_contract::release::Release;
use vit_contract::settings::{RegistryKind, RegistrySettings};
use vit_testkit::fault_server::Reply;
use vit_testkit::github_server::{Asset, GithubServer, REPOSITORY, SIGNATURE};

use super::*;
use crate::cancel::Cancel;
use crate::clock::FixedClock;
use crate::context::Actor;
use crate::environment::Environment;
use crate::event::Silent;
use crate::faults::Faults;
use crate::git::Git;
use crate::http::Freshness;
use crate::http::transport::agent::Agent;
use crate::network::Network;
use crate::site::Site;

mod failures;
mod freshness;
mod listing;
mod reading;
mod recordings;
mod sources;

const TOKEN: &str = "ghp_canary0123456789";

/// A world whose installation follows a repository on the server.
struct Scene {
    world: vit_testkit::World,
    server: GithubServer,
    variables: Vec<(String, String)>,
    settings: Option<RegistrySettings>,
    now: Timestamp,
    refresh: bool,
    /// How long an answer may take, where a test says so.
    whole: Option<Duration>,
}

impl Scene {
    /// One release, 1.0.0, which is installed.
    fn new() -> Self {
        let world = vit_testkit::World::default();
        let server = GithubServer::of(&world);
        server.release("v1.0.0", Asset::of_tag);
        let api = ("GITHUB_API_URL".to_owned(), server.api_url());
        Self {
            world,
            server,
            variables: vec![api],
            settings: None,
            now: "2026-11-22T10:00:00Z".parse().unwrap(),
            refresh: false,
            whole: None,
        }
    }

    fn publish(&self, version: &str) {
        self.world.publish(version, |release| release);
    }

    /// Lets time pass.
    fn later(&mut self, minutes: i64) {
        self.now += jiff::SignedDuration::from_mins(minutes);
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A command of its own: nothing is remembered but what is on disk.
    fn run<T>(&self, act: impl FnOnce(&Context<'_>) -> T) -> T {
        let own = self.variables.iter();
        let own = own.map(|(name, value)| (name.into(), value.into()));
        let mut variables = self.world.environment();
        variables.extend(own);
        let environment = Environment::new(variables);
        let mut site = Site::discover(&self.world.installation(), &environment).unwrap();
        if let Some(settings) = &self.settings {
            site.settings.registry = settings.clone();
        }
        let git = Git::open(&site.root, &environment);
        let cancel = Cancel::default();
        let mut network = Network::new(Agent::new(&environment, &cancel));
        network.refresh = self.refresh;
        network.pace.whole = self.whole.unwrap_or(network.pace.whole);
        act(&Context {
            site: &site,
            git: &git,
            environment: &environment,
            clock: &FixedClock(self.now),
            reporter: &Silent,
            cancel: &cancel,
            actor: &Actor::default(),
            faults: &Faults::new(&Environment::default()),
            network: &network,
            channel_override: None,
        })
    }

    fn list(&self, refresh: bool) -> Result<Listing, EngineError> {
        self.run(|cx| crate::registry::open(cx, None)?.list(cx, refresh))
    }

    fn listed(&self) -> Listing {
        self.list(true).unwrap()
    }

    /// The releases with their metadata.
    fn read(&self, refresh: bool) -> Vec<Release> {
        self.run(|cx| {
            let registry = crate::registry::open(cx, None).unwrap();
            let mut listing = registry.list(cx, refresh).unwrap();
            registry.read(cx, &mut listing.releases, refresh).unwrap();
            listing.releases
        })
    }
}

fn tags(listing: &Listing) -> Vec<&str> {
    listing.releases.iter().map(|r| r.tag.as_str()).collect()
}

fn find<'l>(releases: &'l [Release], tag: &str) -> &'l Release {
    releases.iter().find(|release| release.tag == tag).unwrap()
}

fn codes(problems: &[Problem]) -> Vec<Code> {
    problems.iter().map(|problem| problem.code).collect()
}

/// Everything that was said: codes, messages and evidence.
fn said(listing: &Listing) -> String {
    format!("{:?}", listing.problems)
}
