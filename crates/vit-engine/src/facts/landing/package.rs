//! The strategy `package`: Core is an installed package of a project of its own, and the pins in
//! its files become the release's, as one commit on the current branch.

use std::fmt::Write as _;

use vit_contract::code::Code;
use vit_contract::pins::{Change, Edit, Pin, PyVersion, Target, apply};
use vit_contract::plan::{PinEdit, Position, Strategy};
use vit_contract::problem::{Place, Problem, Who};
use vit_contract::release::Release;
use vit_contract::text::visible;

use super::super::Facts;
use super::super::environment;
use super::super::pins::{OTHER_LOCKS, PinFile, Pins, UV_LOCK};
use super::{Commit, Landing, identity_problem, lock};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::TreeEntry;

/// The commit that pins `release`.
///
/// # Errors
/// Git failed.
pub(super) fn landing(
    cx: &Context<'_>,
    facts: &Facts,
    pins: &Pins,
    (release, core): (&Release, &Position),
) -> Result<Landing, EngineError> {
    let Some(head) = &facts.position else {
        return Ok(Landing::checkout(core));
    };
    let mut landing = Landing {
        strategy: Strategy::Package,
        tree: head.tree.clone(),
        commit: Commit::New {
            parents: vec![head.commit.clone()],
            message: String::new(),
        },
        branch: facts.status.branch.clone(),
        steps: Vec::new(),
        problems: untracked(pins),
        contained: false,
        pins: Vec::new(),
        install: None,
    };
    let Some(version) = PyVersion::of_semver(&release.version) else {
        landing.problems.push(not_python(release));
        return Ok(landing);
    };
    let target = Target {
        version,
        tag: release.tag.clone(),
        commit: core.commit.clone(),
    };
    let mut edited = Edited::default();
    for file in &pins.files {
        edited.file(file, &target);
    }
    landing.problems.extend(no_release(facts, pins));
    landing.problems.append(&mut edited.problems);
    if !landing.is_blocked() {
        let project = lock::Project {
            cx,
            pins,
            head,
            core,
        };
        match lock::edited(&project, &target, &edited.files)? {
            lock::Answer::Same => {}
            lock::Answer::Text { text, from } => {
                edited.note(UV_LOCK, from, target.version.to_string());
                edited.files.push((UV_LOCK.to_owned(), text));
            }
            lock::Answer::Refused(problem) => landing.problems.push(*problem),
        }
    }
    if !edited.files.is_empty() {
        landing.problems.extend(other_locks(pins, release));
        landing.problems.extend(identity_problem(cx)?);
    } else if !landing.is_blocked() {
        if edited.there || pins.lock.is_some() {
            landing.contained = true;
        } else {
            landing.problems.push(nothing_to_edit(pins, &target));
        }
    }
    if !landing.is_blocked() && !edited.files.is_empty() {
        landing.tree = tree(cx, &head.commit, &edited.files)?;
        landing.install = install(cx, pins);
    }
    landing.commit = Commit::New {
        parents: vec![head.commit.clone()],
        message: message(pins, release, &edited.edits),
    };
    landing.pins = edited.edits;
    Ok(landing)
}

/// What the files become.
#[derive(Default)]
struct Edited {
    /// Path and new text.
    files: Vec<(String, String)>,
    /// What is said of it.
    edits: Vec<PinEdit>,
    problems: Vec<Problem>,
    /// Whether a pin names the target already.
    there: bool,
}

impl Edited {
    fn file(&mut self, file: &PinFile, target: &Target) {
        let mut edits = Vec::new();
        for pin in &file.pins {
            match pin.towards(target) {
                Change::None => self.there = true,
                Change::To(text) => {
                    self.note(&file.path, pin.old().to_owned(), text.clone());
                    edits.push(Edit {
                        span: pin.span.clone(),
                        text,
                    });
                }
                change => self.problems.extend(against(file, pin, (&change, target))),
            }
        }
        if !edits.is_empty() {
            self.files
                .push((file.path.clone(), apply(&file.text, &edits)));
        }
    }

    fn note(&mut self, file: &str, from: String, to: String) {
        let edit = PinEdit {
            file: file.to_owned(),
            from,
            to,
        };
        if !self.edits.contains(&edit) {
            self.edits.push(edit);
        }
    }
}

/// What is said of a pin that is not edited.
fn against(file: &PinFile, pin: &Pin, (change, target): (&Change, &Target)) -> Option<Problem> {
    let version = &target.version;
    let (code, message, hint) = match change {
        Change::None | Change::To(_) => return None,
        Change::Admits => {
            let message = format!("the pin lets {version} in: it is left as it is");
            let problem = Problem::new(Code::PinRangeKept, &file.path, message);
            return Some(problem.evidence(&pin.shown).at(place(file, pin)));
        }
        Change::Excludes => (
            Code::PinRange,
            format!("the pin is a range that does not let {version} in"),
            format!("let {version} in, or pin one version with `==`, and commit it"),
        ),
        Change::Hashed => (
            Code::PinHashed,
            "the pin bears hashes of the old version's files; those of the new one's are not known \
             here"
                .to_owned(),
            format!(
                "make the file anew with the tool that wrote it, for {version} (`pip-compile \
                 --generate-hashes`, `uv pip compile --generate-hashes`), and commit it"
            ),
        ),
        Change::Unclear(why) => (
            Code::PinUnclear,
            format!("the pin cannot be edited: {why}"),
            format!(
                "write it as `==` and a version, or as git's address with `@{}`",
                target.tag
            ),
        ),
    };
    let problem = Problem::new(code, &file.path, message).evidence(&pin.shown);
    Some(problem.hint(Who::You, hint).at(place(file, pin)))
}

fn place(file: &PinFile, pin: &Pin) -> Place {
    Place {
        line: Some(pin.line),
        ..Place::file(&file.path)
    }
}

fn untracked(pins: &Pins) -> Vec<Problem> {
    let problem = |path: &String| {
        Problem::new(
            Code::PinUntracked,
            visible(path),
            format!(
                "it names {} and is not in HEAD: an edit could not be undone",
                pins.distribution
            ),
        )
        .hint(
            Who::You,
            "commit it (`git add -f FILE` where it is ignored), or remove the pin from it",
        )
    };
    pins.untracked.iter().map(problem).collect()
}

/// That what is pinned now is nothing that the registry knows.
fn no_release(facts: &Facts, pins: &Pins) -> Option<Problem> {
    let known = &facts.listing.releases;
    let (version, place) = pins.exact(&facts.refs).into_iter().find(|(version, _)| {
        known
            .binary_search_by(|release| release.version.cmp(version))
            .is_err()
    })?;
    let problem = Problem::new(
        Code::PinNoRelease,
        &pins.distribution,
        format!("it is pinned to {version}, which is no release"),
    );
    Some(problem.evidence(place).hint(
        Who::You,
        "what changes on the way from it is not known: read the release's changes",
    ))
}

fn not_python(release: &Release) -> Problem {
    Problem::new(
        Code::VersionNotPython,
        &release.tag,
        format!("{} has no spelling of PEP 440", release.version),
    )
    .hint(
        Who::Core,
        "name pre-releases alpha, beta, rc or dev and a number: `1.2.0-beta.1`",
    )
}

fn nothing_to_edit(pins: &Pins, target: &Target) -> Problem {
    let files: Vec<&str> = pins.files.iter().map(|file| file.path.as_str()).collect();
    Problem::new(
        Code::PinOpen,
        &pins.distribution,
        "no file pins it to one version: there is nothing to edit and nothing to go back to",
    )
    .evidence(visible(&files.join(", ")))
    .hint(
        Who::You,
        format!(
            "pin what is installed, `{}==<version>`, and commit it; then upgrade to {}",
            pins.distribution, target.version
        ),
    )
}

/// Locks that an edit would leave behind.
fn other_locks(pins: &Pins, release: &Release) -> Vec<Problem> {
    let problem = |path: &String| {
        let tool = OTHER_LOCKS.iter().find(|(name, _)| name == path);
        let command = tool.map_or("its tool", |(_, command)| command);
        Problem::new(
            Code::PinLockStale,
            path,
            "it has the distribution locked, and vit cannot make it anew",
        )
        .hint(
            Who::You,
            format!(
                "pin {} yourself, run `{command}`, and commit both",
                release.version
            ),
        )
    };
    pins.other_locks.iter().map(problem).collect()
}

/// The tree of HEAD with these texts in it.
fn tree(cx: &Context<'_>, head: &str, files: &[(String, String)]) -> Result<String, EngineError> {
    let mut entries = cx.git.ls_tree::<&str>(head, &[], true)?;
    for (path, text) in files {
        let oid = cx.git.hash_bytes(text.as_bytes(), true)?;
        let found = entries
            .iter_mut()
            .find(|entry: &&mut TreeEntry| entry.path == std::path::Path::new(path));
        if let Some(entry) = found {
            entry.oid = oid;
        }
    }
    let name = format!("vit-pins-{}", std::process::id());
    Ok(cx.git.make_tree(&entries, &cx.site.git_dir.join(name))?)
}

/// A project with a lock of uv is installed as it is locked; what else is in the environment
/// stays.
fn install(cx: &Context<'_>, pins: &Pins) -> Option<Vec<Vec<String>>> {
    pins.lock.as_ref()?;
    let environment = environment::folder(cx)?;
    let place = format!("UV_PROJECT_ENVIRONMENT={}", environment.display());
    let words = ["env", &place, "uv", "sync", "--frozen", "--inexact"];
    Some(vec![words.map(str::to_owned).into()])
}

/// The message of the commit: the same for the same facts.
fn message(pins: &Pins, release: &Release, edits: &[PinEdit]) -> String {
    let mut out = format!(
        "Core {}\n\n{} is pinned anew:\n",
        release.version, pins.distribution
    );
    for edit in edits {
        let _ = writeln!(out, "- {}: {} -> {}", edit.file, edit.from, edit.to);
    }
    out.push_str("\nMade by vit upgrade.\n");
    out
}
