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
use crate::facts::{Local, core_version, local_refs};
use crate::git::{GitError, Ref};

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
    match &core.version {
        None => checks.push(check(
            "release",
            CheckState::Failed,
            "the installed Core version cannot be told".into(),
            Some("fetch the release tags with `vit update`"),
        )),
        Some(version) => release(&mut checks, &refs, &position, &version::tag_of(version)),
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
    if let Some(found) = metadata(cx, &position, core.version.as_ref())? {
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
            let fix = match transaction::unfinished_error(id.clone(), &story) {
                EngineError::Inconsistent { .. } => "vit repair",
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

/// HEAD is the release's commit, and the user's tag and the one first seen agree.
fn release(checks: &mut Vec<Check>, refs: &[Ref], position: &Position, tag: &str) {
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
        return;
    };
    checks.push(if commit == position.commit {
        check(
            "release",
            CheckState::Ok,
            format!("HEAD is {tag}, commit {commit}"),
            None,
        )
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
    let Ok(listing) = registry.list(cx, false) else {
        return Ok(None);
    };
    let release = listing
        .releases
        .iter()
        .find(|release| release.version == *version);
    let checksum = release
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
