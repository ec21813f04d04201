//! The kill matrix: the program dies (or an operation fails) at every point that it passes, and
//! after recovery the installation is the old one or the new one, with one true history entry.
//!
//! ```no_run
//! use vit_testkit::World;
//! use vit_testkit::kill::{Matrix, RecoveryKills};
//!
//! let world = World::new("target/debug/vit");
//! world.vertical("finance", |v| v).publish("1.1.0", |r| r);
//! let report = Matrix::new(&world, |w| w.command(["upgrade", "--yes"]))
//!     .recovery_kills(RecoveryKills::Distinct)
//!     .run();
//! assert!(report.points.iter().any(|point| point.contains("COMMITTED")));
//! ```
//!
//! The prepared world itself is never touched: each thread works on its own copy and puts that
//! back in place after every case.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::faults::{self, Fault};
use crate::run::{Invocation, Run};
use crate::world::{Saved, World};

mod verdict;

use verdict::Ends;
pub use verdict::{Side, Survivor};

/// Which recoveries are themselves killed at every point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryKills {
    /// None.
    Never,
    /// One of each kind: recoveries that pass the same points count as one.
    Distinct,
    /// All: as many cases as points times recovery points.
    Every,
}

type Operation<'a> = Box<dyn Fn(&World) -> Invocation + Sync + 'a>;
type Check<'a> = Box<dyn Fn(&Survivor<'_>) -> Result<(), String> + Sync + 'a>;

/// A kill matrix that is being set up.
pub struct Matrix<'a> {
    prepared: &'a World,
    operate: Operation<'a>,
    recover: Operation<'a>,
    check: Check<'a>,
    only: Box<dyn Fn(&str) -> bool + Sync + 'a>,
    fault: Fault,
    recovery_kills: RecoveryKills,
    threads: usize,
}

/// What a matrix went through without a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The points of the operation, in order of their first pass.
    pub points: Vec<String>,
    /// Every point at which a recovery was killed, in order of their names.
    pub recovery_points: Vec<String>,
    /// How many times the operation was interrupted.
    pub cases: usize,
    /// How many times a recovery was killed.
    pub recovery_cases: usize,
}

impl<'a> Matrix<'a> {
    /// Interrupts `operate` by SIGKILL at every point that it passes in `prepared`, and recovers
    /// with `vit recover --json`.
    #[must_use]
    pub fn new(prepared: &'a World, operate: impl Fn(&World) -> Invocation + Sync + 'a) -> Self {
        Self {
            prepared,
            operate: Box::new(operate),
            recover: Box::new(|world| world.command(["recover", "--json"])),
            check: Box::new(|_| Ok(())),
            only: Box::new(|_| true),
            fault: Fault::Kill,
            recovery_kills: RecoveryKills::Never,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Recovers in another way.
    #[must_use]
    pub fn recovery(mut self, recover: impl Fn(&World) -> Invocation + Sync + 'a) -> Self {
        self.recover = Box::new(recover);
        self
    }

    /// Lets operations fail with an error instead of killing the program. Its own exit status
    /// must then be true: 0 means new, 3 means old, before any recovery.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// Kills recoveries too.
    #[must_use]
    pub fn recovery_kills(mut self, which: RecoveryKills) -> Self {
        self.recovery_kills = which;
        self
    }

    /// Looks at points with a true `wanted` only.
    #[must_use]
    pub fn only(mut self, wanted: impl Fn(&str) -> bool + Sync + 'a) -> Self {
        self.only = Box::new(wanted);
        self
    }

    /// Checks more of every survivor.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&Survivor<'_>) -> Result<(), String> + Sync + 'a,
    ) -> Self {
        self.check = Box::new(check);
        self
    }

    /// How many cases run side by side; as many as there are processors by default. Each thread
    /// moves its copy of the world to another folder: use one thread if the prepared world holds
    /// state that names its own folder.
    #[must_use]
    pub fn threads(mut self, count: usize) -> Self {
        self.threads = count.max(1);
        self
    }

    /// Runs all cases.
    ///
    /// # Panics
    /// A case fails (all failing ones are listed), or no point is passed at all.
    #[track_caller]
    pub fn run(&self) -> Report {
        let (ends, mut points) = self.uninterrupted();
        points.retain(|point| (self.only)(point));
        assert!(
            !points.is_empty(),
            "no fault point was passed: was the program built with the feature `faults`?\n{:?}",
            ends.run
        );
        let shared = Shared::default();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(points.len()) {
                scope.spawn(|| {
                    let world = self.prepared.copy_in_memory();
                    let start = world.save();
                    while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                        world.restore(&start);
                        let case = Case {
                            world: &world,
                            ends: &ends,
                            shared: &shared,
                            point,
                        };
                        shared.guard(point, || self.interrupt(&case));
                    }
                });
            }
        });
        shared.report(points)
    }

    /// One run to the end: where it leads and which points it passes.
    fn uninterrupted(&self) -> (Ends, Vec<String>) {
        let world = self.prepared.copy_in_memory();
        let (old, before) = (world.state(), world.history());
        let (run, points) = faults::trace((self.operate)(&world));
        let after = world.history();
        let status = after
            .get(before.len())
            .and_then(|entry| entry.get("status")?.as_str().map(str::to_owned));
        let ends = Ends {
            old,
            new: world.state(),
            before,
            status,
            run,
        };
        (ends, points)
    }

    fn interrupt(&self, case: &Case<'_>) -> Result<(), String> {
        let Case { world, ends, .. } = case;
        let run = faults::with((self.operate)(world), case.point, self.fault).run();
        if self.fault == Fault::Kill {
            killed(&run)?;
        } else {
            ends.claim_is_true(&run, &world.state())?;
        }
        case.shared.cases.fetch_add(1, Ordering::SeqCst);
        let wreck = (self.recovery_kills != RecoveryKills::Never).then(|| world.save());
        let (recovery, points) = faults::trace((self.recover)(world));
        self.settle(case, None, &recovery)?;
        match wreck {
            Some(wreck) if self.is_new_kind(case, &points) => {
                self.interrupt_recovery(case, &wreck, &points)
            }
            _ => Ok(()),
        }
    }

    fn is_new_kind(&self, case: &Case<'_>, points: &[String]) -> bool {
        let new = lock(&case.shared.kinds).insert(points.to_vec());
        new || self.recovery_kills == RecoveryKills::Every
    }

    /// Kills the recovery of one wreck at each of its points, every time from the same wreck.
    fn interrupt_recovery(
        &self,
        case: &Case<'_>,
        wreck: &Saved,
        points: &[String],
    ) -> Result<(), String> {
        for point in points {
            case.world.restore(wreck);
            let label = format!("{}, then {point} in recovery", case.point);
            let run = faults::with((self.recover)(case.world), point, Fault::Kill).run();
            case.shared.recovery_cases.fetch_add(1, Ordering::SeqCst);
            lock(&case.shared.recovery_points).insert(point.clone());
            case.shared.guard(&label, || {
                killed(&run)?;
                let recovery = (self.recover)(case.world).run();
                self.settle(case, Some(point), &recovery)
            });
        }
        Ok(())
    }

    /// Judges what a recovery left, then recovers again: that must change nothing.
    fn settle(
        &self,
        case: &Case<'_>,
        recovery_point: Option<&str>,
        recovery: &Run,
    ) -> Result<(), String> {
        let Case { world, ends, .. } = case;
        let (side, entry) = ends.judge(world, recovery)?;
        let (state, history) = (world.state(), world.history());
        let again = (self.recover)(world).run();
        if again.code().is_none() {
            return Err(format!("the second recovery died\n{again:?}"));
        }
        let diff = state.diff(&world.state());
        if !diff.is_empty() || history != world.history() {
            return Err(format!(
                "the second recovery changed something\n{diff}{again:?}"
            ));
        }
        (self.check)(&Survivor {
            world,
            point: case.point,
            recovery_point,
            side,
            entry: entry.as_ref(),
        })
    }
}

/// One interruption.
struct Case<'a> {
    world: &'a World,
    ends: &'a Ends,
    shared: &'a Shared,
    point: &'a str,
}

/// What the threads write together.
#[derive(Default)]
struct Shared {
    failures: Mutex<Vec<String>>,
    kinds: Mutex<HashSet<Vec<String>>>,
    recovery_points: Mutex<HashSet<String>>,
    cases: AtomicUsize,
    recovery_cases: AtomicUsize,
}

impl Shared {
    /// Runs a case; keeps what goes wrong, panics included, under `label`.
    fn guard(&self, label: &str, case: impl FnOnce() -> Result<(), String>) {
        let failure = match catch_unwind(AssertUnwindSafe(case)) {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure,
            Err(panic) => panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_else(|| "a panic without a text".into()),
        };
        lock(&self.failures).push(format!("at {label}: {failure}"));
    }

    #[track_caller]
    fn report(self, points: Vec<String>) -> Report {
        let failures = lock(&self.failures);
        let shown: Vec<&str> = failures.iter().take(8).map(String::as_str).collect();
        assert!(
            failures.is_empty(),
            "{} of {} cases failed\n\n{}",
            failures.len(),
            points.len() + self.recovery_cases.load(Ordering::SeqCst),
            shown.join("\n\n")
        );
        let mut recovery_points: Vec<String> =
            lock(&self.recovery_points).iter().cloned().collect();
        recovery_points.sort();
        Report {
            points,
            recovery_points,
            cases: self.cases.load(Ordering::SeqCst),
            recovery_cases: self.recovery_cases.load(Ordering::SeqCst),
        }
    }
}

fn killed(run: &Run) -> Result<(), String> {
    if run.was_killed() {
        return Ok(());
    }
    Err(format!(
        "the program was to die here and did not: is the point's name the same on every run?\n\
         {run:?}"
    ))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panicking case is a failure of its own; what others collected stays good.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A field of a JSON object as text.
fn text_of<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}
