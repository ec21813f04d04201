//! What is kept of a failure before anything is undone: bounded, without secrets, and never in the
//! way of the undo. The first cause stays the first, whatever a recovery finds later.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde::Serialize;
use vit_contract::code::Code;
use vit_contract::history::Proof;
use vit_contract::output::WholeOutput;
use vit_contract::problem::{Problem, Severity};
use vit_contract::text::visible;

use super::proof;
use super::run::Run;
use crate::context::Context;
use crate::error::EngineError;
use crate::redact::Redactor;
pub use crate::store::evidence::Evidence;
use crate::store::{atomic, evidence::Additions};

/// The largest `pyvenv.cfg` that is read, in bytes.
const PYVENV_MAX_BYTES: usize = 64 * 1024;

/// A smoke test's output, as far as it was captured.
#[derive(Debug, Clone)]
pub struct ProbeOutput {
    /// The vertical.
    pub vertical: String,
    /// What it printed, without secrets.
    pub output: Vec<u8>,
    /// The whole of which this is kept.
    pub whole: WholeOutput,
}

/// How long a stage took.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Timing {
    /// The stage.
    pub stage: crate::event::Stage,
    /// Seconds, by a clock that is never set back.
    pub seconds: f64,
}

/// The programs at work.
#[derive(Debug, Serialize)]
struct Versions {
    vit: &'static str,
    git: Option<String>,
    python: Option<String>,
    kernel: String,
}

/// The bundle of a run that goes back, and what is to come of it.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// Captured outputs as a whole, by the name of their file.
    outputs: BTreeMap<String, WholeOutput>,
    /// Where this run's timings stand.
    timings: Option<PathBuf>,
    /// How many problems were known before the way back.
    before: usize,
}

/// Keeps one part of a bundle.
type Part = fn(&mut Run<'_, '_>, &Evidence, &Problem) -> Result<(), EngineError>;

/// Opens the folder and fills it: the cause, each smoke test's output, what git says of the tree,
/// what the smoke tests changed and left. One part that fails keeps none of the others away.
/// The error is that of the first part that could not be kept; the caller goes on with the undo.
pub(super) fn keep(
    run: &mut Run<'_, '_>,
    cause: &Problem,
) -> (Option<Evidence>, Option<EngineError>) {
    run.keeping.before = run.problems.len();
    let cx = run.cx;
    let evidence = match Evidence::create(&cx.site.state_dir, &run.id) {
        Ok(evidence) => evidence,
        Err(error) => return (None, Some(error)),
    };
    let mut first = None;
    let parts: [Part; 6] = [
        keep_cause,
        keep_outputs,
        keep_tree,
        keep_untracked,
        keep_versions,
        keep_timings,
    ];
    for part in parts {
        let kept = fault(cx, "put").and_then(|()| part(run, &evidence, cause));
        first = first.or(kept.err());
    }
    first = first.or(write_index(run, &evidence, false).err());
    (Some(evidence), first)
}

/// Adds what the way back has brought, and writes the index over all of it. What fails is told
/// and stops nothing.
pub(super) fn complete(run: &mut Run<'_, '_>, evidence: &Evidence, proof: &Proof) {
    let added = keep_later(run, evidence, proof)
        .and(keep_after_rollback(run, evidence))
        .and(replace_timings(run));
    if let Err(error) = added.and(write_index(run, evidence, true)) {
        let problem = super::run::problem_of(&error, Code::StepFailed);
        run.problems.push(problem.severity(Severity::Warning));
    }
}

fn keep_cause(
    _: &mut Run<'_, '_>,
    evidence: &Evidence,
    cause: &Problem,
) -> Result<(), EngineError> {
    let bytes = serde_json::to_vec_pretty(cause).expect("a problem is plain data");
    evidence.put_once("cause.json", &bytes).map(drop)
}

fn keep_outputs(
    run: &mut Run<'_, '_>,
    evidence: &Evidence,
    _: &Problem,
) -> Result<(), EngineError> {
    let results = &run.story.results;
    if !results.is_empty() {
        let bytes = serde_json::to_vec_pretty(results).expect("results are plain data");
        evidence.put_once("smoke-tests.json", &bytes)?;
    }
    let outputs = std::mem::take(&mut run.outputs);
    put_outputs(run, evidence, "smoke", outputs)
}

fn put_outputs(
    run: &mut Run<'_, '_>,
    evidence: &Evidence,
    prefix: &str,
    outputs: Vec<ProbeOutput>,
) -> Result<(), EngineError> {
    for probe in outputs {
        let path = evidence.put(&format!("{prefix}-{}.log", probe.vertical), &probe.output)?;
        if let Some(name) = path.file_name() {
            let name = name.to_string_lossy().into_owned();
            run.keeping.outputs.insert(name, probe.whole);
        }
    }
    Ok(())
}

fn keep_tree(run: &mut Run<'_, '_>, evidence: &Evidence, _: &Problem) -> Result<(), EngineError> {
    put_tree(run.cx, &run.redactor, evidence)
}

/// Puts what git says of the tree, and what was changed in tracked files.
fn put_tree(cx: &Context<'_>, redactor: &Redactor, evidence: &Evidence) -> Result<(), EngineError> {
    let git = cx.git;
    let status = git.raw(&["status", "--porcelain=v2", "--branch"], Vec::new())?;
    evidence.put("git-status.txt", &redactor.bytes(&status.stdout.kept))?;
    let arguments = ["diff", "--binary", "--no-ext-diff", "--no-textconv", "HEAD"];
    let diff = git.raw(&arguments, Vec::new())?;
    if diff.stdout.total > 0 {
        evidence.put("tree.diff", &redactor.bytes(&diff.stdout.kept))?;
    }
    Ok(())
}

/// Keeps what tells of a rehearsal that failed: the cause, the outputs, the state of its tree.
///
/// # Errors
/// The folder cannot be made or a file cannot be written.
pub(crate) fn of_rehearsal(
    cx: &Context<'_>,
    id: &str,
    cause: &Problem,
    outputs: &[ProbeOutput],
) -> Result<Evidence, EngineError> {
    let redactor = Redactor::new(cx.environment);
    let evidence = Evidence::create(&cx.site.state_dir, id)?;
    let cause = redactor.problem(cause.clone());
    let bytes = serde_json::to_vec_pretty(&cause).expect("a problem is plain data");
    evidence.put_once("cause.json", &bytes)?;
    for probe in outputs {
        evidence.put(&format!("smoke-{}.log", probe.vertical), &probe.output)?;
    }
    put_tree(cx, &redactor, &evidence)?;
    Ok(evidence)
}

fn keep_untracked(
    run: &mut Run<'_, '_>,
    evidence: &Evidence,
    _: &Problem,
) -> Result<(), EngineError> {
    let now = run.cx.git.untracked()?;
    let mut text = String::new();
    for path in proof::new_untracked(&now, &run.begun().untracked) {
        text.push_str(&visible(&path.display().to_string()));
        text.push('\n');
    }
    if text.is_empty() {
        return Ok(());
    }
    evidence
        .put("untracked.txt", run.redactor.text(&text).as_bytes())
        .map(drop)
}

fn keep_versions(
    run: &mut Run<'_, '_>,
    evidence: &Evidence,
    _: &Problem,
) -> Result<(), EngineError> {
    let system = rustix::system::uname();
    let part = |text: &std::ffi::CStr| visible(&text.to_string_lossy());
    let environment = run.story.environment.as_ref();
    let versions = Versions {
        vit: env!("CARGO_PKG_VERSION"),
        git: run.cx.git.version().ok().map(crate::git::dotted),
        python: environment.and_then(|kept| python_of(&kept.path)),
        kernel: format!(
            "{} {} {}",
            part(system.sysname()),
            part(system.release()),
            part(system.machine())
        ),
    };
    let bytes = serde_json::to_vec_pretty(&versions).expect("versions are plain data");
    evidence.put_once("versions.json", &bytes).map(drop)
}

/// The version of an environment's Python, as the environment itself says it.
fn python_of(environment: &str) -> Option<String> {
    let path = PathBuf::from(environment).join("pyvenv.cfg");
    let bytes = atomic::read_bounded(&path, PYVENV_MAX_BYTES).ok()??;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let named = ["version", "version_info"].contains(&name.trim());
        named.then(|| visible(value.trim()))
    })
}

fn keep_timings(
    run: &mut Run<'_, '_>,
    evidence: &Evidence,
    _: &Problem,
) -> Result<(), EngineError> {
    let path = evidence.put("timings.json", &timings(run))?;
    run.keeping.timings = Some(path);
    Ok(())
}

fn replace_timings(run: &Run<'_, '_>) -> Result<(), EngineError> {
    match &run.keeping.timings {
        Some(path) => atomic::write(path, &timings(run), run.cx.faults),
        None => Ok(()),
    }
}

fn timings(run: &Run<'_, '_>) -> Vec<u8> {
    serde_json::to_vec_pretty(&run.timings).expect("timings are plain data")
}

/// What went wrong on the way back: never in place of the first cause.
fn keep_later(run: &Run<'_, '_>, evidence: &Evidence, proof: &Proof) -> Result<(), EngineError> {
    let known = run.problems.get(run.keeping.before..).unwrap_or_default();
    let worse = known.iter().filter(|p| p.severity != Severity::Info);
    let unproven = (!proof.verified).then(|| {
        let message = "the old state could not be verified";
        Problem::new(Code::TreeMismatch, "working tree", message)
            .evidence(proof.mismatches.join("; "))
    });
    for problem in worse.chain(&run.later).chain(&unproven) {
        let problem = run.redactor.problem(problem.clone());
        let line = serde_json::to_string(&problem).expect("a problem is plain data");
        evidence.add_line("later-causes.jsonl", &line)?;
    }
    Ok(())
}

fn keep_after_rollback(run: &mut Run<'_, '_>, evidence: &Evidence) -> Result<(), EngineError> {
    if run.after_rollback.is_empty() {
        return Ok(());
    }
    let bytes = serde_json::to_vec_pretty(&run.after_rollback).expect("results are plain data");
    evidence.put_once("after-rollback.json", &bytes)?;
    let outputs = std::mem::take(&mut run.outputs);
    put_outputs(run, evidence, "after-rollback", outputs)
}

fn write_index(run: &Run<'_, '_>, evidence: &Evidence, complete: bool) -> Result<(), EngineError> {
    fault(run.cx, "index")?;
    evidence.write_index(&Additions {
        plan: run.story.begun.as_ref().map(|begun| begun.plan.as_str()),
        complete,
        now: run.cx.clock.now(),
        outputs: &run.keeping.outputs,
    })
}

fn fault(cx: &Context<'_>, what: &str) -> Result<(), EngineError> {
    let failed = |source: io::Error| EngineError::Io {
        action: "keeping the evidence in",
        path: cx.site.state_dir.clone(),
        source,
    };
    cx.faults
        .at(format_args!("evidence.{what}"))
        .map_err(failed)
}
