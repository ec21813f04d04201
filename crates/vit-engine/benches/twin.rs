//! Makes, verifies and exchanges the twin of an environment of 1,500 files and some 26 MB, beside
//! `cp -al` and `sha256sum` over the same files: prints the median of each and the ratios. Run:
//! `cargo bench -p vit-engine --bench twin`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use vit_engine::cancel::Cancel;
use vit_engine::faults::Faults;
use vit_engine::twin::{self, Entry, Held, Manifest, Node, Tolerate, Work};

const FILES: usize = 1_500;
const FILES_A_FOLDER: usize = 12;
const RUNS: usize = 9;

/// Sizes as in a real environment: many small files, a few large ones.
fn size(n: usize) -> usize {
    match n % 10 {
        0..=3 => 100 + n % 23 * 90,
        4..=6 => 4_200 + n % 17 * 500,
        7..=8 => 14_000 + n % 13 * 2_000,
        _ => 60_000 + n % 11 * 7_000,
    }
}

fn environment(at: &Path) -> usize {
    let mut total = 0;
    for n in 0..FILES {
        let package = n / FILES_A_FOLDER;
        let cache = if n % 2 == 0 { "" } else { "__pycache__/" };
        let path = at.join(format!("lib/python3/site-packages/p{package}/{cache}m{n}"));
        let bytes: Vec<u8> = (0..size(n))
            .map(|i| ((i * 31 + n * 7) % 251) as u8)
            .collect();
        total += bytes.len();
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder can be made");
        fs::File::create(path)
            .and_then(|mut file| file.write_all(&bytes))
            .expect("a file can be written");
    }
    total
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is compared with are programs"
)]
fn shell(command: &str, folder: &Path) {
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{command}");
}

fn timed(results: &mut Vec<f64>, work: impl FnOnce()) {
    let started = Instant::now();
    work();
    results.push(started.elapsed().as_secs_f64());
}

fn is_copied_file(entry: &Entry) -> bool {
    entry.held == Held::Own && matches!(entry.node, Node::File { .. })
}

fn median(results: &mut [f64]) -> f64 {
    results.sort_by(f64::total_cmp);
    results[results.len() / 2]
}

fn main() {
    let folder: PathBuf = tempfile::tempdir().expect("a folder can be made").keep();
    let live = folder.join("env");
    let total = environment(&live);
    shell("sync -f .", &folder);
    let (cancel, faults) = (Cancel::default(), Faults::default());
    let work = Work {
        cancel: &cancel,
        faults: &faults,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sums = format!("find env -type f -print0 | xargs -0 -n 100 -P {cores} sha256sum");
    let manifest = Manifest::of(&live, &work).expect("it can be read");
    let copy = folder.join("copy");
    let remove = || shell("rm -rf copy; sync -f .", &folder);
    let mut times: [Vec<f64>; 7] = Default::default();
    let mut own = 0;
    for _ in 0..RUNS {
        timed(&mut times[0], || shell("cp -al env copy", &folder));
        remove();
        timed(&mut times[1], || {
            shell("cp -al env copy && sync -f copy", &folder);
        });
        remove();
        timed(&mut times[2], || {
            let taken = twin::take(&live, &copy, &work).expect("it can be taken");
            own = taken.entries().filter(|(_, e)| is_copied_file(e)).count();
        });
        remove();
        timed(&mut times[3], || {
            twin::link_copy(&live, &copy, &work).expect("it can be copied");
        });
        timed(&mut times[4], || {
            twin::exchange(&live, &copy, &work).expect("they can be exchanged");
        });
        remove();
        timed(&mut times[5], || shell(&sums, &folder));
        timed(&mut times[6], || {
            let found = twin::verify(&live, &manifest, Tolerate::Nothing, &work);
            assert!(found.is_ok_and(|found| found.is_empty()));
        });
    }
    let [cp, cp_sync, take, link_copy, exchange, sha256sum, verify] =
        times.map(|mut times| median(&mut times) * 1e3);
    println!(
        "{FILES} files, {:.1} MB, {own} own copies",
        total as f64 / 1e6
    );
    println!("cp -al                {cp:.1} ms");
    println!("cp -al, sync          {cp_sync:.1} ms");
    println!(
        "twin (hashed, synced) {take:.1} ms, {:.2} x cp -al, {:.2} x with its sync",
        take / cp,
        take / cp_sync
    );
    println!(
        "link_copy (synced)    {link_copy:.1} ms, {:.2} x with its sync",
        link_copy / cp_sync
    );
    println!("exchange (synced)     {exchange:.1} ms");
    println!("sha256sum, {cores} at once {sha256sum:.1} ms");
    println!(
        "verify                {verify:.1} ms, {:.2} x sha256sum",
        verify / sha256sum
    );
    let _ = fs::remove_dir_all(folder);
}
