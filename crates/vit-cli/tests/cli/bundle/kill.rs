//! An import that is killed, or that cannot write, at any point: it is done or not, and the next
//! one finishes it.

use std::path::Path;

use vit_testkit::faults::{self, Fault};
use vit_testkit::{Invocation, World};

use super::{create, import, pair, text};
use crate::installation::{answer, codes, command};

fn importing(world: &World, file: &Path) -> Invocation {
    command(world, &["bundle", "import", text(file), "--json"])
}

/// Whether the release is known; nothing in between is.
#[track_caller]
fn is_imported(world: &World, point: &str) -> bool {
    let run = command(world, &["update", "--offline", "--json"]).run();
    let update = run.json();
    let text = update.to_string();
    assert!(!text.contains("withdrawn"), "{point}: {update:#}");
    let imported = update["offered"]["version"] == "1.2.0";
    if imported {
        assert!(
            codes(&update).contains(&"release_imported".to_owned()),
            "{point}"
        );
    } else {
        assert_eq!(update["status"], "up_to_date", "{point}: {update:#}");
    }
    imported
}

#[test]
fn an_import_killed_or_failing_at_any_point_is_done_or_not() {
    let (sender, start) = pair();
    let folder = sender.root().join("wheels");
    std::fs::create_dir(&folder).unwrap();
    crate::transaction::put(folder.join("alpha-2.0-py3-none-any.whl"), "a wheel");
    let args = ["--target", "1.2.0", "--wheels", text(&folder)];
    let file = create(&sender, "b", &args);
    let (run, points) = faults::trace(importing(&start.copy(), &file));
    run.assert_code(0);
    let own: Vec<&String> = points
        .iter()
        .filter(|point| !point.starts_with("journal.") && !point.contains("lock.owner"))
        .collect();
    for point in [
        "bundle.extract",
        "import.objects",
        "import.recorded",
        "import.done",
    ] {
        assert!(own.iter().any(|p| *p == point), "{point}: {own:?}");
    }
    for (number, point) in own.iter().enumerate() {
        let fault = [Fault::Kill, Fault::Enospc][number % 2];
        let world = start.copy();
        let run = faults::with(importing(&world, &file), point, fault).run();
        if fault == Fault::Kill {
            assert!(run.was_killed(), "{point}: {run:?}");
        } else if run.code() != Some(0) {
            run.assert_code(2);
        }
        let done = is_imported(&world, point);
        assert_eq!(done, point.as_str() == "import.done", "{point}: {run:?}");
        let again = import(&world, &file, 0);
        let status = if done { "already_imported" } else { "imported" };
        assert_eq!(again["status"], status, "{point}");
        assert!(is_imported(&world, point), "{point}");
        let left = std::fs::read_dir(world.path(".git/vit/imports")).unwrap();
        let names = left.flatten().map(|entry| entry.file_name());
        let work: Vec<_> = names
            .filter(|n| n.to_string_lossy().starts_with('.'))
            .collect();
        assert!(work.is_empty(), "{point}: {work:?}");
    }
}

/// Refs are written one after the other: those of an import that was cut off in between are no
/// releases that somebody has withdrawn.
#[test]
fn half_of_the_refs_is_no_import() {
    let (sender, world) = pair();
    let file = create(&sender, "b", &["--target", "1.2.0"]);
    let run = faults::with(importing(&world, &file), "import.refs", Fault::Kill).run();
    assert!(run.was_killed(), "{run:?}");
    let commit = sender.commit_of("v1.1.0");
    world.git(&["update-ref", "refs/vit/releases/v1.1.0", &commit]);
    // The remote has said before that it knows no such release.
    assert!(!is_imported(&world, "half"));
    import(&world, &file, 0);
    assert!(is_imported(&world, "whole"));
    assert_eq!(
        answer(&world, &["update"], 0)["offered"]["version"],
        "1.2.0"
    );
}
