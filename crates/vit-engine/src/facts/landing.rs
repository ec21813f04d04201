//! Where an upgrade would land: the strategy that the shape of the repository asks for, computed
//! in memory. One file a strategy.

use vit_contract::code::Code;
use vit_contract::plan::{PinEdit, Position, Step, Strategy};
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;

use super::Facts;
use super::target::Commits;
use crate::context::Context;
use crate::error::EngineError;
use crate::git::NewCommit;

mod lock;
mod merge;
mod package;
pub(crate) mod submodule;

/// Where an upgrade would land.
#[derive(Debug, Clone, PartialEq)]
pub struct Landing {
    /// How it gets there.
    pub strategy: Strategy,
    /// The tree that HEAD would have: known without a commit of it.
    pub tree: String,
    /// The commit that HEAD would have.
    pub commit: Commit,
    /// The branch that moves, as a full ref name; absent: HEAD is detached, unless `--branch` was
    /// asked for.
    pub branch: Option<String>,
    /// What is done beside the switch of the tree, after it.
    pub steps: Vec<Step>,
    /// What stands against it, conflicts and a missing author, and what is worth knowing of it.
    pub problems: Vec<Problem>,
    /// Whether HEAD carries commits of its own on top of this very release: there is nothing to
    /// bring.
    pub contained: bool,
    /// The pins that are edited, where Core is an installed package.
    pub pins: Vec<PinEdit>,
    /// How the environment is installed, where the strategy knows better than the settings.
    pub install: Option<Vec<Vec<String>>>,
}

/// The commit that an upgrade would put HEAD on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    /// It is there: the release's own.
    Existing(String),
    /// It is made when the plan is: from the landing's tree.
    New {
        /// Its parents, the present HEAD first.
        parents: Vec<String>,
        /// Its message.
        message: String,
    },
}

impl Landing {
    /// Computes it.
    ///
    /// # Errors
    /// Git failed.
    pub(super) fn of(
        cx: &Context<'_>,
        facts: &Facts,
        (release, position): (&Release, &Position),
        commits: &Commits,
    ) -> Result<Self, EngineError> {
        if let Some(core) = crate::submodule::find(cx)? {
            return submodule::landing(cx, facts, (release, position), &core);
        }
        if let Some(pins) = &facts.current.pins {
            return package::landing(cx, facts, pins, (release, position));
        }
        if commits.own > 0 && !commits.fast_forward {
            return merge::landing(cx, facts, (release, position), commits);
        }
        Ok(Self::checkout(position))
    }

    /// The tree becomes the release's.
    fn checkout(position: &Position) -> Self {
        Self {
            strategy: Strategy::Checkout,
            tree: position.tree.clone(),
            commit: Commit::Existing(position.commit.clone()),
            branch: None,
            steps: Vec::new(),
            problems: Vec::new(),
            contained: false,
            pins: Vec::new(),
            install: None,
        }
    }

    /// Whether something stands against it that cannot be accepted.
    fn is_blocked(&self) -> bool {
        self.problems.iter().any(Problem::blocks)
    }

    /// What HEAD would be on, its commit made where it is a new one, with the time that the plan
    /// bears: the same plan made again names the same commit. Where something blocks, no commit
    /// is made, and the last parent, the release, stands in its place.
    ///
    /// # Errors
    /// Git failed.
    pub fn position(
        &self,
        cx: &Context<'_>,
        created: jiff::Timestamp,
    ) -> Result<Position, EngineError> {
        let commit = match &self.commit {
            Commit::Existing(commit) => commit.clone(),
            Commit::New { parents, .. } if self.is_blocked() => {
                parents.last().cloned().unwrap_or_default()
            }
            Commit::New { parents, message } => cx.git.commit_tree(&NewCommit {
                tree: &self.tree,
                parents,
                message,
                seconds: created.as_second(),
            })?,
        };
        Ok(Position {
            commit,
            tree: self.tree.clone(),
            branch: self.branch.clone(),
        })
    }
}

/// That nobody has told git who makes commits here.
fn identity_problem(cx: &Context<'_>) -> Result<Option<Problem>, EngineError> {
    if cx.git.knows_author()? {
        return Ok(None);
    }
    let message = "git does not know who makes the upgrade's commit";
    Ok(Some(
        Problem::new(Code::IdentityMissing, "git configuration", message).hint(
            Who::You,
            "tell it: `git config user.name \"NAME\"` and `git config user.email MAIL`",
        ),
    ))
}
