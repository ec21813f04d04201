//! What the installation itself has against a switch. There is no override.

use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::plan::{Step, Strategy};
use vit_contract::problem::{Problem, Who};

use super::{Choice, Repository};
use crate::facts::{Facts, Status, Target};

/// How many files a problem names.
const NAMED_FILES: usize = 10;

/// Everything that stands against an upgrade to `target`.
#[must_use]
pub fn upgrade(
    facts: &Facts,
    target: &Target,
    repository: &Repository,
    choice: &Choice,
) -> Vec<Problem> {
    let mut problems = facts.problems.clone();
    // What is dirty in Core's own submodule, the landing tells with what to do there.
    let mut status = facts.status.clone();
    status.changed.retain(|path| !is_core(target, path));
    working_tree(&mut problems, &status, repository);
    in_the_way(&mut problems, target);
    commits(&mut problems, facts, target, choice);
    problems.extend(target.landing.problems.iter().cloned());
    holds(&mut problems, facts, target);
    problems.extend(super::quarantine::problem(target, choice.retry.as_deref()));
    if facts
        .version()
        .is_some_and(|current| target.release.version < *current)
    {
        problems.push(
            Problem::new(
                Code::Downgrade,
                &target.release.tag,
                "the target is older than what is installed",
            )
            .evidence(format!(
                "installed {}, target {}",
                facts.version().map(ToString::to_string).unwrap_or_default(),
                target.release.version
            ))
            .hint(
                Who::You,
                "`vit rollback` goes back to a state that was verified here",
            ),
        );
    }
    if target
        .switch
        .changes
        .iter()
        .any(|change| change.new_mode == crate::facts::GITLINK && !is_core(target, &change.path))
    {
        problems.push(
            Problem::new(
                Code::SubmodulesPresent,
                &target.release.tag,
                "the switch changes submodules, which vit does not update",
            )
            .hint(
                Who::You,
                "run `git submodule update --init` after the upgrade",
            ),
        );
    }
    problems
}

/// Whether a path is the submodule that Core is, which has a step of its own.
fn is_core(target: &Target, path: &Path) -> bool {
    target.landing.steps.iter().any(|step| match step {
        Step::SwitchSubmodule(switch) => path == Path::new(&switch.path),
        _ => false,
    })
}

/// What is true whatever the target: dirty files, critical paths, operations under way.
pub fn working_tree(problems: &mut Vec<Problem>, status: &Status, repository: &Repository) {
    if !status.changed.is_empty() {
        problems.push(
            Problem::new(Code::DirtyTree, "working tree", "tracked files have changes that are not committed")
                .evidence(name_files(&status.changed))
                .hint(Who::You, "keep them with `git stash`, or drop them with `git restore --staged --worktree FILE`"),
        );
    }
    let critical: Vec<PathBuf> = status
        .untracked
        .iter()
        .filter(|path| {
            repository
                .critical_paths
                .iter()
                .any(|c| touches(path, Path::new(c)))
        })
        .cloned()
        .collect();
    if !critical.is_empty() {
        problems.push(
            Problem::new(
                Code::UntrackedInCriticalPath,
                "working tree",
                "untracked files stand in a critical path",
            )
            .evidence(name_files(&critical))
            .hint(
                Who::You,
                "move them elsewhere, or delete them after a look with `git clean -n PATH`",
            ),
        );
    }
    if let Some(operation) = repository.operation {
        problems.push(
            Problem::new(
                Code::OperationInProgress,
                "working tree",
                format!("a {operation} is under way"),
            )
            .hint(
                Who::You,
                format!("finish it, or give it up with `git {operation} --abort`"),
            ),
        );
    }
    if !repository.hidden.is_empty() {
        problems.push(
            Problem::new(
                Code::HiddenChanges,
                "working tree",
                "git is told to overlook changes of tracked files",
            )
            .evidence(name_files(&repository.hidden))
            .hint(
                Who::You,
                "undo it with `git update-index --no-assume-unchanged --no-skip-worktree FILE`",
            ),
        );
    }
    if repository.sparse {
        problems.push(
            Problem::new(
                Code::SparseCheckout,
                "working tree",
                "the working tree is sparse: it cannot be compared with a release as a whole",
            )
            .hint(Who::You, "make it whole with `git sparse-checkout disable`"),
        );
    }
    problems.extend(unsafe_config(&repository.programs));
    problems.extend(repository.unsafe_folders.iter().cloned());
}

/// That the repository's own configuration names programs for git.
#[must_use]
pub fn unsafe_config(programs: &[String]) -> Option<Problem> {
    (!programs.is_empty()).then(|| {
        Problem::new(
            Code::UnsafeGitConfig,
            "git configuration",
            "the repository's own git configuration names programs for git to run",
        )
        .evidence(vit_contract::text::visible(&programs.join(", ")))
        .hint(
            Who::You,
            "look at them with `git config --local --list`; a filter runs where git reads or \
             writes a file that it is for, the others do not run for vit: what you need of them \
             belongs into your own configuration (`git config --global`)",
        )
    })
}

fn in_the_way(problems: &mut Vec<Problem>, target: &Target) {
    if target.switch.in_the_way.is_empty() {
        return;
    }
    problems.push(
        Problem::new(
            Code::UntrackedInTheWay,
            "working tree",
            format!(
                "files that git does not track stand where {} has files",
                target.release.tag
            ),
        )
        .evidence(name_files(&target.switch.in_the_way))
        .hint(
            Who::You,
            "move them elsewhere; git would overwrite the ignored ones among them without a word",
        ),
    );
}

fn commits(problems: &mut Vec<Problem>, facts: &Facts, target: &Target, choice: &Choice) {
    if target.landing.strategy != Strategy::Checkout {
        // HEAD's own commits stay below the new one.
        return;
    }
    if target.own_commits > 0 && !target.fast_forward {
        problems.push(
            Problem::new(Code::OwnCommits, "HEAD", "HEAD carries commits of its own on top of Core: switching the tree would drop their content")
                .evidence(format!("{} in no release and in no branch of the release remote", commits_are(target.own_commits)))
                .hint(Who::You, own_commits_hint(facts, target)),
        );
    } else if target.ahead > 0 && !target.fast_forward {
        problems.push(
            Problem::new(Code::AheadOfRelease, "HEAD", "HEAD is ahead of the releases it contains; its commits stay where they are, the tree becomes the release's")
                .evidence(format!("{} in no release", commits_are(target.ahead))),
        );
    }
    if choice.branch && !target.fast_forward {
        problems.push(
            Problem::new(
                Code::BranchNotFastForward,
                "HEAD",
                "the branch cannot move to the target without leaving commits behind",
            )
            .hint(
                Who::You,
                "leave --branch out: HEAD is then detached at the release and the branch stays",
            ),
        );
    }
    if choice.branch && facts.status.branch.is_none() {
        problems.push(
            Problem::new(
                Code::BranchNotFastForward,
                "HEAD",
                "there is no branch to move: HEAD is detached",
            )
            .hint(
                Who::You,
                "leave --branch out, or `git switch` to a branch first",
            ),
        );
    }
}

/// Why such a HEAD is not merged with, and what would change that.
fn own_commits_hint(facts: &Facts, target: &Target) -> String {
    let tag = &target.release.tag;
    if facts.status.branch.is_none() {
        "HEAD is detached: give the commits a branch with `git switch -c NAME`; vit then merges \
         the release into it"
            .to_owned()
    } else if target.landing.contained {
        format!(
            "HEAD contains {tag} already, with these commits on top: `git log --oneline {tag}..HEAD`"
        )
    } else {
        format!(
            "a merge with the older {tag} would take nothing back: `vit rollback` goes back to a \
             state that was verified here"
        )
    }
}

fn commits_are(number: usize) -> String {
    if number == 1 {
        "1 commit is".to_owned()
    } else {
        format!("{number} commits are")
    }
}

fn holds(problems: &mut Vec<Problem>, facts: &Facts, target: &Target) {
    for hold in facts
        .choices
        .holds
        .iter()
        .filter(|hold| hold.covers(&target.release.version))
    {
        let what = hold.version.as_ref().map_or_else(
            || "every upgrade is held".to_owned(),
            |v| format!("{v} is held"),
        );
        problems.push(
            Problem::new(Code::Held, &target.release.tag, what)
                .evidence(format!("since {}", hold.since))
                .hint(
                    Who::You,
                    hold.version
                        .as_ref()
                        .map_or_else(|| "vit unhold".to_owned(), |v| format!("vit unhold {v}")),
                ),
        );
    }
}

/// Whether `path` lies in `folder`, or is a folder that holds it.
fn touches(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder) || (folder.starts_with(path) && !path.as_os_str().is_empty())
}

/// The first few names, and how many more.
pub(crate) fn name_files<P: AsRef<Path>>(files: &[P]) -> String {
    let mut text: Vec<String> = files
        .iter()
        .take(NAMED_FILES)
        .map(|path| vit_contract::text::visible(&path.as_ref().display().to_string()))
        .collect();
    if files.len() > NAMED_FILES {
        text.push(format!("and {} more", files.len() - NAMED_FILES));
    }
    text.join(", ")
}
