//! Facts: the one place that reads before anything is decided. What comes out is plain data for
//! the pure part.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{ChannelChoice, Source};
use vit_contract::plan::{Position, SignedBy};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::release::Release;

use crate::compat::{self, Vertical};
use crate::context::Context;
use crate::contracts::Exports;
use crate::error::EngineError;
use crate::exec::transaction;
use crate::git::Git;
pub use crate::git::{Ref, Status, TreeChange};
use crate::parallel;
use crate::registry::{self, Listing, Registry};
use crate::store::choices::{self, Choices};
use crate::store::folder::Folder;
use crate::store::history_file;
use crate::store::journal::Journal;
use crate::store::quarantine::Quarantine;
pub use crate::submodule::GITLINK;

pub mod core_version;
pub mod environment;
mod hop;
pub mod installed;
pub mod known;
pub mod landing;
pub mod newest;
pub mod passed;
pub mod pins;
pub mod programs;
pub mod quarantine;
pub mod repository;
pub mod target;
mod upstream;
pub mod verticals;

pub use core_version::CoreVersion;
use known::{Ask, Known};
pub use landing::Landing;

/// What is true of an installation, whatever the target.
pub struct Facts {
    /// When they were gathered.
    pub now: Timestamp,
    /// The day, UTC.
    pub today: Date,
    /// What git says of the working tree.
    pub status: Status,
    /// What is checked out; absent on an unborn HEAD.
    pub position: Option<Position>,
    /// Tags, release refs, branches.
    pub refs: Vec<Ref>,
    /// The installed Core version.
    pub current: CoreVersion,
    /// Every vertical, by manifest path.
    pub verticals: Vec<Vertical>,
    /// The channel in force.
    pub channel: ChannelChoice,
    /// Stored channel and holds.
    pub choices: Choices,
    /// Releases that failed here.
    pub quarantine: Quarantine,
    /// What the registry knows.
    pub listing: Listing,
    /// What was learnt of its releases since.
    pub known: Known,
    /// The registry itself, to read and fetch from.
    pub registry: Box<dyn Registry>,
    /// The Python environment.
    pub environment: environment::Found,
    /// Bytes free for this user where the working tree is.
    pub free_bytes: u64,
    /// Seconds that earlier upgrades of this installation took.
    pub durations: Vec<f64>,
    /// Programs that the repository's own configuration names.
    pub programs: Vec<String>,
    /// What was noticed on the way.
    pub problems: Vec<Problem>,
}

/// What is true of one release for this installation.
#[derive(Debug, Clone)]
pub struct Target {
    /// The release.
    pub release: Release,
    /// The release itself: its commit and tree.
    pub position: Position,
    /// Where the installation would land.
    pub landing: landing::Landing,
    /// What that means for the Python environment.
    pub environment: environment::Change,
    /// The releases on the way, oldest first, itself last; empty when going down.
    pub way: Vec<Arc<Release>>,
    /// What its contracts package exports.
    pub exports: Exports,
    /// What the switch would mean.
    pub switch: Switch,
    /// Commits of HEAD that are in no release, no tag and no branch of the release remote.
    pub own_commits: usize,
    /// Commits of HEAD that are in no release.
    pub ahead: usize,
    /// Whether HEAD is an ancestor of it.
    pub fast_forward: bool,
    /// Who signed its tag, where that was verified.
    pub signed_by: Option<SignedBy>,
    /// Whether somebody named it.
    pub explicit: bool,
    /// What is remembered of it, where it failed here.
    pub quarantined: Option<quarantine::Quarantined>,
}

/// What a switch of the tree would mean.
#[derive(Debug, Clone)]
pub struct Switch {
    /// The verticals as they will be: tracked ones as the new tree has them.
    pub verticals: Vec<Vertical>,
    /// Manifest paths of tracked verticals that the new tree does not have.
    pub removed: BTreeSet<String>,
    /// How the trees differ.
    pub changes: Vec<TreeChange>,
    /// Untracked and ignored files that stand where the new tree has files.
    pub in_the_way: Vec<String>,
    /// Bytes that the changed files take.
    pub bytes: u64,
}

impl Facts {
    /// Reads everything. With `offline`, the registry is not asked.
    ///
    /// # Errors
    /// The repository, a state file, or the registry cannot be read.
    pub fn gather(cx: &Context<'_>, offline: bool) -> Result<Self, EngineError> {
        Self::gather_asking(cx, Ask::unless(offline))
    }

    /// Reads everything, and asks as `ask` says.
    ///
    /// # Errors
    /// The repository, a state file, or the registry cannot be read.
    pub fn gather_asking(cx: &Context<'_>, ask: Ask) -> Result<Self, EngineError> {
        Self::gather_from(cx, ask, |remote| registry::open(cx, remote))
    }

    /// The same with another way to open the registry, from the remote that the manifests name.
    pub(crate) fn gather_from(
        cx: &Context<'_>,
        ask: Ask,
        open: impl FnOnce(Option<&str>) -> Result<Box<dyn Registry>, EngineError>,
    ) -> Result<Self, EngineError> {
        let found = verticals::find(cx);
        let remote = verticals::upstream_remote(&found);
        let (local, heard) = parallel::both(
            || Local::of(cx, found),
            || -> Result<_, EngineError> {
                let registry = open(remote.as_deref())?;
                let mut listing = registry.list(cx, ask == Ask::Anew)?;
                // What is between two releases is found by their order.
                if !listing.releases.is_sorted_by(|a, b| a.version <= b.version) {
                    registry::sort(&mut listing.releases);
                }
                // Listing may have brought release refs that say what HEAD is.
                Ok((registry, listing, local_refs(cx.git)?))
            },
        );
        let (local, (registry, listing, refs)) = (local?, heard?);
        let current = core_version::find(cx, &local.status, &refs)?;
        let history = history_file::load(cx.site);
        let durations = history
            .history
            .history
            .iter()
            .filter(|e| {
                e.status == vit_contract::history::Outcome::Success
                    && e.kind == vit_contract::plan::Kind::Upgrade
            })
            .filter_map(|e| e.duration)
            .collect();
        let mut problems = cx.site.problems.clone();
        problems.extend(listing.problems.iter().cloned());
        problems.extend(current.problems.iter().cloned());
        problems.extend(upstream::missing(cx, &local.verticals, &*registry)?);
        problems.extend(history.problems);
        problems.extend(unfinished(cx));
        let quarantine = quarantine::load(cx, &mut problems)?;
        Ok(Self {
            now: cx.clock.now(),
            today: today(cx),
            position: local.position(cx)?,
            status: local.status,
            refs,
            current,
            channel: local.channel,
            choices: local.choices,
            quarantine,
            verticals: local.verticals,
            known: Known::new(ask),
            listing,
            registry,
            environment: environment::find(cx),
            free_bytes: free_bytes(cx)?,
            durations,
            programs: repository::programs(cx)?,
            problems,
        })
    }

    /// Judges `target` against every vertical as it will be.
    #[must_use]
    pub fn judge(&self, target: &Target) -> vit_contract::verdict::Verdict {
        self.judge_verticals(target, &target.switch.verticals)
    }

    /// Judges `target` against these verticals.
    #[must_use]
    pub fn judge_verticals(
        &self,
        target: &Target,
        verticals: &[Vertical],
    ) -> vit_contract::verdict::Verdict {
        let way: Vec<&Release> = target.way.iter().map(|release| &**release).collect();
        let case = compat::Case {
            target: &target.release,
            way: &way,
            exports: &target.exports,
            channel: self.channel.channel,
            explicit: target.explicit,
            installed: self.version(),
            today: self.today,
            removed: &target.switch.removed,
        };
        compat::judge(&case, verticals)
    }

    /// Where the releases came from, with all that was sent for it by now.
    #[must_use]
    pub fn source(&self, cx: &Context<'_>) -> Source {
        let source = &self.listing.source;
        Source {
            requests: source.requests.max(cx.network.traffic.sent()),
            ..source.clone()
        }
    }

    /// The installed version, where it can be told.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        self.current.version.as_ref()
    }
}

/// The part that needs no registry.
pub struct Local {
    /// What git says of the working tree.
    pub status: Status,
    /// Every vertical.
    pub verticals: Vec<Vertical>,
    /// Stored channel and holds.
    pub choices: Choices,
    /// The channel in force.
    pub channel: ChannelChoice,
}

impl Local {
    /// Reads it.
    ///
    /// # Errors
    /// The repository or a state file cannot be read.
    pub fn gather(cx: &Context<'_>) -> Result<Self, EngineError> {
        Self::of(cx, verticals::find(cx))
    }

    fn of(cx: &Context<'_>, mut verticals: Vec<Vertical>) -> Result<Self, EngineError> {
        let status = cx.git.status()?;
        verticals::mark_tracked(cx, status.head.as_deref(), &mut verticals)?;
        let choices =
            choices::load(&cx.site.state_dir).map_err(|error| unsafe_folder(cx, error))?;
        let channel = compat::effective_channel(cx.channel_override, choices.channel, &verticals);
        Ok(Self {
            status,
            verticals,
            choices,
            channel,
        })
    }

    /// What is checked out.
    ///
    /// # Errors
    /// Git failed.
    pub fn position(&self, cx: &Context<'_>) -> Result<Option<Position>, EngineError> {
        let Some(head) = &self.status.head else {
            return Ok(None);
        };
        let found = cx.git.resolve(&[format!("{head}^{{tree}}")])?;
        let tree = found
            .into_iter()
            .next()
            .flatten()
            .map(|(oid, _)| oid)
            .unwrap_or_default();
        Ok(Some(Position {
            commit: head.clone(),
            tree,
            branch: self.status.branch.clone(),
        }))
    }
}

/// Why a state file cannot be read, where it is the folder's fault.
fn unsafe_folder(cx: &Context<'_>, error: EngineError) -> EngineError {
    Folder::state(cx.site).safe().err().unwrap_or(error)
}

/// What an earlier transaction has left that stands against a new one. (One that was interrupted
/// does not: the next command finishes it first.)
fn unfinished(cx: &Context<'_>) -> Option<Problem> {
    let log = Journal::read(&cx.site.state_dir).ok()?;
    let (id, story) = transaction::unfinished(&log).ok()??;
    match transaction::unfinished_error(cx, id, &story) {
        EngineError::Inconsistent { id, mismatches } => Some(
            Problem::new(
                Code::Inconsistent,
                &id,
                "an earlier failure could not be undone and verified: nothing else can begin",
            )
            .evidence(mismatches.join("; "))
            .hint(
                Who::You,
                format!("`vit repair`; `vit explain {id}` says more"),
            ),
        ),
        EngineError::OnTrial { id, version, until } => Some(
            Problem::new(
                Code::OnTrial,
                &id,
                format!("{version} is on trial until {until}: nothing else can begin before"),
            )
            .severity(Severity::Blocked)
            .hint(
                Who::You,
                "`vit confirm` keeps it, `vit rollback` takes it back",
            ),
        ),
        _ => None,
    }
}

/// Tags, release refs, snapshots, branches and remote branches in one call.
///
/// # Errors
/// Git failed.
pub fn local_refs(git: &Git) -> Result<Vec<Ref>, EngineError> {
    Ok(git.refs(&["refs/tags/", "refs/vit/", "refs/heads/", "refs/remotes/"])?)
}

/// The day, UTC.
#[must_use]
pub fn today(cx: &Context<'_>) -> Date {
    cx.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Bytes free for this user where the working tree is.
///
/// # Errors
/// The file system does not say.
pub fn free_bytes(cx: &Context<'_>) -> Result<u64, EngineError> {
    let stat = rustix::fs::statvfs(&cx.site.root).map_err(|errno| EngineError::Io {
        action: "asking for the free disk of",
        path: cx.site.root.clone(),
        source: errno.into(),
    })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
