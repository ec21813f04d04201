//! Going through a rehearsal: the tree, what stands beside it, the steps, the manifests judged
//! again, the smoke tests, the proof by content, and what is kept of a failure.

use std::ffi::OsString;
use std::path::Path;

use vit_contract::code::Code;
use vit_contract::output::{SmokeOutcome, SmokeResult};
use vit_contract::plan::{Plan, SmokeTest, Step};
use vit_contract::problem::{Problem, Who};

use super::environment::{self, LiveEnvironment};
use super::files::{self, Brought};
use super::place::Place;
use super::{Stop, fails, point, repository, shared, submodules, unbuilt};
use crate::context::Context;
use crate::environment::Environment;
use crate::error::EngineError;
use crate::exec::evidence::{self, ProbeOutput};
use crate::exec::proof::{self, Expected};
use crate::exec::record::VerticalFiles;
use crate::exec::run::{problem_of, version_text};
use crate::facts::{Facts, Target, verticals};
use crate::git::{Git, RefEdit};
use crate::site::Site;
use crate::steps::submodule::{self, End};
use crate::steps::{self, locks, probe, switch_tree, vertical_files};

/// What came of it, so far as it went.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub results: Vec<SmokeResult>,
    pub fails: Vec<Problem>,
    pub cannot_tell: Vec<Problem>,
    pub shared: Vec<String>,
    pub environment: bool,
    pub evidence: Option<String>,
    /// Whether submodules are missing that the live tree has: what fails may be due to that.
    unlike: bool,
}

/// What is rehearsed, and where.
struct Stage<'a> {
    plan: &'a Plan,
    facts: &'a Facts,
    target: &'a Target,
    place: &'a Place,
}

/// Goes through it to the first thing that keeps it from going on.
pub(super) fn hold(
    live: &Context<'_>,
    plan: &Plan,
    (facts, target): (&Facts, &Target),
    place: &Place,
) -> Result<Held, EngineError> {
    let stage = Stage {
        plan,
        facts,
        target,
        place,
    };
    let mut held = Held::default();
    match stage.go(live, &mut held) {
        Ok(()) => {}
        Err(Stop::Fails(problem)) => held.fails.push(*problem),
        Err(Stop::CannotTell(problem)) => held.cannot_tell.push(*problem),
        Err(Stop::Error(error)) => return Err(error),
    }
    if held.unlike {
        held.cannot_tell.append(&mut held.fails);
    }
    Ok(held)
}

impl Stage<'_> {
    fn go(&self, live: &Context<'_>, held: &mut Held) -> Result<(), Stop> {
        let tree = self.place.tree();
        repository::make(live, &self.plan.from.position, &tree, &[])
            .map_err(|error| unbuilt(&error))?;
        point(live, "repository")?;
        let mut site = site(live.site, &tree, &self.place.state());
        let git = Git::open(&tree, live.environment).with_cancel(live.cancel);
        let bare = Context {
            site: &site,
            git: &git,
            ..*live
        };
        for step in &self.plan.steps {
            if let Step::SwitchTree { from, to } = step {
                switch_tree::switch(&bare, from, to).map_err(|error| fails(&error))?;
            }
        }
        let submodules = submodules::bring(live, &bare, self.plan)?;
        held.unlike = submodules.unlike;
        self.arrived(&bare)?;
        point(live, "tree")?;
        stopped(live)?;
        let about = (
            self.target.switch.verticals.as_slice(),
            self.plan.smoke_tests.as_slice(),
        );
        let python = LiveEnvironment::of(live, self.plan, self.place);
        let apart = python
            .iter()
            .flat_map(LiveEnvironment::apart)
            .collect::<Vec<_>>();
        let mut brought = files::bring(live, &tree, about, (&submodules.beside, &apart))
            .map_err(|error| unbuilt(&error))?;
        environment::bring_installed(live, &tree, &mut brought);
        held.shared = shared::shared(self.plan, &tree, (&brought, &submodules));
        point(live, "files")?;
        stopped(live)?;

        let environment = moved(live.environment, &live.site.root, &tree);
        let cx = Context {
            site: &site,
            git: &git,
            environment: &environment,
            ..*live
        };
        if let Some(python) = &python {
            python.bring(live).map_err(|error| unbuilt(&error))?;
            held.environment = true;
            point(live, "environment")?;
            stopped(live)?;
            self.install(live, &cx, python, held)?;
        }
        self.judge(&cx)?;
        point(live, "judge")?;
        let python = python.as_ref().map(|python| python.target.as_path());
        let outputs = self.probe(&cx, (&brought, python), held)?;
        stopped(live)?;
        point(live, "probe")?;
        if !held.fails.is_empty() || !held.cannot_tell.is_empty() {
            // The evidence is the live installation's: it outlives the rehearsal.
            site.state_dir.clone_from(&live.site.state_dir);
            let cx = Context {
                site: &site,
                git: &git,
                ..*live
            };
            let cause = held.fails.first().or(held.cannot_tell.first());
            held.evidence = cause.and_then(|cause| self.keep(&cx, cause, &outputs));
            point(live, "evidence")?;
        }
        Ok(())
    }

    /// As in a transaction: the tree is the target's before anything runs in it.
    fn arrived(&self, cx: &Context<'_>) -> Result<(), Stop> {
        let expected = self.expected(None);
        let proof = proof::quick(cx, &expected).map_err(|error| fails(&error.into()))?;
        if proof.verified {
            return Ok(());
        }
        let text = "the switched tree is not the target's";
        Err(Stop::Fails(Box::new(
            Problem::new(Code::TreeMismatch, "working tree", text)
                .evidence(proof.mismatches.join("; ")),
        )))
    }

    const fn expected<'e>(&'e self, comparing: Option<&'e str>) -> Expected<'e> {
        Expected {
            position: &self.plan.to.position,
            files: None,
            untracked: None,
            comparing,
            environment: None,
        }
    }

    /// The commands of the plan's step, with their paths moved. What they say of a failure is
    /// kept with the live installation's evidence.
    fn install(
        &self,
        live: &Context<'_>,
        cx: &Context<'_>,
        python: &LiveEnvironment,
        held: &mut Held,
    ) -> Result<(), Stop> {
        let site = Site {
            state_dir: live.site.state_dir.clone(),
            ..cx.site.clone()
        };
        let cx = Context { site: &site, ..*cx };
        for step in &self.plan.steps {
            let Step::Environment(step) = step else {
                continue;
            };
            let moved = python.moved(step);
            if let Err(problem) = steps::environment::run(&cx, &self.place.id, &moved) {
                let folder = live.site.state_dir.join("evidence").join(&self.place.id);
                held.evidence = folder.is_dir().then(|| folder.display().to_string());
                stopped(live)?;
                return Err(Stop::Fails(problem));
            }
        }
        Ok(())
    }

    fn installs(&self) -> bool {
        let mut steps = self.plan.steps.iter();
        steps.any(|step| matches!(step, Step::Environment(_)))
    }

    /// The manifests as they stand on disk at the target.
    fn judge(&self, cx: &Context<'_>) -> Result<(), Stop> {
        let to = &self.plan.to.position;
        let on_disk = verticals::discover(cx, Some(&to.commit)).map_err(|error| unbuilt(&error))?;
        let verdict = self.facts.judge_verticals(self.target, &on_disk);
        match verdict.problems().find(|problem| problem.blocks()) {
            Some(problem) => Err(Stop::Fails(Box::new(problem.clone()))),
            None => Ok(()),
        }
    }

    /// The smoke tests, and what they made of the tree.
    fn probe(
        &self,
        cx: &Context<'_>,
        (brought, python): (&Brought, Option<&Path>),
        held: &mut Held,
    ) -> Result<Vec<ProbeOutput>, Stop> {
        let unable = |error: EngineError| unbuilt(&error);
        let kept = vertical_files::keep(cx, &self.target.switch.verticals, &self.plan.smoke_tests)
            .map_err(unable)?;
        if let Some(kept) = &kept {
            // As in a transaction: a smoke test may let git throw away what no ref holds.
            let edit = RefEdit::Create {
                name: format!("refs/vit/files/{}", self.place.id),
                oid: kept.tree.clone(),
            };
            cx.git
                .update_refs(&[edit])
                .map_err(|error| unbuilt(&error.into()))?;
        }
        let comparing = proof::comparing(cx).map_err(unable)?;
        let (from, to) = (version_text(&self.plan.from), version_text(&self.plan.to));
        let about = probe::Surroundings {
            phase: "rehearsal",
            transaction: &self.place.id,
            from: &from,
            to: &to,
            environment: python,
        };
        let left_out = |test: &SmokeTest| brought.verticals_left_out.contains(&test.root);
        let (absent, present): (Vec<SmokeTest>, Vec<SmokeTest>) =
            self.plan.smoke_tests.iter().cloned().partition(left_out);
        let installed = python.filter(|_| self.installs());
        let made = installed.map(|path| Ok((path, steps::environment::look(cx, path)?)));
        let made = made.transpose().map_err(unable)?;
        let probed = probe::run(cx, &present, &about);
        for result in &probed.results {
            let Some(problem) = probe::problem(result) else {
                continue;
            };
            match result.outcome {
                SmokeOutcome::CouldNotRun => held.cannot_tell.push(problem),
                SmokeOutcome::Pass | SmokeOutcome::Fail | SmokeOutcome::Timeout => {
                    held.fails.push(problem);
                }
            }
        }
        held.results = probed.results;
        held.cannot_tell.extend(absent.iter().map(too_large));
        if !held.results.is_empty() && !cx.cancel.is_set() {
            let changed = self
                .changed(cx, (&comparing, kept.as_ref()))
                .map_err(|error| fails(&error))?;
            held.fails.extend(changed);
            if let Some((path, made)) = &made {
                let changed = steps::environment::differing(cx, path, made).map_err(unable)?;
                let problem = (!changed.is_empty()).then(|| steps::environment::mismatch(&changed));
                held.fails.extend(problem);
            }
        }
        Ok(probed.outputs)
    }

    /// The same comparison as before the commit point.
    fn changed(
        &self,
        cx: &Context<'_>,
        (comparing, kept): (&str, Option<&VerticalFiles>),
    ) -> Result<Option<Problem>, EngineError> {
        let position = &self.plan.to.position;
        locks::remove_left(cx, &[position.branch.as_deref()])?;
        let expected = self.expected(Some(comparing));
        let mut mismatches = proof::by_content(cx, &expected)?.mismatches;
        mismatches.extend(submodule::differing(cx, &self.plan.steps, End::To)?);
        if let Some(kept) = kept {
            let gone = vertical_files::gone(cx, kept)?;
            mismatches.extend(gone.iter().map(|path| format!("{path} is gone")));
        }
        let text = "after the smoke tests the tree is not the target's";
        Ok((!mismatches.is_empty()).then(|| {
            Problem::new(Code::TreeMismatch, "working tree", text).evidence(mismatches.join("; "))
        }))
    }

    /// Keeps outputs and what changed in the tree. That it cannot is no reason to be silent of
    /// the failure itself.
    fn keep(&self, cx: &Context<'_>, cause: &Problem, outputs: &[ProbeOutput]) -> Option<String> {
        match evidence::of_rehearsal(cx, &self.place.id, cause, outputs) {
            Ok(evidence) => Some(evidence.folder().display().to_string()),
            Err(error) => {
                let problem = problem_of(&error, Code::StepFailed)
                    .severity(vit_contract::problem::Severity::Warning);
                cx.reporter.report(crate::event::Event::Noticed { problem });
                None
            }
        }
    }
}

/// The rehearsal's own site.
fn site(live: &Site, tree: &Path, state: &Path) -> Site {
    let git_dir = tree.join(".git");
    Site {
        root: tree.to_owned(),
        vertical_root: None,
        common_dir: git_dir.clone(),
        git_dir,
        state_dir: state.to_owned(),
        public_dir: tree.join(".vitruvyan"),
        ..live.clone()
    }
}

/// Variables that name the live root, or something in it that the rehearsal has too (`PATH`,
/// `PYTHONPATH`, `VIRTUAL_ENV`), name the rehearsal's: else the old code would be tried.
fn moved(environment: &Environment, live: &Path, tree: &Path) -> Environment {
    let part = |part: &Path| -> OsString {
        let inside = part.strip_prefix(live).ok().map(|inside| tree.join(inside));
        match inside {
            Some(there) if there.exists() => there.components().as_path().into(),
            _ => part.into(),
        }
    };
    environment.map(|name, value| {
        let personal = ["HOME", "TMPDIR"].iter().any(|kept| name == *kept);
        let names_live = value
            .as_encoded_bytes()
            .windows(live.as_os_str().len())
            .any(|window| window == live.as_os_str().as_encoded_bytes());
        if personal || !names_live {
            return value.to_owned();
        }
        let mut parts = std::env::split_paths(value).map(|path| part(&path));
        let mut text = parts.next().unwrap_or_default();
        for part in parts {
            text.push(":");
            text.push(part);
        }
        text
    })
}

fn too_large(test: &SmokeTest) -> Problem {
    Problem::new(
        Code::RehearsalCouldNotTell,
        &test.vertical,
        "the vertical's files are too many or too large for a rehearsal",
    )
    .hint(
        Who::VerticalOwner,
        "keep large data outside the vertical's folder, or upgrade without a rehearsal",
    )
}

fn stopped(cx: &Context<'_>) -> Result<(), Stop> {
    if cx.cancel.is_set() {
        return Err(Stop::Error(EngineError::Stopped {
            what: "the rehearsal",
        }));
    }
    Ok(())
}
