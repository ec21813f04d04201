//! What happens while the engine works: one enum for the screen, `--json`, history and
//! dashboards alike.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use vit_contract::output::SmokeResult;
use vit_contract::plan::Step;
use vit_contract::problem::Problem;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The registry is asked.
    RegistryAsked {
        /// Remote, URL without credentials, or folder.
        location: String,
    },
    /// A transaction began.
    Begun {
        /// Its id.
        id: String,
    },
    /// A release is about to be rehearsed, one of several.
    Rehearsing {
        /// The release.
        version: String,
    },
    /// A stage of the transaction began.
    StageBegun {
        /// Which.
        stage: Stage,
    },
    /// A stage of the transaction ended well.
    StageDone {
        /// Which.
        stage: Stage,
        /// How long it took.
        elapsed: Duration,
    },
    /// A stage failed; what follows is the undo.
    StageFailed {
        /// Which.
        stage: Stage,
        /// Why.
        problem: Problem,
    },
    /// A smoke test began.
    SmokeBegun {
        /// The vertical.
        vertical: String,
        /// Its timeout in seconds.
        timeout_seconds: u32,
    },
    /// A smoke test printed a line (control characters not yet made visible).
    SmokeLine {
        /// The vertical.
        vertical: String,
        /// The line, without its end.
        line: String,
    },
    /// An installer printed a line (credentials in URLs removed, control characters not yet made
    /// visible).
    EnvironmentLine {
        /// The line, without its end.
        line: String,
    },
    /// A smoke test ended.
    SmokeDone {
        /// How.
        result: SmokeResult,
    },
    /// A command of a step of the installation's own began.
    OwnStepBegun {
        /// The step.
        step: String,
        /// The command.
        command: String,
        /// Its timeout in seconds.
        timeout_seconds: u32,
    },
    /// It printed a line (control characters not yet made visible).
    OwnStepLine {
        /// The step.
        step: String,
        /// The line, without its end.
        line: String,
    },
    /// The smoke tests repeat from now on.
    SoakBegun {
        /// The transaction.
        id: String,
        /// When it is over.
        until: Timestamp,
    },
    /// A round of the soak begins.
    SoakRound {
        /// Its number, from 1.
        round: u32,
        /// The time that is left.
        left: Duration,
    },
    /// Something to know that changes nothing.
    Noticed {
        /// What.
        problem: Problem,
    },
    /// An interrupted transaction was found and is being finished first.
    Recovering {
        /// Its id.
        id: String,
    },
}

/// A stage of a transaction, in the order of TRANSACTION.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Brings the target's objects and checks them.
    Fetch,
    /// Judges every vertical.
    Judge,
    /// Builds the target aside and tries it there, before anything live is touched.
    Rehearse,
    /// Takes the snapshot.
    Snapshot,
    /// Switches the tree.
    SwitchTree,
    /// Switches the submodule that Core is.
    SwitchSubmodule,
    /// Changes the Python environment.
    Environment,
    /// Runs a step of the installation's own.
    OwnStep,
    /// Reads the manifests at the target and runs the smoke tests.
    Probe,
    /// Repeats the smoke tests for a time.
    Soak,
    /// Proves the result and commits.
    Commit,
    /// Keeps what tells of the failure.
    Evidence,
    /// Undoes the steps.
    Undo,
    /// Proves the restored state.
    Verify,
    /// Writes the derived files and prunes.
    Cleanup,
}

impl Stage {
    /// The stage that carries a step out.
    #[must_use]
    pub const fn of(step: &Step) -> Self {
        match step {
            Step::SwitchTree { .. } => Self::SwitchTree,
            Step::SwitchSubmodule(_) => Self::SwitchSubmodule,
            Step::Environment(_) => Self::Environment,
            Step::Command(_) => Self::OwnStep,
        }
    }

    /// The stage as a person reads it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Fetch => "fetch the release",
            Self::Judge => "judge every vertical",
            Self::Rehearse => "rehearse the target aside",
            Self::Snapshot => "take a snapshot",
            Self::SwitchTree => "switch the tree",
            Self::SwitchSubmodule => "switch the submodule",
            Self::Environment => "change the environment",
            Self::OwnStep => "run a step of the installation",
            Self::Probe => "run the smoke tests",
            Self::Soak => "soak",
            Self::Commit => "prove and commit",
            Self::Evidence => "keep the evidence",
            Self::Undo => "put the old state back",
            Self::Verify => "prove the restored state",
            Self::Cleanup => "tidy up",
        }
    }
}

/// Hears of events, from whatever thread works; must not block for long.
pub trait Reporter: Sync {
    /// Takes one event.
    fn report(&self, event: Event);
}

/// Hears nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _event: Event) {}
}
