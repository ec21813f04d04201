//! The strategy `submodule`: the repository carries Core as a submodule, and what is upgraded is the
//! pointer to it: one commit that changes nothing else, and the submodule's own working tree.

use std::fmt::Write as _;
use std::path::PathBuf;

use vit_contract::code::Code;
use vit_contract::plan::{Position, Step, Strategy, SubmoduleSwitch};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::release::Release;
use vit_contract::{text, version};

use super::super::{Facts, repository};
use super::{Commit, Landing, identity_problem};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{self, RELEASES, TAGS, TreeEntry};
use crate::plan::preflight;
use crate::submodule::{CoreSubmodule, GITLINK, Inside};

/// What the pointer's move to `release` comes to.
///
/// # Errors
/// Git failed.
pub(super) fn landing(
    cx: &Context<'_>,
    facts: &Facts,
    (release, core): (&Release, &Position),
    submodule: &CoreSubmodule,
) -> Result<Landing, EngineError> {
    let head = facts.position.clone().unwrap_or_else(|| core.clone());
    let mut landing = Landing {
        strategy: Strategy::Submodule,
        tree: head.tree.clone(),
        commit: Commit::New {
            parents: vec![head.commit.clone()],
            message: String::new(),
        },
        branch: head.branch.clone(),
        steps: Vec::new(),
        problems: Vec::new(),
        contained: false,
        install: None,
        pins: Vec::new(),
    };
    let (Some(pointer), Some(inside)) = (&submodule.pointer, &submodule.inside) else {
        landing.problems.push(not_there(submodule));
        return Ok(landing);
    };
    let Some(from) = inside.position()? else {
        landing.problems.push(not_there(submodule));
        return Ok(landing);
    };
    landing.problems = state(&inside.context(cx), submodule, &from)?;
    landing
        .problems
        .extend(own_commits(cx, (inside, submodule), (pointer, core))?);
    landing.problems.extend(identity_problem(cx)?);
    landing.contained = *pointer == core.commit;
    let entry = TreeEntry {
        mode: GITLINK,
        oid: core.commit.clone(),
        path: PathBuf::from(&submodule.path),
    };
    // A name of its own: others may look at the same time.
    let scratch = format!("vit-landing-index-{}", std::process::id());
    let scratch = cx.site.git_dir.join(scratch);
    landing.tree = cx.git.replace_in_tree(&head.tree, &entry, &scratch)?;
    landing.commit = Commit::New {
        parents: vec![head.commit],
        message: message(facts, release, (&submodule.path, pointer, core)),
    };
    landing.steps = vec![Step::SwitchSubmodule(SubmoduleSwitch {
        path: submodule.path.clone(),
        from,
        to: Position {
            branch: None,
            ..core.clone()
        },
    })];
    Ok(landing)
}

fn message(
    facts: &Facts,
    release: &Release,
    (path, pointer, core): (&str, &str, &Position),
) -> String {
    let from = facts
        .version()
        .map_or_else(|| "an unknown version".to_owned(), ToString::to_string);
    let mut out = format!("Move {path} to Core {}\n\n", release.tag);
    let _ = writeln!(
        out,
        "Core {from} -> {}, commits {pointer}..{}",
        release.version, core.commit
    );
    let _ = writeln!(
        out,
        "\nMade by vit upgrade: only the submodule's pointer is changed."
    );
    out
}

fn not_there(submodule: &CoreSubmodule) -> Problem {
    let path = text::visible(&submodule.path);
    if submodule.pointer.is_none() {
        return Problem::new(
            Code::SubmoduleUnusable,
            &path,
            "HEAD records no submodule there, though the settings name it",
        )
        .hint(
            Who::You,
            "correct `core_submodule` in vit.toml, or commit the submodule",
        );
    }
    Problem::new(
        Code::SubmoduleUnusable,
        &path,
        "the submodule is not checked out",
    )
    .hint(Who::You, format!("`git submodule update --init {path}`"))
}

/// What inside the submodule stands against a switch; there is no override.
///
/// # Errors
/// Git failed.
pub(crate) fn state(
    inside: &Context<'_>,
    submodule: &CoreSubmodule,
    from: &Position,
) -> Result<Vec<Problem>, EngineError> {
    let path = text::visible(&submodule.path);
    let mut problems = Vec::new();
    let status = inside.git.status()?;
    let dirty = |message: &str| Problem::new(Code::SubmoduleDirty, &path, message);
    if submodule.pointer.as_ref() != Some(&from.commit) {
        problems.push(
            dirty("the submodule stands on another commit than the repository records")
                .evidence(format!(
                    "recorded {}, checked out {}",
                    submodule.pointer.as_deref().unwrap_or("none"),
                    from.commit
                ))
                .hint(
                    Who::You,
                    format!("commit the one you mean (`git add {path}`), or go back with `git submodule update {path}`"),
                ),
        );
    }
    if !status.changed.is_empty() {
        problems.push(
            dirty("tracked files of the submodule have changes that are not committed")
                .evidence(preflight::name_files(&status.changed))
                .hint(Who::You, format!("keep them with `git -C {path} stash`, or drop them with `git -C {path} restore --staged --worktree FILE`")),
        );
    }
    if !status.untracked.is_empty() {
        problems.push(
            dirty("files stand in the submodule that it does not track")
                .evidence(preflight::name_files(&status.untracked))
                .hint(Who::You, format!("move them elsewhere, or delete them after a look with `git -C {path} clean -nd`")),
        );
    }
    if let Some(operation) = git::operation_in_progress(&inside.site.git_dir) {
        problems.push(
            dirty(&format!("a {operation} is under way in the submodule")).hint(
                Who::You,
                format!("finish it, or give it up with `git -C {path} {operation} --abort`"),
            ),
        );
    }
    problems.extend(
        preflight::unsafe_config(&repository::programs(inside)?).map(|mut problem| {
            problem.subject = format!("git configuration of {path}");
            problem
        }),
    );
    Ok(problems)
}

/// Commits that the pointer has and no release: a switch would leave their content behind.
fn own_commits(
    cx: &Context<'_>,
    (inside, submodule): (&Inside, &CoreSubmodule),
    (pointer, core): (&str, &Position),
) -> Result<Option<Problem>, EngineError> {
    let here = cx.git.resolve(&[format!("{pointer}^{{commit}}")])?;
    if here.iter().flatten().next().is_some() {
        let releases = cx.git.refs(&[RELEASES])?;
        if releases
            .iter()
            .any(|r| r.commit.as_deref() == Some(pointer))
            || cx.git.is_ancestor(pointer, &core.commit)?
        {
            return Ok(None);
        }
    }
    let refs = inside.git().refs(&[TAGS, RELEASES, "refs/remotes/"])?;
    let release = |name: &str| {
        let tag = name.strip_prefix(TAGS).or(name.strip_prefix(RELEASES));
        tag.is_some_and(|tag| version::of_tag(tag).is_some())
    };
    let known: Vec<String> = refs
        .iter()
        .filter(|r| release(&r.name) || r.name.starts_with("refs/remotes/"))
        .filter_map(|r| r.commit.clone())
        .collect();
    let own = inside.git().commits_not_in(pointer, &known)?;
    let path = text::visible(&submodule.path);
    Ok(Some(if own == 0 {
        Problem::new(
            Code::AheadOfRelease,
            &path,
            "the submodule is ahead of the releases it contains; its tree becomes the release's",
        )
        .severity(Severity::Warning)
        .hint(
            Who::You,
            format!("`git -C {path} log --oneline HEAD --not --tags` lists what is in no release"),
        )
    } else {
        Problem::new(
            Code::OwnCommits,
            &path,
            "the submodule carries commits of its own on top of Core: switching it would drop their content",
        )
        .evidence(format!("{own} in no release and in no branch of its remote"))
        .hint(Who::You, format!("take them into Core, or record a release first: `git -C {path} checkout TAG`, `git add {path}`, `git commit`"))
    }))
}
