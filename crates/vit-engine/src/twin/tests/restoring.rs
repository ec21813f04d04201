//! Putting back, from every state that a crash or somebody else can leave.

use super::*;

fn no_exchange() -> Restore<'static> {
    Restore {
        in_place: true,
        ..Restore::default()
    }
}

/// The live folder is what the manifest says, and a further call does nothing.
fn assert_restored(case: &Case, manifest: &Manifest) {
    assert_eq!(case.mismatches(&case.live(), manifest), [""; 0]);
    assert_eq!(case.of_live().digest(), manifest.digest());
    let again = case.restore(manifest, &Restore::default());
    assert_eq!(again.how, How::Unchanged);
    assert!(again.mismatches.is_empty() && again.repaired.is_empty());
}

#[test]
fn an_upgraded_environment_comes_back_by_exchange() {
    let case = Case::new();
    odd(&case.live());
    let manifest = case.take();
    let twin = inode(&case.twin());
    upgraded(&case.live());
    let done = case.restore(&manifest, &Restore::default());
    assert_eq!(done.how, How::Exchanged);
    assert!(
        done.mismatches.is_empty() && done.errors.is_empty(),
        "{done:?}"
    );
    assert_eq!(inode(&case.live()), twin);
    assert!(case.twin().join("lib/site/pkg/new/deep/file").exists());
    assert_restored(&case, &manifest);
}

#[test]
fn an_upgraded_environment_comes_back_in_place() {
    let case = Case::new();
    odd(&case.live());
    let manifest = case.take();
    let live = inode(&case.live());
    upgraded(&case.live());
    put(&case.live().join("lib/.vit-fresh"), "left by a crash");
    set_mode(&case.live().join("locked"), 0o755);
    remove::force(&case.live().join("locked/inner")).unwrap();
    fs::remove_file(case.live().join("pipe")).unwrap();
    fs::remove_file(case.live().join("bin/setuid")).unwrap();
    fs::remove_dir_all(case.live().join("perché")).unwrap();
    put(&case.live().join("perché"), "a file for a folder");
    let done = case.restore(&manifest, &no_exchange());
    assert_eq!(done.how, How::InPlace);
    assert!(
        done.mismatches.is_empty() && done.errors.is_empty(),
        "{done:?}"
    );
    assert!(done.repaired.contains(&PathBuf::from("bin/setuid")));
    assert_eq!(inode(&case.live()), live);
    assert!(case.mismatches(&case.twin(), &manifest).is_empty());
    for (path, entry) in case.of_live().entries() {
        assert_eq!(
            entry.modified,
            manifest.get(path).unwrap().modified,
            "{}",
            path.display()
        );
    }
    assert_restored(&case, &manifest);
}

#[test]
fn a_write_through_a_hard_link_is_found_and_repaired_from_another_twin() {
    for with_source in [true, false] {
        for in_place in [true, false] {
            let case = Case::quick();
            plain(&case.live());
            let other = case.path("older/tree");
            fs::create_dir(case.path("older")).unwrap();
            // Between file systems, or made when it was another file: its own inode.
            plain(&other);
            let manifest = case.take();
            upgraded(&case.live());
            let name = "lib/site/pkg/__pycache__/x.pyc";
            write_in_place(&case.twin().join(name), b"damage");
            let sources = [case.path("none"), other];
            let with = Restore {
                sources: if with_source { &sources } else { &[] },
                in_place,
                ..Restore::default()
            };
            let done = case.restore(&manifest, &with);
            if with_source {
                assert!(done.mismatches.is_empty(), "{done:?}");
                assert!(done.repaired.contains(&PathBuf::from(name)));
                assert_restored(&case, &manifest);
            } else {
                let left = Mismatch {
                    path: name.into(),
                    what: if in_place {
                        What::Missing
                    } else {
                        What::Content
                    },
                };
                assert_eq!(done.mismatches, [left]);
                assert!(!done.errors.is_empty());
                // Once more, and the better one of the two stays.
                let again = case.restore(&manifest, &with);
                assert_eq!(again.mismatches, done.mismatches);
            }
        }
    }
}

#[test]
fn what_is_gone_comes_back() {
    for (in_place, how) in [(false, How::Moved), (true, How::InPlace)] {
        let case = Case::new();
        odd(&case.live());
        let manifest = case.take();
        remove::force(&case.live()).unwrap();
        let with = Restore {
            in_place,
            ..Restore::default()
        };
        let done = case.restore(&manifest, &with);
        assert_eq!(done.how, how);
        assert!(done.mismatches.is_empty(), "{done:?}");
        assert_restored(&case, &manifest);
    }
}

#[test]
fn what_stands_in_its_place_goes() {
    for in_place in [false, true] {
        let case = Case::new();
        plain(&case.live());
        let manifest = case.take();
        fs::rename(case.live(), case.path("elsewhere")).unwrap();
        symlink(case.path("elsewhere"), case.live()).unwrap();
        let with = Restore {
            in_place,
            ..Restore::default()
        };
        assert!(case.restore(&manifest, &with).mismatches.is_empty());
        assert!(fs::symlink_metadata(case.live()).unwrap().is_dir());
        assert!(case.path("elsewhere/bin/python").exists());
        assert_restored(&case, &manifest);
    }
}

/// A crash between the exchange and the repair: the live one is the twin, with a damage.
#[test]
fn a_call_after_the_exchange_does_not_exchange_back() {
    let case = Case::new();
    plain(&case.live());
    let manifest = case.take();
    let older = case.path("older");
    plain(&older);
    upgraded(&case.live());
    write_in_place(&case.twin().join("lib/site/pkg/big.so"), b"damage");
    exchange(&case.live(), &case.twin(), &case.work()).unwrap();
    let live = inode(&case.live());
    let with = Restore {
        sources: &[older],
        ..Restore::default()
    };
    let done = case.restore(&manifest, &with);
    assert_eq!(inode(&case.live()), live);
    assert_eq!(done.how, How::InPlace);
    assert_eq!(done.repaired, [Path::new("lib/site/pkg/big.so")]);
    assert_restored(&case, &manifest);
}

/// An in-place restore that stopped after any number of paths, for every such number.
#[test]
fn a_half_done_restore_in_place_goes_on() {
    let names = {
        let case = Case::quick();
        plain(&case.live());
        let manifest = case.take();
        upgraded(&case.live());
        verify(&case.live(), &manifest, Tolerate::Nothing, &case.work()).unwrap()
    };
    for count in 0..=names.len() {
        for in_place in [false, true] {
            let case = Case::quick();
            plain(&case.live());
            let manifest = case.take();
            upgraded(&case.live());
            let found = verify(&case.live(), &manifest, Tolerate::Nothing, &case.work()).unwrap();
            let work = case.work();
            let sources = [case.twin()];
            let mut half = repair::Repair::new(&case.live(), &manifest, &sources, &work).unwrap();
            half.run(&found[..count.min(found.len())]);
            let with = Restore {
                in_place,
                ..Restore::default()
            };
            assert!(case.restore(&manifest, &with).mismatches.is_empty());
            assert_restored(&case, &manifest);
        }
    }
}

#[test]
fn modes_come_back_through_links() {
    let case = Case::new();
    odd(&case.live());
    let manifest = case.take();
    // The file of both names, so the twin has it too.
    set_mode(&case.live().join("lib/site/pkg/big.so"), 0);
    set_mode(&case.live().join("lib/site"), 0);
    set_mode(&case.live().join("bin/setuid"), 0o755);
    set_mode(&case.live(), 0o500);
    let done = case.restore(&manifest, &no_exchange());
    assert!(done.mismatches.is_empty(), "{done:?}");
    assert_restored(&case, &manifest);
}

#[test]
fn new_bytecode_may_stay_where_all_else_is_right() {
    let case = Case::new();
    plain(&case.live());
    let manifest = case.take();
    let extra = case.live().join("lib/site/pkg/__pycache__/new.pyc");
    put(&extra, "new");
    let with = Restore {
        tolerate: Tolerate::NewBytecode,
        in_place: true,
        ..Restore::default()
    };
    let done = case.restore(&manifest, &with);
    assert_eq!((done.how, done.mismatches.len()), (How::Unchanged, 0));
    assert!(extra.exists());
    // Of something else it may be the bytecode: then it goes too.
    put(&case.live().join("pyvenv.cfg"), "other");
    assert!(case.restore(&manifest, &with).mismatches.is_empty());
    assert!(!extra.exists());
}

#[test]
fn an_exchange_that_cannot_be_says_why_and_there_is_another_way() {
    let (case, Some(memory)) = (Case::new(), Case::in_memory()) else {
        return;
    };
    odd(&case.live());
    let manifest = take(&case.live(), &memory.twin(), &case.work()).unwrap();
    upgraded(&case.live());
    let result = exchange(&case.live(), &memory.twin(), &case.work());
    let why = Impossible::OtherFileSystem;
    assert!(matches!(result, Err(ExchangeError::Impossible(w)) if w == why));
    let with = Restore::default();
    let done = restore(&case.live(), &memory.twin(), &manifest, &with, &case.work()).unwrap();
    assert_eq!(done.how, How::InPlace);
    assert!(matches!(
        done.not_exchanged,
        Some(ExchangeError::Impossible(w)) if w == why
    ));
    assert!(done.mismatches.is_empty(), "{done:?}");
    assert_restored(&case, &manifest);
    // Gone altogether, the twin elsewhere.
    remove::force(&case.live()).unwrap();
    let done = restore(&case.live(), &memory.twin(), &manifest, &with, &case.work()).unwrap();
    assert_eq!((done.how, done.mismatches.len()), (How::InPlace, 0));
    assert_restored(&case, &manifest);
}

#[test]
fn in_memory_folders_are_exchanged_too() {
    let Some(case) = Case::in_memory() else {
        return;
    };
    plain(&case.live());
    let manifest = case.take();
    upgraded(&case.live());
    assert_eq!(
        case.restore(&manifest, &Restore::default()).how,
        How::Exchanged
    );
    assert_restored(&case, &manifest);
}

#[test]
fn an_exchange_with_nothing_is_an_error_that_names_it() {
    let case = Case::new();
    plain(&case.live());
    let before = case.of_live();
    let result = exchange(&case.live(), &case.twin(), &case.work());
    let Err(ExchangeError::Failed(EngineError::Io { path, source, .. })) = result else {
        panic!("{result:?}");
    };
    assert_eq!((path, source.raw_os_error()), (case.live(), Some(2)));
    assert_eq!(case.of_live(), before);
}

/// A link that stands in the place of a folder and cannot be removed: nothing is written where
/// it leads to.
#[cfg(feature = "faults")]
#[test]
fn nothing_is_written_through_a_link() {
    use crate::environment::Environment;
    let mut case = Case::quick();
    plain(&case.live());
    let manifest = case.take();
    let outside = case.path("outside");
    put(&outside.join("big.so"), "mine");
    set_mode(&outside.join("big.so"), 0o600);
    set_mode(&outside, 0o500);
    let before = Manifest::of(&outside, &case.work()).unwrap();
    remove::force(&case.live().join("lib/site/pkg")).unwrap();
    symlink(&outside, case.live().join("lib/site/pkg")).unwrap();
    let rule = "environment.twin.repair.remove=eio";
    case.faults = Faults::new(&Environment::new([("VIT_FAULT".into(), rule.into())]));
    let done = case.restore(&manifest, &no_exchange());
    assert!(!done.mismatches.is_empty() && !done.errors.is_empty());
    assert_eq!(Manifest::of(&outside, &case.work()).unwrap(), before);
    case.faults = Faults::default();
    assert!(
        case.restore(&manifest, &no_exchange())
            .mismatches
            .is_empty()
    );
    assert_eq!(Manifest::of(&outside, &case.work()).unwrap(), before);
    assert_restored(&case, &manifest);
}

/// Every effect fails once: the folder comes back by this call, or by the next one.
#[cfg(feature = "faults")]
#[test]
fn a_restore_that_fails_anywhere_is_called_again() {
    use crate::environment::Environment;
    let points = [
        "exchange",
        "exchanged",
        "exchange.synced",
        "restore.clear",
        "restore.move",
        "restore.sync",
        "restored",
        "repair.attributes",
        "repair.remove",
        "repair.removed",
        "repair.make",
        "repair.made",
    ];
    for (point, in_place) in points
        .iter()
        .flat_map(|point| [(point, false), (point, true)])
    {
        for damage in [upgraded, |live: &Path| remove::force(live).unwrap()] {
            let mut case = Case::quick();
            odd(&case.live());
            let manifest = case.take();
            damage(&case.live());
            let with = Restore {
                in_place,
                ..Restore::default()
            };
            let rule = format!("environment.twin.{point}=enospc");
            case.faults = Faults::new(&Environment::new([("VIT_FAULT".into(), rule.into())]));
            let first = restore(&case.live(), &case.twin(), &manifest, &with, &case.work());
            if let Ok(first) = &first {
                let is_right = case.mismatches(&case.live(), &manifest).is_empty();
                assert_eq!(
                    first.mismatches.is_empty(),
                    is_right,
                    "{point}: it says what is so"
                );
            }
            case.faults = Faults::default();
            let done = case.restore(&manifest, &with);
            assert!(
                done.mismatches.is_empty(),
                "{point}: {first:?} then {done:?}"
            );
            assert_restored(&case, &manifest);
        }
    }
}
