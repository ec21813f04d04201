//! Forward: begun → fetched → judged → rehearsed → snapped → armed → steps → probed → (trial) →
//! committed.

use vit_contract::code::Code;
use vit_contract::history::Proof;
use vit_contract::output::TransactionReport;
use vit_contract::plan::{CommandStep, Kind, Plan, Position, Step};
use vit_contract::problem::{Problem, Severity};
use vit_contract::verdict::Verdict;

use super::phase::{Phase, Story};
use super::proof::{self, Expected};
use super::record::Entry;
use super::run::{Run, problem_of, version_text, without_output};
use super::transaction::Held;
use super::unwind;
use super::{begin, close, commit};
use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::event::{Event, Stage};
use crate::git::RefEdit;
use crate::parallel;
use crate::steps::{command, environment, probe, submodule, switch_tree, vertical_files};
use crate::store::{reserve, transactions};

/// What the executor is given beside the plan.
pub struct Inputs<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// The verticals as they are now.
    pub verticals: &'p [Vertical],
    /// Judges the verticals as they stand on disk after the switch.
    pub rejudge: &'p dyn Fn() -> Result<Verdict, EngineError>,
}

/// Why it did not go on.
pub(crate) type Failure = Box<Problem>;

/// Carries a plan out. Whatever happens after the first record, the answer is a report: applied,
/// aborted, rolled back, or inconsistent.
///
/// # Errors
/// The journal could not take the first record: nothing was changed.
pub fn execute<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    inputs: &Inputs<'_>,
) -> Result<TransactionReport, EngineError> {
    let (id, begun) = begin::begin(cx, inputs.plan)?;
    let mut run = Run::new(cx, held, id, Story::default());
    run.record(&Entry::Begun(Box::new(begun)))?;
    cx.reporter.report(Event::Begun { id: run.id.clone() });
    let report = match run.forward(inputs) {
        Ok(proof) => run.finish_forward(proof),
        Err(failure) => match run.story.phase {
            Phase::Abort => run.abort(*failure),
            _ => unwind::roll_back(run, *failure, unwind::OldSmokeTests::Run),
        },
    };
    Ok(close::with_plan(report, inputs.plan))
}

impl Run<'_, '_> {
    fn forward(&mut self, inputs: &Inputs<'_>) -> Result<Proof, Failure> {
        let plan = inputs.plan;
        self.stage(Stage::Fetch, |run| run.fetched(plan))?;
        self.stage(Stage::Judge, |run| {
            run.write(&Entry::Judged {
                answer: plan.answer,
            })
        })?;
        if let Some(rehearsal) = &plan.rehearsal {
            self.write(&Entry::Rehearsed {
                outcome: rehearsal.outcome,
                held: rehearsal.held,
            })?;
        }
        self.stage(Stage::Snapshot, |run| run.snapshot(inputs))?;
        self.not_cancelled()?;
        self.write(&Entry::Armed)?;
        for step in &plan.steps {
            self.stage(Stage::of(step), |run| run.step(step))?;
        }
        self.stage(Stage::Probe, |run| run.probes(inputs))?;
        self.not_cancelled()?;
        if let Some(soak) = plan.soak_seconds {
            self.stage(Stage::Soak, |run| run.trial(plan, soak))?;
        }
        self.stage(Stage::Commit, |run| run.commit(plan.kind))
    }

    fn fetched(&mut self, plan: &Plan) -> Result<(), Failure> {
        let commit = &plan.to.position.commit;
        let spec = [format!("{commit}^{{tree}}")];
        let found = self.cx.git.resolve(&spec).map_err(|e| failed(&e.into()))?;
        if found.first().and_then(Option::as_ref).map(|(oid, _)| oid)
            != Some(&plan.to.position.tree)
        {
            return Err(Problem::new(
                Code::ObjectsMissing,
                plan.target_tag.clone().unwrap_or_else(|| commit.clone()),
                "the target's commit is not in this repository",
            )
            .into());
        }
        self.write(&Entry::Fetched {
            commit: commit.clone(),
        })
    }

    fn snapshot(&mut self, inputs: &Inputs<'_>) -> Result<(), Failure> {
        let state = &self.cx.site.state_dir;
        let id = self.id.clone();
        let at = self.begun().from.position.commit.clone();
        let tag = self.begun().snapshot_tag.clone();
        (|| {
            reserve::hold(state, self.cx.faults)?;
            transactions::write(state, &id, inputs.plan, self.cx.faults)?;
            let files = vertical_files::keep(self.cx, inputs.verticals, &inputs.plan.smoke_tests)?;
            let mut edits = vec![
                RefEdit::Create {
                    name: format!("refs/tags/{tag}"),
                    oid: at.clone(),
                },
                RefEdit::Create {
                    name: format!("refs/vit/snapshots/{id}"),
                    oid: at,
                },
            ];
            if let Some(files) = &files {
                edits.push(RefEdit::Create {
                    name: format!("refs/vit/files/{id}"),
                    oid: files.tree.clone(),
                });
            }
            self.cx.git.update_refs(&edits)?;
            submodule::keep(self.cx, &id, &inputs.plan.steps)?;
            let environment = environment::keep(self.cx, &id, &inputs.plan.steps)?;
            self.record(&Entry::Snapped { files, environment })
        })()
        .map_err(|error| failed(&error))
    }

    fn step(&mut self, step: &Step) -> Result<(), Failure> {
        self.not_cancelled()?;
        let name = step.name();
        self.write(&Entry::Intent { step: name.clone() })?;
        match step {
            Step::SwitchTree { from, to } => self.switch_tree(from, to)?,
            Step::SwitchSubmodule(switch) => submodule::run(self.cx, switch)?,
            Step::Environment(change) => environment::run(self.cx, &self.id, change)?,
            Step::Command(command) => self.own_step(command)?,
        }
        self.write(&Entry::Done { step: name })
    }

    fn own_step(&mut self, step: &CommandStep) -> Result<(), Failure> {
        let begun = self.begun();
        // A rollback takes own steps back before it switches the tree, an upgrade runs them after.
        let tree = if begun.kind == Kind::Upgrade {
            begun.to.position.clone()
        } else {
            begun.from.position.clone()
        };
        let (from, to) = (version_text(&begun.from), version_text(&begun.to));
        let about = command::About {
            transaction: &self.id,
            from: &from,
            to: &to,
            tree: &tree,
        };
        let notes = command::run(self.cx, &about, step)?;
        self.problems.extend(notes);
        Ok(())
    }

    fn switch_tree(&self, from: &Position, to: &Position) -> Result<(), Failure> {
        switch_tree::switch(self.cx, from, to).map_err(|error| failed(&error))?;
        let expected = Expected {
            position: to,
            files: None,
            untracked: None,
            comparing: None,
            environment: None,
        };
        // A submodule follows in a step of its own.
        let later = self.begun().steps.iter().find_map(|step| match step {
            Step::SwitchSubmodule(switch) => Some(switch.path.as_str()),
            _ => None,
        });
        // Both have ended before the step is said to be done.
        let (synced, proof) = parallel::both(
            || switch_tree::sync(self.cx),
            || proof::quick_but(self.cx, &expected, later),
        );
        synced.map_err(|error| failed(&error))?;
        let proof = proof.map_err(|error| failed(&error.into()))?;
        if proof.verified {
            return Ok(());
        }
        Err(commit::mismatch(&proof, "the switched tree is not the target's").into())
    }

    fn probes(&mut self, inputs: &Inputs<'_>) -> Result<(), Failure> {
        environment::installed(self.cx, &self.id, &inputs.plan.steps)
            .map_err(|error| failed(&error))?;
        self.write(&Entry::Probing)?;
        let gating = inputs.plan.kind == Kind::Upgrade;
        if gating {
            let verdict = (inputs.rejudge)().map_err(|error| failed(&error))?;
            if let Some(problem) = verdict.problems().find(|problem| problem.blocks()) {
                return Err(problem.clone().into());
            }
        }
        let begun = self.begun();
        let (from, to) = (version_text(&begun.from), version_text(&begun.to));
        let about = probe::Surroundings {
            phase: "probe",
            transaction: &self.id,
            from: &from,
            to: &to,
            environment: environment::of_plan(&inputs.plan.environment),
        };
        let before = self.cx.git.status().map(|status| status.untracked);
        let probed = probe::run(self.cx, &inputs.plan.smoke_tests, &about);
        self.story.results = without_output(&probed.results);
        self.outputs = probed.outputs;
        if let Ok(before) = &before {
            self.name_leftovers(before);
        }
        self.not_cancelled()?;
        for result in &probed.results {
            let Some(problem) = probe::problem(result) else {
                continue;
            };
            if gating {
                self.story.results.clone_from(&probed.results);
                return Err(problem.into());
            }
            self.problems.push(problem.severity(Severity::Warning));
        }
        self.story.results.clone_from(&probed.results);
        self.write(&Entry::Probed {
            results: without_output(&probed.results),
        })?;
        self.story.results = probed.results;
        Ok(())
    }

    fn write(&mut self, entry: &Entry) -> Result<(), Failure> {
        self.record(entry).map_err(|error| failed(&error))
    }

    pub(super) fn not_cancelled(&self) -> Result<(), Failure> {
        if self.cx.cancel.is_set() {
            return Err(Problem::new(
                Code::Interrupted,
                self.id.clone(),
                "somebody asked to stop (Ctrl-C or SIGTERM)",
            )
            .into());
        }
        Ok(())
    }

    fn stage<T>(
        &mut self,
        stage: Stage,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.stage_begun(stage);
        let result = work(self).map_err(|failure| Failure::new(self.redactor.problem(*failure)));
        let elapsed = self.stage_ended(stage);
        self.cx.reporter.report(match &result {
            Ok(_) => Event::StageDone { stage, elapsed },
            Err(failure) => Event::StageFailed {
                stage,
                problem: (**failure).clone(),
            },
        });
        result
    }
}

pub(crate) fn failed(error: &EngineError) -> Failure {
    problem_of(error, Code::StepFailed).into()
}
