//! What a survivor must be: old or new by content, with one history entry that tells the truth.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::text_of;
use crate::processes;
use crate::run::Run;
use crate::state::State;
use crate::world::World;

/// Which of the two states it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The state before the operation.
    Old,
    /// The state that the uninterrupted operation leads to.
    New,
}

/// A world after an interruption and its recovery.
pub struct Survivor<'a> {
    /// The world.
    pub world: &'a World,
    /// Where the operation was interrupted.
    pub point: &'a str,
    /// Where the first recovery was killed.
    pub recovery_point: Option<&'a str>,
    /// What it is now.
    pub side: Side,
    /// The history entry of the operation; absent when it had not begun.
    pub entry: Option<&'a Value>,
}

/// The two states, and the history before.
pub(super) struct Ends {
    pub old: State,
    pub new: State,
    pub before: Vec<Value>,
    /// The status of the entry that the uninterrupted operation wrote.
    pub status: Option<String>,
    /// The uninterrupted operation.
    pub run: Run,
}

impl Ends {
    /// Which side a state is. New counts first: an operation that ends where it began is new.
    fn side(&self, state: &State) -> Result<Side, String> {
        if *state == self.new {
            Ok(Side::New)
        } else if *state == self.old {
            Ok(Side::Old)
        } else {
            let (to_old, to_new) = (self.old.diff(state), self.new.diff(state));
            let (name, diff) = if to_old.lines().count() <= to_new.lines().count() {
                ("old", to_old)
            } else {
                ("new", to_new)
            };
            Err(format!(
                "a third state; nearest is the {name} one ({name}  ->  found)\n{diff}"
            ))
        }
    }

    /// Whether what a failing run says by its exit status is so: 0 new, 3 old. Others claim
    /// nothing.
    pub(super) fn claim_is_true(&self, run: &Run, state: &State) -> Result<(), String> {
        let (expected, name) = match run.code() {
            Some(0) => (&self.new, "new"),
            Some(3) => (&self.old, "old"),
            Some(_) => return Ok(()),
            None => return Err(format!("the program died of an error\n{run:?}")),
        };
        if state == expected {
            return Ok(());
        }
        Err(format!(
            "the exit status claims the {name} state\n{}{run:?}",
            expected.diff(state)
        ))
    }

    /// Judges a world after `recovery`: its state, its history, and what must not be left.
    pub(super) fn judge(
        &self,
        world: &World,
        recovery: &Run,
    ) -> Result<(Side, Option<Value>), String> {
        if !matches!(recovery.code(), Some(0 | 3)) {
            return Err(format!("the recovery did not succeed\n{recovery:?}"));
        }
        let with_output = |error: String| format!("{error}\n{recovery:?}");
        let side = self.side(&world.state()).map_err(with_output)?;
        let entry = self.entry(world, recovery, side).map_err(with_output)?;
        let locks = stray_locks(&world.path(".git"));
        if !locks.is_empty() {
            return Err(format!("locks were left behind: {locks:?}"));
        }
        if !processes::all_gone(&world.root(), Duration::from_secs(3)) {
            return Err(format!(
                "processes were left behind: {:?}",
                world.processes()
            ));
        }
        Ok((side, entry))
    }

    /// The one entry of the operation. None is right only where nothing had begun.
    fn entry(&self, world: &World, recovery: &Run, side: Side) -> Result<Option<Value>, String> {
        let history = world.history();
        let Some(added) = history.strip_prefix(self.before.as_slice()) else {
            return Err(format!("earlier history entries changed: {history:#?}"));
        };
        let idle = serde_json::from_str::<Value>(&recovery.stdout)
            .is_ok_and(|report| text_of(&report, "status") == Some("nothing_to_do"));
        match added {
            [] if idle && (side == Side::Old || self.old == self.new) => Ok(None),
            [entry] => {
                let status = text_of(entry, "status").unwrap_or("(none)");
                let finished = self.status.as_deref() == Some(status);
                let undone = matches!(status, "rollback_executed" | "failed");
                let true_one = match side {
                    Side::New if self.old == self.new => finished || undone,
                    Side::New => finished,
                    Side::Old => undone,
                };
                if true_one {
                    Ok(Some(entry.clone()))
                } else {
                    Err(format!(
                        "the state is {side:?} and the history says `{status}`"
                    ))
                }
            }
            others => Err(format!(
                "one history entry was expected, {} were found: {others:#?}",
                others.len()
            )),
        }
    }
}

/// Locks of git that would stop the next command.
fn stray_locks(git_dir: &Path) -> Vec<String> {
    let mut waiting = vec![git_dir.join("refs")];
    let mut found = locks_in(git_dir);
    while let Some(folder) = waiting.pop() {
        found.extend(locks_in(&folder));
        waiting.extend(
            fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_dir()),
        );
    }
    found
}

fn locks_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "lock"))
        .map(|path| path.display().to_string())
        .collect()
}
