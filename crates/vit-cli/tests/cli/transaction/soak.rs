//! Kills at any moment, not only at named points: TRANSACTION.md, invariant 3. `VIT_SOAK=1000`
//! goes through a thousand; `VIT_SOAK_SEED` repeats a run's choices (not its moments).

use std::time::{Duration, Instant};

use rustix::process::Signal;
use vit_testkit::{Invocation, World, processes, smoke};

use super::{FAILS_ON_NEW, PATIENCE, rollback, sound, world};

/// How many kills a usual run of the tests goes through.
const FEW: u64 = 24;
/// The latest moment of a kill.
const LATEST: Duration = Duration::from_millis(400);

/// Numbers that look random (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a soak takes is the caller's choice")]
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

/// Kills the whole process group at a moment.
fn kill_at(invocation: &Invocation, moment: Duration) {
    let started = Instant::now();
    let mut running = invocation.spawn();
    let pid = running.pid().expect("it has an id");
    let ended = || rustix::process::getpgid(Some(pid)).is_err() || is_zombie(pid.as_raw_pid());
    running.until_or_ended(|| started.elapsed() >= moment || ended());
    running.signal_group(Signal::KILL);
    let _ = running.wait();
}
