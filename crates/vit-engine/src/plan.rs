//! Plans: a pure function from facts to what would be done. No I/O of any kind.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use vit_contract::code::Code;
use vit_contract::duration;
use vit_contract::plan::{
    Accepted, CommandStep, Disk, End, EnvironmentStep, Kind, Plan, Position, SCHEMA, SmokeTest,
    Step,
};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::settings::StepSettings;
use vit_contract::verdict::{self, Answer};
use vit_contract::vertical::Status;

use crate::compat::{SmokeTestFile, Vertical};
use crate::facts::programs::Missing;
use crate::facts::{Facts, Target};

pub mod environment;
pub mod estimate;
mod offline;
pub mod own_steps;
pub mod path;
pub mod preflight;
pub mod quarantine;
pub mod rehearsed;
pub mod risk;
mod told;

pub use told::RELEASE_METADATA;

/// What the user chose.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Warnings accepted by code.
    pub accept: Vec<Code>,
    /// Move the branch instead of detaching HEAD.
    pub branch: bool,
    /// Seconds for which the smoke tests repeat after the upgrade.
    pub soak_seconds: Option<u64>,
    /// Why a release in quarantine is tried again.
    pub retry: Option<String>,
    /// The releases that follow the target, each with a plan of its own.
    pub then: Vec<Version>,
    /// Build the target aside and try it there.
    pub rehearse: bool,
    /// Nobody is to be asked.
    pub offline: bool,
}

/// What about the repository keeps a switch from being safe; read by `preflight/`'s caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// A merge, rebase or the like that is under way.
    pub operation: Option<&'static str>,
    /// Paths that git is told to overlook.
    pub hidden: Vec<String>,
    /// Whether the working tree is sparse.
    pub sparse: bool,
    /// Programs that the repository's own configuration names.
    pub programs: Vec<String>,
    /// Folders in which an untracked file blocks.
    pub critical_paths: Vec<String>,
    /// Verticals whose untracked files are too many to be kept.
    pub uncovered: Vec<String>,
    /// What makes a state folder unsafe to write to.
    pub unsafe_folders: Vec<Problem>,
    /// Steps of the installation's own.
    pub own_steps: Vec<StepSettings>,
    /// Programs that steps of its own name and that will not be there.
    pub missing_programs: Vec<Missing>,
    /// How long an installation into the environment may take, in seconds.
    pub install_timeout: u32,
    /// SHA-256 over the settings in force.
    pub settings_sha256: String,
    /// What a failure of the target would be bound to.
    pub quarantine_key: BTreeMap<String, String>,
}

/// What stands against the steps of the installation's own.
fn own_step_problems(
    own_steps: &[CommandStep],
    target: &Target,
    repository: &Repository,
    choice: &Choice,
) -> Vec<Problem> {
    let for_ever = own_steps.iter().filter(|step| step.undo.is_none());
    let mut problems = own_steps::irreversible(
        for_ever.map(|step| step.name.as_str()),
        &choice.accept,
        "the step cannot be undone: after a failure the rest is rolled back, and this stays",
    );
    let installs = !target.environment.because.is_empty();
    let missing = own_steps::unrunnable(&repository.missing_programs, installs);
    problems.extend(missing);
    problems
}

/// Computes the plan of an upgrade. The caller has made sure that HEAD has a commit.
#[must_use]
pub fn upgrade(
    facts: &Facts,
    target: &Target,
    repository: &Repository,
    (from, to): (&Position, Position),
    choice: &Choice,
) -> Plan {
    let verdict = facts.judge(target);
    let mut to = to;
    if choice.branch {
        to.branch.clone_from(&from.branch);
    }
    let mut problems = preflight::upgrade(facts, target, repository, choice);
    let smoke_tests = smoke_tests(&target.switch.verticals);
    let environment = environment::decide(
        &facts.environment,
        &target.environment,
        &target.landing.steps,
        repository.install_timeout,
    )
    .installed_by(target.landing.install.as_deref())
    .offline(&target.environment.wheels, offline(target, choice));
    problems.extend(environment.problems);
    let (needed, disk_problem) =
        environment::with_environment(target.switch.bytes, facts.free_bytes, &target.environment);
    problems.extend(disk_problem);
    let own_steps = own_steps::forward(&repository.own_steps, &target.release.version);
    problems.extend(own_step_problems(&own_steps, target, repository, choice));
    problems.extend(soak_problem(choice, &smoke_tests));
    verdict::sort(&mut problems);
    let accepted = accepted(&choice.accept, problems.iter().chain(verdict.problems()));
    let answer = verdict.answer.max(Answer::of(&problems));
    let contracts = told::contract_uses(target);
    let mut plan = Plan {
        schema: SCHEMA.into(),
        kind: Kind::Upgrade,
        created: facts.now,
        channel: facts.channel.channel,
        channel_set_by: facts.channel.set_by.clone(),
        from: End {
            version: facts.version().cloned(),
            position: from.clone(),
        },
        to: End {
            version: Some(target.release.version.clone()),
            position: to.clone(),
        },
        target_tag: Some(target.release.tag.clone()),
        signed_by: target.signed_by.clone(),
        explicit_target: target.explicit,
        strategy: target.landing.strategy,
        answer,
        changes: told::changes(target),
        contracts,
        steps: steps(target, from, to, (environment.step, own_steps)),
        pins: target.landing.pins.clone(),
        environment: environment.plan,
        rehearsal: None,
        then: choice.then.clone(),
        soak_seconds: choice.soak_seconds,
        source: Some(facts.listing.source.clone()),
        retry_reason: quarantine::retry_of(target, choice.retry.as_deref()),
        quarantine_key: repository.quarantine_key.clone(),
        files_changed: target.switch.changes.len(),
        duration: estimate::duration(&facts.durations, target.switch.changes.len(), &smoke_tests),
        disk: needed,
        risk: risk::assess(facts, target, &verdict, &problems),
        rollback: told::rollback_story(facts, from, repository),
        facts: told::named_facts(facts, target, repository, from),
        next: String::new(),
        digest: String::new(),
        preflight: problems,
        verdict,
        smoke_tests,
        accepted,
    };
    plan.next = next_command(&plan, target.explicit);
    plan.digest = plan.compute_digest();
    plan
}

/// Whether no index is to be asked: somebody says so, or the release came here without network.
fn offline(target: &Target, choice: &Choice) -> bool {
    let imported = |problem: &Problem| problem.code == Code::ReleaseImported;
    choice.offline || target.release.problems.iter().any(imported)
}

/// The effects in order: the tree, what the strategy asks for beside it, the environment, the
/// installation's own steps.
fn steps(
    target: &Target,
    from: &Position,
    to: Position,
    (environment, own_steps): (Option<EnvironmentStep>, Vec<CommandStep>),
) -> Vec<Step> {
    let mut steps = vec![Step::SwitchTree {
        from: from.clone(),
        to,
    }];
    // A step for the environment that the landing brings was decided on with the others.
    let of_landing = target.landing.steps.iter();
    steps.extend(
        of_landing
            .filter(|step| !matches!(step, Step::Environment(_)))
            .cloned(),
    );
    steps.extend(environment.map(Step::Environment));
    steps.extend(own_steps.into_iter().map(Step::Command));
    steps
}

/// Without a smoke test a soak only waits; somebody may still want that time for a look.
fn soak_problem(choice: &Choice, tests: &[SmokeTest]) -> Option<Problem> {
    (choice.soak_seconds.is_some() && tests.is_empty()).then(|| {
        Problem::new(
            Code::SoakWithoutSmokeTests,
            "soak",
            "there is no smoke test that could be repeated: only time passes",
        )
        .hint(
            Who::You,
            "look yourself before the time is over: Ctrl-C goes back, `vit confirm` ends the soak",
        )
    })
}

/// The smoke tests that run after the switch: of every active vertical.
#[must_use]
pub fn smoke_tests(verticals: &[Vertical]) -> Vec<SmokeTest> {
    verticals
        .iter()
        .filter(|v| v.smoke_test == SmokeTestFile::Ready)
        .filter_map(|v| {
            let manifest = v.manifest.as_ref()?;
            (manifest.status == Status::Active).then(|| SmokeTest {
                vertical: manifest.domain_name.to_string(),
                root: v.root.clone(),
                timeout_seconds: manifest.compatibility.smoke_tests_timeout,
            })
        })
        .collect()
}

/// Free space that must remain whatever the release: journal, reserve, history, evidence.
const WORKING_BYTES: u64 = 16 * 1024 * 1024;

/// What a switch needs: the new files and, for the way back, the old ones; and what is missing.
pub(crate) fn disk(changed_bytes: u64, free_bytes: u64) -> (Disk, Option<Problem>) {
    let needed_bytes = changed_bytes
        .saturating_mul(2)
        .saturating_add(WORKING_BYTES);
    let problem = (free_bytes < needed_bytes).then(|| {
        Problem::new(Code::LowDisk, "disk", "there is too little free disk")
            .evidence(format!(
                "{needed_bytes} bytes are needed for the switch and its rollback, {free_bytes} are free"
            ))
            .hint(Who::You, "free some space, for example with `git gc`")
    });
    (
        Disk {
            needed_bytes,
            free_bytes,
        },
        problem,
    )
}

/// The warnings that were accepted, by code, with what they are about.
pub(crate) fn accepted<'a>(
    codes: &[Code],
    problems: impl Iterator<Item = &'a Problem>,
) -> Vec<Accepted> {
    let warnings: Vec<&Problem> = problems
        .filter(|problem| problem.severity == Severity::Warning)
        .collect();
    let codes: BTreeSet<Code> = codes.iter().copied().collect();
    codes
        .into_iter()
        .map(|code| {
            let subjects: BTreeSet<&str> = warnings
                .iter()
                .filter(|problem| problem.code == code)
                .map(|problem| problem.subject.as_str())
                .collect();
            Accepted {
                code,
                subjects: subjects.into_iter().map(str::to_owned).collect(),
            }
        })
        // What nobody warned of was not accepted.
        .filter(|accepted| !accepted.subjects.is_empty())
        .collect()
}

fn next_command(plan: &Plan, explicit: bool) -> String {
    if plan.answer == Answer::Blocked {
        return "mend what is listed above, then `vit plan` again".into();
    }
    let mut command = match (plan.then.last().or(plan.to.version.as_ref()), explicit) {
        (Some(version), true) => format!("vit upgrade --target {version}"),
        _ => "vit upgrade".into(),
    };
    if let Some(soak) = plan.soak_seconds {
        command.push_str(&format!(" --soak {}", duration::text(soak)));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_disk_blocks_with_both_figures() {
        let mib = 1024 * 1024;
        let (needed, problem) = disk(10 * mib, 36 * mib);
        assert_eq!((needed.needed_bytes, problem), (36 * mib, None));
        let (needed, problem) = disk(10 * mib, 36 * mib - 1);
        assert_eq!(needed.free_bytes, 36 * mib - 1);
        let problem = problem.expect("one byte is missing");
        assert_eq!((problem.code, problem.blocks()), (Code::LowDisk, true));
        let evidence = problem.evidence.unwrap_or_default();
        assert!(evidence.contains(&(36 * mib).to_string()), "{evidence}");
        // A size that cannot be is no way around it.
        assert!(disk(u64::MAX, u64::MAX - 1).1.is_some());
    }
}
