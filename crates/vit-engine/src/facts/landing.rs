//! Where an upgrade would land: the strategy that the shape of the repository asks for, computed
//! in memory. One file a strategy.

use vit_contract::plan::{Position, Step, Strategy};
use vit_contract::problem::Problem;
use vit_contract::release::Release;

use super::Facts;
use super::target::Commits;
use crate::context::Context;
use crate::error::EngineError;

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
    /// What stands against it: conflicts, a missing branch.
    pub problems: Vec<Problem>,
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
        _cx: &Context<'_>,
        _facts: &Facts,
        (_release, position): (&Release, &Position),
        _commits: &Commits,
    ) -> Result<Self, EngineError> {
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
        }
    }

    /// What HEAD would be on, its commit made where it is a new one, with the time that the plan
    /// bears: the same plan made again names the same commit.
    ///
    /// # Errors
    /// Git failed, or does not know who the author is.
    pub fn position(
        &self,
        _cx: &Context<'_>,
        _created: jiff::Timestamp,
    ) -> Result<Position, EngineError> {
        let commit = match &self.commit {
            Commit::Existing(commit) => commit.clone(),
            Commit::New { .. } => String::new(),
        };
        Ok(Position {
            commit,
            tree: self.tree.clone(),
            branch: self.branch.clone(),
        })
    }
}
