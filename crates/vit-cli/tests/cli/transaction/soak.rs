//! Kills at any moment, not only at named points: TRANSACTION.md, invariant 3. `VIT_SOAK=1000`
//! goes through a thousand; `VIT_SOAK_SEED` chooses other ones.

use std::path::{Path, PathBuf};

use vit_testkit::{Invocation, State, World, processes, smoke};

use super::{PATIENCE, outcomes, put, rollback, sound, upgrade, world};

/// How many kills a usual run of the tests goes through.
const FEW: u64 = 16;
/// The latest moment of a kill, in milliseconds: about as long as a transaction takes.
const LATEST: u64 = 450;

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

#[expect(
    clippy::disallowed_methods,
    reason = "how long a soak takes is the caller's choice"
)]
fn number(name: &str, usual: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The program, killed after so many milliseconds (git dies with it), and waited for: until it is
/// gone it holds its lock.
fn killed_after(world: &World, milliseconds: u64, args: &[&str]) -> Invocation {
    let line = "time=$1; shift; \"$@\" & sleep \"$time\"; kill -9 $! 2>/dev/null; wait $!";
    let seconds = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    world
        .program(Path::new("/bin/sh"), ["-c", line, "sh", &seconds])
        .args([world.bin()])
        .args(args)
}

fn script(world: &World, text: &str) {
    put(world.tmp().join("script"), text);
}

/// Lock files below the git folder.
fn locks(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(locks(&path));
        } else if path.extension().is_some_and(|ext| ext == "lock") {
            found.push(path);
        }
    }
    found
}

/// What may stand there after every recovery, and nothing else.
fn settled(world: &World, ends: &[State; 2]) -> Result<usize, String> {
    let state = world.state();
    let side = ends.iter().position(|end| *end == state).ok_or_else(|| {
        let [old, new] = ends.each_ref().map(|end| end.diff(&state));
        format!("a third state\nfrom old:\n{old}from new:\n{new}")
    })?;
    if !processes::all_gone(&world.root(), PATIENCE) {
        return Err(format!("still at work: {:?}", world.processes()));
    }
    let left = locks(&world.path(".git"));
    if !left.is_empty() {
        return Err(format!("locks were left behind: {left:?}"));
    }
    sound(world).map(|()| side)
}

#[test]
fn killed_at_any_moment() {
    let world = world("exec /bin/sh \"$TMPDIR/script\"");
    script(&world, "exit 0");
    let old = world.state();
    upgrade(&world).run().assert_code(0);
    let ends = [old, world.state()];
    rollback(&world).run().assert_code(0);
    let mut numbers = Numbers(number("VIT_SOAK_SEED", 1));
    let mut side = 0;
    for round in 0..number("VIT_SOAK", FEW) {
        let (name, text) = match numbers.below(4) {
            0 => ("fails", "sleep 0.05\nexit 1".to_owned()),
            1 => ("leaves a daemon", smoke::DAEMON.exits((round % 2) as u8)),
            2 => ("edits", smoke::EDITS_TRACKED.in_probe_only(1)),
            _ => ("passes", "sleep 0.05".to_owned()),
        };
        script(&world, &text);
        let command = ["upgrade", "rollback"][side];
        // What failed or was taken back in an earlier round is tried again for a reason only.
        let args: &[&str] = match command {
            "upgrade" => &["upgrade", "--yes", "--json", "--retry-quarantined", "again"],
            _ => &["rollback", "--yes", "--json"],
        };
        let before = outcomes(&world).len();
        let first = numbers.below(LATEST);
        let run = killed_after(&world, first, args).run();
        let mut story =
            format!("round {round}: {command} ({name}), killed after {first} ms\n{run:?}");
        for _ in 0..numbers.below(3) {
            let moment = numbers.below(LATEST / 3);
            let run = killed_after(&world, moment, &["recover", "--json"]).run();
            story = format!("{story}\nrecovery killed after {moment} ms\n{run:?}");
        }
        let recovered = world.vit(&["recover", "--json"]);
        story = format!("{story}\n{recovered:?}");
        assert!(matches!(recovered.code(), Some(0 | 3)), "{story}");
        side = settled(&world, &ends).unwrap_or_else(|error| panic!("{error}\n{story}"));
        let added = outcomes(&world).split_off(before.min(outcomes(&world).len()));
        assert!(added.len() <= 1, "{added:?}\n{story}");
    }
}
