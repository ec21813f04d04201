//! `vit release list`, `vit release show`: what the registry knows of releases, and how they stand
//! to this installation. A list fetches nothing: what is not here is judged by its metadata.

use std::cmp::Ordering;
use std::sync::Arc;

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{
    ChecksumState, Judged, ListedRelease, ReleaseListReport, ReleaseShowReport, ReleaseState,
};
use vit_contract::problem::Problem;
use vit_contract::release::{Checksum, Release};
use vit_contract::verdict::{self, Answer, Verdict};

use super::planning;
use super::survey::{Survey, Way};
use crate::compat;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::Facts;

/// How many releases are read at once.
const BATCH: usize = 4;

/// Options of `vit release list`.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Those of every channel, not only of the one in force.
    pub all_channels: bool,
    /// At most so many; absent: all.
    pub limit: Option<usize>,
    /// Ask nobody: list what was fetched before.
    pub offline: bool,
}

/// Lists the newest releases.
///
/// # Errors
/// The registry cannot answer, or the installation cannot be read.
pub fn list(cx: &Context<'_>, options: &ListOptions) -> Result<ReleaseListReport, EngineError> {
    let facts = Facts::gather(cx, options.offline)?;
    list_of(cx, &facts, options)
}

/// The same with facts that were gathered.
pub(super) fn list_of(
    cx: &Context<'_>,
    facts: &Facts,
    options: &ListOptions,
) -> Result<ReleaseListReport, EngineError> {
    let (shown, more) = newest(cx, facts, options)?;
    let mut survey = Survey::new(cx, facts, None);
    let mut releases = Vec::with_capacity(shown.len());
    // The newest that nothing stands against is what `vit upgrade` goes to.
    let mut found = false;
    for release in shown {
        let standing = Standing::of(cx, facts, &mut survey, &release)?;
        let mut state = standing.state;
        if possible(state) && !found {
            found = true;
            // What is not here is looked at in full before it is offered.
            if standing.judged == Some(Judged::Whole) {
                state = ReleaseState::Offered;
            }
        }
        let metadata = release.metadata.as_ref();
        releases.push(ListedRelease {
            version: release.version.clone(),
            channel: release.channel(),
            lts: release.lts(),
            release_date: metadata.and_then(|m| m.release_date),
            support_until: metadata.and_then(|m| m.support_until),
            state,
            reason: standing.reason(),
            judged: standing.judged,
            through: standing.through,
        });
    }
    let mut problems = facts.problems.clone();
    verdict::sort(&mut problems);
    Ok(ReleaseListReport {
        schema: "vit.release-list/1".into(),
        current_version: facts.version().cloned(),
        channel: facts.channel.clone(),
        all_channels: options.all_channels,
        releases,
        more,
        problems,
        source: facts.source(cx),
        timestamp: facts.now,
    })
}

/// The newest releases that are to be listed, read, and how many are left.
fn newest(
    cx: &Context<'_>,
    facts: &Facts,
    options: &ListOptions,
) -> Result<(Vec<Arc<Release>>, usize), EngineError> {
    let all = &facts.listing.releases;
    let channel = facts.channel.channel;
    let mut left: Vec<&Release> = if options.all_channels {
        all.iter().rev().collect()
    } else {
        compat::candidates(all, None, channel)
    };
    // From its end, so that taking the newest costs nothing.
    left.reverse();
    let limit = options.limit.unwrap_or(usize::MAX);
    let mut shown = Vec::new();
    while shown.len() < limit && !left.is_empty() {
        let size = BATCH.min(limit - shown.len()).min(left.len());
        let mut batch = left.split_off(left.len() - size);
        batch.reverse();
        let read = facts.complete(cx, &batch)?;
        let is_shown = |r: &Arc<Release>| channel.sees(r.channel(), r.lts());
        shown.extend(
            read.into_iter()
                .filter(|release| options.all_channels || is_shown(release)),
        );
    }
    Ok((shown, left.len()))
}

/// Options of `vit release show`.
#[derive(Debug, Clone)]
pub struct ShowOptions {
    /// Which release.
    pub version: Version,
    /// Ask nobody: show what was fetched before.
    pub offline: bool,
}

/// Shows everything that is known of one release. Its objects are fetched where that can be.
///
/// # Errors
/// There is no such release (with the newest real ones), the registry cannot answer, or the
/// installation cannot be read.
pub fn show(cx: &Context<'_>, options: &ShowOptions) -> Result<ReleaseShowReport, EngineError> {
    let facts = Facts::gather(cx, options.offline)?;
    show_of(cx, &facts, &options.version)
}

/// The same with facts that were gathered.
pub(super) fn show_of(
    cx: &Context<'_>,
    facts: &Facts,
    version: &Version,
) -> Result<ReleaseShowReport, EngineError> {
    let release = facts.completed(cx, planning::find(facts, version)?)?;
    let mut survey = Survey::new(cx, facts, None);
    let (mut verdict, way) = survey.judge(&release, true)?;
    // What the judgement fetched is known by now.
    let release = facts.known.now(&release);
    let judged = if release.tree.is_some() {
        Judged::Whole
    } else {
        let why = verdict.release.into_iter();
        let why = why.filter(|problem| problem.code == Code::ObjectsMissing);
        let by_metadata = survey.judge_metadata(&release, true)?;
        let said = by_metadata.release.into_iter().chain(why).collect();
        verdict = Verdict::new(said, by_metadata.verticals);
        Judged::Metadata
    };
    let state = match place(facts, &release) {
        // Blocked directly, and not through others.
        Place::Newer => answered(way.as_ref().map_or(&verdict, |way| &way.verdict)),
        Place::Hidden => ReleaseState::Hidden,
        Place::Installed => ReleaseState::Installed,
        Place::Older => ReleaseState::Older,
    };
    let mut problems = facts.problems.clone();
    verdict::sort(&mut problems);
    Ok(ReleaseShowReport {
        schema: "vit.release-show/1".into(),
        version: release.version.clone(),
        tag: release.tag.clone(),
        channel: release.channel(),
        lts: release.lts(),
        through: way.as_ref().map(Way::through).unwrap_or_default(),
        commit: release.commit.clone(),
        tree: release.tree.clone(),
        checksum: checksum(&release),
        metadata: release.metadata.clone(),
        metadata_sha256: release.metadata_sha256.clone(),
        next: next(state, &release.version),
        state,
        judged,
        verdict,
        current_version: facts.version().cloned(),
        channel_in_force: facts.channel.clone(),
        problems,
        source: facts.source(cx),
        timestamp: facts.now,
    })
}

/// How a release stands to what is installed and to the channel.
enum Place {
    Newer,
    Hidden,
    Installed,
    Older,
}

fn place(facts: &Facts, release: &Release) -> Place {
    let Some(current) = facts.version() else {
        return newer_or_hidden(facts, release);
    };
    match release.version.cmp_precedence(current) {
        _ if release.version == *current => Place::Installed,
        Ordering::Greater => newer_or_hidden(facts, release),
        Ordering::Equal | Ordering::Less => Place::Older,
    }
}

fn newer_or_hidden(facts: &Facts, release: &Release) -> Place {
    if facts.channel.channel.sees(release.channel(), release.lts()) {
        Place::Newer
    } else {
        Place::Hidden
    }
}

/// How one release of a list stands.
struct Standing {
    state: ReleaseState,
    problems: Vec<Problem>,
    judged: Option<Judged>,
    through: Vec<Version>,
}

impl Standing {
    fn of(
        cx: &Context<'_>,
        facts: &Facts,
        survey: &mut Survey<'_>,
        release: &Release,
    ) -> Result<Self, EngineError> {
        let unjudged = |state, problems| Self {
            state,
            problems,
            judged: None,
            through: Vec::new(),
        };
        // What a release that nobody goes to has wrong with itself is worth a word too.
        let own = || release.problems.clone();
        match place(facts, release) {
            Place::Installed => return Ok(unjudged(ReleaseState::Installed, own())),
            Place::Older => return Ok(unjudged(ReleaseState::Older, own())),
            Place::Hidden => return Ok(unjudged(ReleaseState::Hidden, own())),
            Place::Newer if !release.is_usable() => {
                return Ok(unjudged(ReleaseState::Blocked, own()));
            }
            Place::Newer => {}
        }
        let listed_here = release.commit.is_some() && release.tree.is_some();
        let is_here = listed_here || facts.registry.located(cx, release)?.is_some();
        let (direct, way) = if is_here {
            survey.judge(release, false)?
        } else {
            (survey.judge_metadata(release, false)?, None)
        };
        let through = way.as_ref().map(Way::through).unwrap_or_default();
        let verdict = way.map_or(direct, |way| way.verdict);
        Ok(Self {
            state: answered(&verdict),
            problems: verdict.problems().cloned().collect(),
            judged: Some(if is_here {
                Judged::Whole
            } else {
                Judged::Metadata
            }),
            through,
        })
    }

    /// The code of the worst.
    fn reason(&self) -> Option<Code> {
        let mut problems = self.problems.clone();
        verdict::sort(&mut problems);
        let worst = problems.first()?;
        let said = Answer::of([worst]) != Answer::Compatible;
        said.then_some(worst.code)
    }
}

/// A verdict as a state.
const fn answered(verdict: &Verdict) -> ReleaseState {
    match verdict.answer {
        Answer::Compatible => ReleaseState::Compatible,
        Answer::CompatibleWithWarnings => ReleaseState::CompatibleWithWarnings,
        Answer::Blocked => ReleaseState::Blocked,
    }
}

const fn possible(state: ReleaseState) -> bool {
    matches!(
        state,
        ReleaseState::Compatible | ReleaseState::CompatibleWithWarnings
    )
}

fn checksum(release: &Release) -> ChecksumState {
    let metadata = release.metadata.as_ref();
    match (
        metadata.and_then(|m| m.checksum.as_ref()),
        release.commit.as_ref(),
    ) {
        (None, _) => ChecksumState::None,
        (Some(Checksum::Unverifiable(_)), _) => ChecksumState::Unverifiable,
        (Some(Checksum::GitCommitSha(_)), None) => ChecksumState::NotCompared,
        (Some(Checksum::GitCommitSha(named)), Some(commit)) => {
            if named.eq_ignore_ascii_case(commit) {
                ChecksumState::Verified
            } else {
                ChecksumState::Mismatch
            }
        }
    }
}

fn next(state: ReleaseState, version: &Version) -> String {
    match state {
        ReleaseState::Installed => "vit verify".into(),
        ReleaseState::Blocked => format!("vit why {version}"),
        ReleaseState::Offered
        | ReleaseState::Compatible
        | ReleaseState::CompatibleWithWarnings
        | ReleaseState::Hidden
        | ReleaseState::Older => format!("vit plan --target {version}"),
    }
}
