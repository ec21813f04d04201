//! The strategy `merge`: HEAD carries commits of its own on top of Core, and the release is merged
//! into its branch as one commit. Everything but that commit is computed here, in memory; nobody's
//! commits are ever dropped.

use std::fmt::Write as _;
use std::path::PathBuf;

use vit_contract::code::Code;
use vit_contract::plan::{Position, Strategy};
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::text;

use super::super::Facts;
use super::super::target::Commits;
use super::{Commit, Landing, identity_problem};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{Conflict, Told};

/// How many conflicts are told one by one.
const NAMED_CONFLICTS: usize = 20;
/// How many commits of a side are named for a file.
const NAMED_COMMITS: usize = 3;

/// Merges `release` into HEAD, in memory.
///
/// # Errors
/// Git failed.
pub(super) fn landing(
    cx: &Context<'_>,
    facts: &Facts,
    (release, core): (&Release, &Position),
    commits: &Commits,
) -> Result<Landing, EngineError> {
    let stays = Landing {
        contained: false,
        ..Landing::checkout(core)
    };
    let (Some(head), Some(branch)) = (&facts.position, &facts.status.branch) else {
        // A merge on a detached HEAD would be a commit that no branch holds.
        return Ok(stays);
    };
    if cx.git.is_ancestor(&core.commit, &head.commit)? {
        return Ok(Landing {
            contained: true,
            ..stays
        });
    }
    if facts.version().is_some_and(|now| release.version < *now) {
        // A merge with something older takes nothing back.
        return Ok(stays);
    }
    let mut landing = Landing {
        strategy: Strategy::Merge,
        tree: head.tree.clone(),
        commit: Commit::New {
            parents: vec![head.commit.clone(), core.commit.clone()],
            message: String::new(),
        },
        branch: Some(branch.clone()),
        steps: Vec::new(),
        problems: Vec::new(),
        contained: false,
        pins: Vec::new(),
        install: None,
    };
    let Some(base) = cx.git.merge_base(&head.commit, &core.commit)? else {
        landing.problems.push(unrelated(cx, release));
        return Ok(landing);
    };
    let merged = cx.git.merge_commits(&head.commit, &core.commit)?;
    if merged.conflicts.is_empty() {
        landing.tree = merged.tree;
        landing.problems.push(kept(commits, branch));
        landing.problems.extend(identity_problem(cx)?);
    } else {
        let sides = Sides {
            base: &base,
            head: &head.commit,
            core: &core.commit,
        };
        landing.problems = conflicts(cx, facts, release, (&sides, &merged.conflicts))?;
    }
    landing.commit = Commit::New {
        parents: vec![head.commit.clone(), core.commit.clone()],
        message: message(facts, release, (branch, &sides_text(&base, core))),
    };
    Ok(landing)
}

/// The commits that a merge is between.
struct Sides<'a> {
    base: &'a str,
    head: &'a str,
    core: &'a str,
}

fn sides_text(base: &str, core: &Position) -> String {
    format!("{base}..{}", core.commit)
}

/// The message of the merge commit: the same for the same facts.
fn message(facts: &Facts, release: &Release, (branch, range): (&str, &str)) -> String {
    let tag = &release.tag;
    let from = facts
        .version()
        .map_or_else(|| "an unknown version".to_owned(), ToString::to_string);
    let mut out = format!("Merge Core {tag}\n\n");
    let _ = writeln!(out, "Core {from} -> {}, commits {range}", release.version);
    let _ = writeln!(
        out,
        "\nMade by vit upgrade: the release is merged into {} as one commit, the commits\nof this repository stay as they are.",
        short_branch(branch)
    );
    out
}

fn short_branch(branch: &str) -> &str {
    branch.strip_prefix("refs/heads/").unwrap_or(branch)
}

fn kept(commits: &Commits, branch: &str) -> Problem {
    let own = match commits.own {
        1 => "1 commit of its own".to_owned(),
        number => format!("{number} commits of its own"),
    };
    Problem::new(
        Code::OwnCommitsKept,
        "HEAD",
        format!("HEAD carries {own}: they stay, and the release is merged on top of them"),
    )
    .evidence(format!(
        "{} moves to one new commit with two parents",
        text::visible(short_branch(branch))
    ))
}

fn unrelated(cx: &Context<'_>, release: &Release) -> Problem {
    let problem = Problem::new(
        Code::UnrelatedHistories,
        &release.tag,
        "HEAD and the release have no commit in common: they cannot be merged",
    );
    if cx.site.shallow {
        return problem
            .evidence("the repository is shallow: its history is cut off")
            .hint(
                Who::You,
                "bring the whole history with `git fetch --unshallow`",
            );
    }
    problem.hint(
        Who::You,
        "Core was copied into this repository without its history: start once from a clone of \
         Core with your commits on top, or name another place that releases come from \
         (`location` under `[registry]` in vit.toml)",
    )
}

/// One problem a conflict, by path, each with who changed what.
fn conflicts(
    cx: &Context<'_>,
    facts: &Facts,
    release: &Release,
    (sides, conflicts): (&Sides<'_>, &[Conflict]),
) -> Result<Vec<Problem>, EngineError> {
    let grouped = grouped(conflicts);
    let mut problems = Vec::new();
    for (index, found) in grouped.iter().take(NAMED_CONFLICTS).enumerate() {
        let here = cx
            .git
            .commits_of((sides.base, sides.head), &found.paths, NAMED_COMMITS + 1)?;
        let core = cx
            .git
            .commits_of((sides.base, sides.core), &found.paths, NAMED_COMMITS + 1)?;
        let mut evidence = String::new();
        if found.paths.len() > 1 {
            let names: Vec<String> = found.paths.iter().map(|path| shown(path)).collect();
            let _ = writeln!(evidence, "about {}", names.join(", "));
        }
        let _ = writeln!(evidence, "{}", side("here", &here));
        let _ = write!(
            evidence,
            "{}",
            side(&format!("Core {}", release.tag), &core)
        );
        let mut hint = advice(&found.kinds).to_owned();
        if index == 0 {
            hint.push('\n');
            hint.push_str(&by_hand(facts, release));
        }
        problems.push(
            Problem::new(
                Code::MergeConflict,
                shown(&found.subject),
                format!(
                    "this repository and {} changed it in ways that do not go together ({})",
                    release.tag,
                    found.kinds.join(", ")
                ),
            )
            .evidence(evidence)
            .hint(Who::You, hint),
        );
    }
    if let Some(more) = grouped
        .len()
        .checked_sub(NAMED_CONFLICTS)
        .filter(|n| *n > 0)
    {
        problems.push(
            Problem::new(
                Code::MergeConflict,
                // After every path, whatever its name.
                format!("\u{7e}{more} more"),
                format!("{more} more paths do not go together with {}", release.tag),
            )
            .hint(Who::You, "merge by hand, as the first conflict says"),
        );
    }
    Ok(problems)
}

/// Everything about one path.
struct Found {
    subject: PathBuf,
    paths: Vec<PathBuf>,
    kinds: Vec<String>,
}

/// Git tells of one path up to three times (binary, contents, mode); a person wants it once.
fn grouped(conflicts: &[Conflict]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for conflict in conflicts {
        let kind = kind(conflict);
        let subject = subject(conflict);
        if let Some(known) = found.iter_mut().find(|known| known.subject == subject) {
            // What is binary is told by that name alone.
            if kind != "content" && !known.kinds.contains(&kind) {
                known.kinds.push(kind);
            }
            for path in &conflict.paths {
                if !known.paths.contains(path) {
                    known.paths.push(path.clone());
                }
            }
        } else {
            found.push(Found {
                subject,
                paths: conflict.paths.clone(),
                kinds: vec![kind],
            });
        }
    }
    // The order in which problems of one code are shown.
    found.sort_by_key(|found| shown(&found.subject));
    found
}

/// The path that a person knows: of a file in a folder's way git's own first one is invented.
fn subject(conflict: &Conflict) -> PathBuf {
    let known = if conflict.kind == "file/directory" {
        conflict.paths.last()
    } else {
        conflict.paths.first()
    };
    known.cloned().unwrap_or_default()
}

/// The kind in plain words; git's own name where it has one that says it.
fn kind(conflict: &Conflict) -> String {
    match conflict.kind.as_str() {
        "contents" if conflict.modes == [crate::submodule::GITLINK] => "submodule",
        "contents" if conflict.modes == [0o120_000] => "symlink",
        "contents" => "content",
        "distinct modes" => "mode",
        kind if kind.starts_with("submodule") => "submodule",
        kind => kind,
    }
    .to_owned()
}

fn advice(kinds: &[String]) -> &'static str {
    match kinds.first().map_or("", String::as_str) {
        "modify/delete" | "rename/delete" => {
            "one side removed what the other goes on with: decide whether it is still needed"
        }
        "binary" => "a binary file cannot be merged: choose one side's",
        "submodule" => "choose the submodule's commit that holds both sides",
        kind if kind.contains("rename") || kind.contains("directory") => {
            "decide which of the two places it belongs to"
        }
        _ => "take the change into Core, or settle it by hand",
    }
}

/// What to type to merge by hand.
fn by_hand(facts: &Facts, release: &Release) -> String {
    let tag = text::visible(&release.tag);
    let (fetch, what) = match facts.registry.remote() {
        Some(remote) => (
            format!("`git fetch {} tag {tag}`, ", text::visible(remote)),
            tag.clone(),
        ),
        None if facts
            .refs
            .iter()
            .any(|r| r.name == format!("refs/tags/{}", release.tag)) =>
        {
            (String::new(), tag.clone())
        }
        None => (String::new(), format!("refs/vit/releases/{tag}")),
    };
    format!(
        "by hand: {fetch}`git merge {what}`, settle the files that git names, `git add` them and \
         `git commit` (`git merge --abort` gives it up); then run the smoke tests: vit knows {tag} \
         as installed, but has not proven it"
    )
}

fn side(name: &str, commits: &[Told]) -> String {
    let mut told: Vec<String> = commits
        .iter()
        .take(NAMED_COMMITS)
        .map(|commit| format!("{} {}", commit.short, text::visible(&commit.subject)))
        .collect();
    if commits.len() > NAMED_COMMITS {
        told.push("and more".to_owned());
    }
    if told.is_empty() {
        // A conflict of a folder's rename can name a path that no commit of a side touched.
        told.push("no commit touched it".to_owned());
    }
    format!("{name}: {}", told.join("; "))
}

fn shown(path: &std::path::Path) -> String {
    text::visible(&path.display().to_string())
}
