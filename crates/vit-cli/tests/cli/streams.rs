//! Readers that go away, disks that are full, folders that are gone.

use std::fs::File;
use std::process::Stdio;

use crate::program::{command, run, vit};

/// `vit help codes | head -1`
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = run(command(dir.path())
        .args(["help", "codes"])
        .stdout(Stdio::from(writer)));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_full_disk_behind_a_redirection_is_an_error() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full here");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let run = run(command(dir.path()).args(["help", "codes"]).stdout(full));
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("writing the answer failed"), "{run}");
}

#[test]
fn the_other_name_is_the_same_program() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command(dir.path());
    let link = dir.path().join("vitruvyan");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vitruvyan"), &link).unwrap();
    let other = run(command_of(&mut command, &link).args(["help", "exit-codes"]));
    assert_eq!(other.stdout, vit(&["help", "exit-codes"]).stdout);
}

/// The same surroundings for another program.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is a process"
)]
fn command_of(
    like: &mut std::process::Command,
    program: &std::path::Path,
) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command.env_clear();
    for (name, value) in like.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}
