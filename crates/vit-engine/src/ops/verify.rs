//! `vit verify`: this installation equals the release it claims to be.

use std::path::Path;

use vit_contract::output::{Check, CheckReport, CheckState};
use vit_contract::plan::Position;
use vit_contract::release::Checksum;
use vit_contract::version;

use super::history;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::transaction;
use crate::facts::pins::Pins;
use crate::facts::{CoreVersion, Local, core_version, local_refs};
use crate::git::{GitError, Ref};
use crate::store::journal::Journal;
use crate::submodule::{self, CoreSubmodule};

/// How many differing paths a check names.
const NAMED_PATHS: usize = 10;

/// Compares tree, refs and history with what they should be, by content.
///
/// # Errors
/// The installation cannot be read.
pub fn verify(cx: &Context<'_>) -> Result<CheckReport, EngineError> {
    let local = Local::gather(cx)?;
    let refs = local_refs(cx.git)?;
    let core = core_version::find(cx, &local.status, &refs)?;
    let mut checks = Vec::new();
    let Some(position) = local.position(cx)? else {
        return Err(super::planning::unborn());
    };
    checks.push(transaction_check(cx)?);
    match (&core.version, &core.pins) {
        (_, Some(pins)) => checks.push(pinned(pins, &core, &refs)),
        (None, None) => checks.push(check(
            "release",
            CheckState::Failed,
            "the installed Core version cannot be told".into(),
            Some("fetch the release tags with `vit update`"),
        )),
        (Some(version), None) => {
            let tag = version::tag_of(version);
            match submodule::find(cx)? {
                Some(core) => submodule_release(cx, &mut checks, &refs, (&core, &tag))?,
                None => release(cx, &mut checks, &refs, (&position, &tag))?,
            }
        }
    }
    checks.push(tree(cx, &position)?);
    checks.push(if local.status.changed.is_empty() {
        check("index", CheckState::Ok, "nothing is staged".into(), None)
    } else {
        let found = crate::plan::preflight::name_files(&local.status.changed);
        check(
            "index",
            CheckState::Failed,
            found,
            Some("`git status` tells more"),
        )
    });
    // HEAD is a commit of the project: no release's checksum is its own.
    if core.pins.is_none()
        && let Some(found) = metadata(cx, &position, core.version.as_ref())?
    {
        checks.push(found);
    }
    checks.extend(super::environment::verify(cx)?);
    checks.extend(history::checks(cx)?);
    let ok = checks.iter().all(|check| check.state != CheckState::Failed);
    Ok(CheckReport {
        schema: "vit.verify/1".into(),
        ok,
        checks,
    })
}

fn transaction_check(cx: &Context<'_>) -> Result<Check, EngineError> {
    Ok(match transaction::unfinished_now(&cx.site.state_dir) {
        Ok((None, _)) => check("transaction", CheckState::Ok, "none is open".into(), None),
        Ok((Some((id, _)), Some(owner))) => check(
            "transaction",
            CheckState::Failed,
            format!("{id} is under way: {owner}"),
            Some("wait for it to end"),
        ),
        Ok((Some((id, story)), None)) => {
            let fix = match transaction::unfinished_error(cx, id.clone(), &story) {
                EngineError::Inconsistent { .. } => "vit repair",
                EngineError::OnTrial { .. } => "vit confirm, or vit rollback",
                _ => "vit recover",
            };
            check(
                "transaction",
                CheckState::Failed,
                format!("{id} is not finished"),
                Some(fix),
            )
        }
        Err(error) => check(
            "transaction",
            CheckState::Failed,
            error.to_string(),
            Some("vit recover"),
        ),
    })
}

/// Every place that names one version of Core names the same.
fn pinned(pins: &Pins, core: &CoreVersion, refs: &[Ref]) -> Check {
    let name = &pins.distribution;
    let exact = pins.exact(refs);
    let Some(version) = core.version.as_ref().filter(|_| !exact.is_empty()) else {
        let found = format!("no file pins {name} to one version");
        return check("pins", CheckState::Warning, found, Some("pin it with `==`"));
    };
    let differing: Vec<String> = exact
        .iter()
        .filter(|(pinned, _)| pinned != version)
        .map(|(pinned, place)| format!("{place} names {pinned}"))
        .collect();
    if differing.is_empty() {
        let found = format!("{name} is pinned to {version} in every place that names a version");
        return check("pins", CheckState::Ok, found, None);
    }
    let found = format!("{} says {version}; {}", core.source, differing.join(", "));
    check(
        "pins",
        CheckState::Failed,
        found,
        Some("pin one version everywhere"),
    )
}

/// HEAD is the release's commit, or carries it below commits of its own, and the user's tag and
/// the one first seen agree.
fn release(
    cx: &Context<'_>,
    checks: &mut Vec<Check>,
    refs: &[Ref],
    (position, tag): (&Position, &str),
) -> Result<(), EngineError> {
    let find = |name: String| {
        refs.iter()
            .find(|r| r.name == name)
            .and_then(|r| r.commit.clone())
    };
    let seen = find(format!("refs/vit/releases/{tag}"));
    let users = find(format!("refs/tags/{tag}"));
    let Some(commit) = seen.clone().or_else(|| users.clone()) else {
        checks.push(check(
            "release",
            CheckState::Failed,
            format!("the tag {tag} is not in this repository"),
            Some("fetch the release tags with `vit update`"),
        ));
        return Ok(());
    };
    checks.push(if commit == position.commit {
        let found = format!("HEAD is {tag}, commit {commit}");
        check("release", CheckState::Ok, found, None)
    } else if made_by_merge(cx, position) && cx.git.is_ancestor(&commit, &position.commit)? {
        let found = format!(
            "{tag}, commit {commit}, is merged into HEAD, {}",
            position.commit
        );
        check("release", CheckState::Ok, found, None)
    } else if cx.git.is_ancestor(&commit, &position.commit)? {
        let found = format!("HEAD, {}, has commits on top of {tag}", position.commit);
        let fix = format!("`git log --oneline {tag}..HEAD` lists them: no transaction proved them");
        check("release", CheckState::Warning, found, Some(&fix))
    } else {
        let found = format!("HEAD is {}, {tag} is {commit}", position.commit);
        check(
            "release",
            CheckState::Failed,
            found,
            Some("`vit upgrade --target` brings a release, `git log` shows what else is here"),
        )
    });
    if let (Some(seen), Some(users)) = (seen, users) {
        checks.push(if seen == users {
            check(
                "tag",
                CheckState::Ok,
                format!("{tag} is where it was first seen"),
                None,
            )
        } else {
            let found = format!("first seen at {seen}, your tag points at {users}");
            check(
                "tag",
                CheckState::Failed,
                found,
                Some("ask the Core team which of the two is the release"),
            )
        });
    }
    Ok(())
}

/// Where Core is a submodule: HEAD records the release's commit of it, and that is what stands in
/// its folder, by content.
fn submodule_release(
    cx: &Context<'_>,
    checks: &mut Vec<Check>,
    refs: &[Ref],
    (core, tag): (&CoreSubmodule, &str),
) -> Result<(), EngineError> {
    let name = format!("refs/vit/releases/{tag}");
    let mut known: Vec<Ref> = refs.to_vec();
    if let Some(inside) = &core.inside {
        known.extend(inside.git().refs(&[&format!("refs/tags/{tag}")])?);
    }
    let of_tag = |name: &str| known.iter().find(|r| r.name == name)?.commit.clone();
    let commit = of_tag(&name).or_else(|| of_tag(&format!("refs/tags/{tag}")));
    let path = &core.path;
    let pointer = core.pointer.clone().unwrap_or_else(|| "nothing".to_owned());
    checks.push(if commit.as_ref() == Some(&pointer) {
        let found = format!("HEAD records {path} at {tag}, commit {pointer}");
        check("release", CheckState::Ok, found, None)
    } else {
        let there = commit.unwrap_or_else(|| "not in this repository".to_owned());
        let found = format!("HEAD records {path} at {pointer}, {tag} is {there}");
        let fix = "`vit upgrade --target` brings a release";
        check("release", CheckState::Failed, found, Some(fix))
    });
    let fix = format!("`git submodule update --init {path}` checks out what is recorded");
    let position = match &core.inside {
        Some(inside) => inside.position()?.map(|position| (inside, position)),
        None => None,
    };
    let Some((inside, position)) = position else {
        let found = format!("{path} is not checked out");
        checks.push(check("submodule", CheckState::Failed, found, Some(&fix)));
        return Ok(());
    };
    if position.commit != pointer {
        let found = format!("{path} stands on {}, not on {pointer}", position.commit);
        checks.push(check("submodule", CheckState::Failed, found, Some(&fix)));
        return Ok(());
    }
    let mut content = tree(&inside.context(cx), &position)?;
    content.name = "submodule".to_owned();
    checks.push(content);
    Ok(())
}

/// Whether HEAD is the very commit that the last upgrade made.
fn made_by_merge(cx: &Context<'_>, position: &Position) -> bool {
    let Ok(log) = Journal::read(&cx.site.state_dir) else {
        return false;
    };
    transaction::last_story(&log.records)
        .as_ref()
        .and_then(|(_, story)| core_version::settled_end(story))
        .is_some_and(|end| end.position.commit == position.commit)
}

fn tree(cx: &Context<'_>, position: &Position) -> Result<Check, EngineError> {
    // A name of our own: an upgrade may be proving its tree at this moment.
    let name = format!("vit-verify-index-{}", std::process::id());
    let differing = match cx
        .git
        .verify_tree(&position.tree, &cx.site.git_dir.join(&name))
    {
        // On a disk that takes nothing, the scratch index stands elsewhere.
        Err(GitError::Failed { .. }) => {
            let elsewhere = cx.environment.get("TMPDIR").unwrap_or("/tmp".as_ref());
            let elsewhere = Path::new(elsewhere).join(&name);
            cx.git.verify_tree(&position.tree, &elsewhere)?
        }
        other => other?,
    };
    Ok(if differing.is_empty() {
        check(
            "tree",
            CheckState::Ok,
            format!("every tracked file hashes to tree {}", position.tree),
            None,
        )
    } else {
        let named: Vec<String> = differing
            .iter()
            .take(NAMED_PATHS)
            .map(|path| path.display().to_string())
            .collect();
        let found = format!(
            "{}: {}",
            match differing.len() {
                1 => "1 file differs".to_owned(),
                number => format!("{number} files differ"),
            },
            named.join(", ")
        );
        check(
            "tree",
            CheckState::Failed,
            found,
            Some(
                "`git update-index --really-refresh`, then `git diff HEAD` shows how; `git restore FILE` puts a file back",
            ),
        )
    })
}

/// The checksum that the installed release's metadata names.
fn metadata(
    cx: &Context<'_>,
    position: &Position,
    version: Option<&semver::Version>,
) -> Result<Option<Check>, EngineError> {
    let Some(version) = version else {
        return Ok(None);
    };
    let Ok(registry) = crate::registry::open(cx, None) else {
        return Ok(None);
    };
    let release = crate::registry::kept(cx, &*registry, version)?;
    let checksum = release
        .as_ref()
        .and_then(|r| r.metadata.as_ref())
        .and_then(|m| m.checksum.as_ref());
    Ok(checksum.map(|checksum| match checksum {
        Checksum::GitCommitSha(commit) if *commit == position.commit => check(
            "checksum",
            CheckState::Ok,
            format!("the metadata names commit {commit}"),
            None,
        ),
        Checksum::GitCommitSha(commit) => {
            let found = format!("the metadata names {commit}, HEAD is {}", position.commit);
            check(
                "checksum",
                CheckState::Failed,
                found,
                Some("ask the Core team"),
            )
        }
        Checksum::Unverifiable(text) => {
            let found = format!(
                "the metadata's checksum `{}` cannot be compared",
                vit_contract::text::visible(text)
            );
            check("checksum", CheckState::Warning, found, None)
        }
    }))
}

fn check(name: &str, state: CheckState, found: String, fix: Option<&str>) -> Check {
    Check {
        name: name.into(),
        state,
        found,
        fix: fix.map(str::to_owned),
    }
}
