use proptest::prelude::*;
use vit_contract::code::Code;
use vit_contract::plan::{
    End, EnvironmentAction, EnvironmentStep, Kind, Position, RehearsalOutcome,
};
use vit_contract::verdict::Answer;

use super::*;

fn position() -> Position {
    Position {
        commit: "c".into(),
        tree: "t".into(),
        branch: None,
    }
}

fn begun() -> Entry {
    let end = End {
        version: None,
        position: position(),
    };
    Entry::Begun(Box::new(Begun {
        kind: Kind::Upgrade,
        root: String::new(),
        from: end.clone(),
        to: end,
        snapshot_tag: String::new(),
        steps: vec![Step::SwitchTree {
            from: position(),
            to: position(),
        }],
        plan: String::new(),
        untracked: Vec::new(),
        comparing: None,
        accepted: Vec::new(),
        retry_reason: None,
        quarantine_key: std::collections::BTreeMap::new(),
        signed_by: None,
        actor: String::new(),
        host: String::new(),
    }))
}

fn proof() -> Proof {
    Proof {
        verified: true,
        head: String::new(),
        branch: None,
        tree: String::new(),
        environment: None,
        signed_by: None,
        mismatches: Vec::new(),
    }
}

fn cause() -> Problem {
    Problem::new(Code::SmokeTestFailed, "x", "y")
}

fn quarantined() -> Entry {
    Entry::Quarantined {
        version: semver::Version::new(1, 2, 0),
        times: 1,
        by_hand: false,
    }
}

fn step() -> String {
    "switch-tree".to_owned()
}

fn closed(outcome: Outcome) -> Entry {
    Entry::Closed { outcome }
}

fn start() -> Vec<Entry> {
    vec![
        begun(),
        Entry::Fetched {
            commit: String::new(),
        },
        Entry::Judged {
            answer: Answer::Compatible,
        },
        Entry::Rehearsed {
            outcome: RehearsalOutcome::Pass,
            held: jiff::Timestamp::UNIX_EPOCH,
        },
        Entry::Snapped {
            files: None,
            environment: None,
        },
    ]
}

fn armed() -> Vec<Entry> {
    let rest = vec![
        Entry::Armed,
        Entry::Intent { step: step() },
        Entry::Done { step: step() },
        Entry::Probing,
    ];
    [start(), rest].concat()
}

fn on_trial() -> Vec<Entry> {
    let rest = vec![
        Entry::Probed {
            results: Vec::new(),
        },
        Entry::Trial(Trial {
            until: jiff::Timestamp::UNIX_EPOCH,
            boot: "b".into(),
        }),
    ];
    [armed(), rest].concat()
}

fn back() -> Vec<Entry> {
    vec![
        Entry::RollbackBegun {
            cause: cause(),
            results: Vec::new(),
        },
        Entry::Evidence {
            folder: None,
            error: None,
        },
        Entry::Undone {
            step: step(),
            error: None,
        },
    ]
}

/// The records of the ways that a transaction can go, in the order in which they are written.
fn ways() -> Vec<Vec<Entry>> {
    vec![
        [
            armed(),
            vec![
                Entry::Probed {
                    results: Vec::new(),
                },
                Entry::Committed { proof: proof() },
                quarantined(),
                closed(Outcome::Success),
            ],
        ]
        .concat(),
        [
            armed(),
            back(),
            vec![
                Entry::Verified { proof: proof() },
                quarantined(),
                closed(Outcome::RollbackExecuted),
            ],
        ]
        .concat(),
        [
            armed(),
            back(),
            vec![
                Entry::Inconsistent { proof: proof() },
                closed(Outcome::Inconsistent),
                Entry::Repaired {
                    proof: proof(),
                    accepted: Vec::new(),
                },
                closed(Outcome::Success),
            ],
        ]
        .concat(),
        [
            on_trial(),
            vec![
                Entry::Committed { proof: proof() },
                closed(Outcome::Success),
            ],
        ]
        .concat(),
        [
            on_trial(),
            back(),
            vec![
                Entry::Verified { proof: proof() },
                closed(Outcome::RollbackExecuted),
            ],
        ]
        .concat(),
        [
            start(),
            vec![Entry::Aborted { cause: cause() }, closed(Outcome::Failed)],
        ]
        .concat(),
    ]
}

/// TRANSACTION.md, invariant 5: of any prefix, the work that is left is the one that the table
/// there says.
#[test]
fn every_prefix_of_every_way_has_its_phase() {
    for way in ways() {
        for length in 0..=way.len() {
            let story = Story::of(&way[..length]);
            let has = |kind: &str| way[..length].iter().any(|e| e.to_journal().0 == kind);
            let closed = matches!(way[..length].last(), Some(Entry::Closed { .. }));
            let expected = match () {
                () if length == 0 => Phase::Ended,
                () if has("repaired") && closed => Phase::Ended,
                () if has("repaired") => Phase::FinishRepair,
                () if has("inconsistent") => Phase::Inconsistent { closed },
                () if closed => Phase::Ended,
                () if has("committed") => Phase::FinishForward,
                () if has("verified") => Phase::FinishRollback,
                () if has("rollback_begun") => Phase::ContinueRollback,
                () if has("trial") => Phase::Trial,
                () if has("armed") => Phase::RollBack,
                () => Phase::Abort,
            };
            assert_eq!(story.phase, expected, "after {length} records");
            assert_eq!(story.begun.is_some(), length > 0);
            assert_eq!(story.steps_to_undo().count(), usize::from(has("intent")));
        }
    }
}

#[test]
fn every_record_survives_the_journal() {
    let mut kinds: Vec<String> = Vec::new();
    for entry in ways().into_iter().flatten() {
        let (kind, body) = entry.to_journal();
        assert!(
            Entry::KINDS.contains(&kind.as_str()),
            "{kind} is in no kill matrix"
        );
        let record = crate::store::journal::Record {
            seq: 0,
            transaction: "t".into(),
            boot: String::new(),
            time: jiff::Timestamp::UNIX_EPOCH,
            kind: kind.clone(),
            body,
            previous: String::new(),
            hash: String::new(),
        };
        assert_eq!(Entry::from_journal(&record), entry);
        kinds.push(kind);
    }
    for kind in Entry::KINDS {
        assert!(
            kinds.iter().any(|known| known == kind),
            "{kind} is written by no way"
        );
    }
}

#[test]
fn whatever_follows_a_trial_and_is_not_known_ends_it() {
    let trial = Entry::Trial(Trial {
        until: jiff::Timestamp::MAX,
        boot: "b".into(),
    });
    let story = Story::of(&[begun(), Entry::Armed, trial.clone()]);
    assert_eq!(story.phase, Phase::Trial);
    let story = Story::of(&[begun(), Entry::Armed, trial, Entry::Unknown("x".into())]);
    assert_eq!(story.phase, Phase::RollBack);
}

#[test]
fn an_own_step_is_undone_once_and_one_that_could_not_be_is_kept_in_mind() {
    let step = |name: &str, undo: Option<&str>| {
        Step::Command(vit_contract::plan::CommandStep {
            name: name.into(),
            run: vec!["true".into()],
            undo: undo.map(|undo| vec![undo.into()]),
            verify: None,
            timeout_seconds: 1,
            leaves_processes: false,
            backward: false,
            origin: None,
        })
    };
    let Entry::Begun(mut first) = begun() else {
        unreachable!("it is one")
    };
    first.steps = vec![step("a", Some("x")), step("b", Some("x")), step("c", None)];
    let intent = |name: &str| Entry::Intent {
        step: format!("step:{name}"),
    };
    let undone = |name: &str, error: Option<&str>| Entry::Undone {
        step: format!("step:{name}"),
        error: error.map(str::to_owned),
    };
    let mut records = vec![
        Entry::Begun(first),
        Entry::Armed,
        intent("a"),
        intent("b"),
        intent("c"),
        undone("c", Some("it cannot be")),
        undone("b", Some("it failed")),
        undone("a", None),
    ];
    let left = |records: &[Entry]| -> Vec<String> {
        Story::of(records).steps_to_undo().map(Step::name).collect()
    };
    assert_eq!(left(&records[..5]), ["step:c", "step:b", "step:a"]);
    assert_eq!(left(&records), ["step:b"]);
    let failed: Vec<String> = Story::of(&records).not_undone.into_keys().collect();
    assert_eq!(failed, ["step:b"]);
    records.push(undone("b", None));
    assert_eq!(Story::of(&records).not_undone.len(), 0);
}

#[test]
fn an_environment_counts_as_begun_where_a_record_may_have_said_so() {
    let Entry::Begun(mut first) = begun() else {
        unreachable!("it is one")
    };
    first.steps = vec![Step::Environment(EnvironmentStep {
        path: "/srv/core/.venv".into(),
        action: EnvironmentAction::Restore {
            snapshot: "x".into(),
            manifest_sha256: "y".into(),
        },
    })];
    let name = first.steps[0].name();
    let first = Entry::Begun(first);
    let begun = |last: Entry| Story::of(&[first.clone(), Entry::Armed, last]).environment_begun();
    assert!(!begun(Entry::Probing));
    assert!(begun(Entry::Intent { step: name }));
    assert!(begun(Entry::Unknown("damaged".into())));
}

#[test]
fn a_record_of_a_newer_vit_means_armed() {
    let story = Story::of(&[begun(), Entry::Unknown("rehearsed".into())]);
    assert_eq!(story.phase, Phase::RollBack);
    let story = Story::of(&[
        begun(),
        Entry::Committed { proof: proof() },
        Entry::Unknown("x".into()),
    ]);
    assert_eq!(
        story.phase,
        Phase::FinishForward,
        "what is committed never turns back"
    );
}

#[test]
fn the_first_cause_is_never_overwritten() {
    let later = Problem::new(Code::StepFailed, "later", "later");
    let story = Story::of(&[
        begun(),
        Entry::Armed,
        Entry::RollbackBegun {
            cause: cause(),
            results: Vec::new(),
        },
        Entry::RollbackBegun {
            cause: later,
            results: Vec::new(),
        },
    ]);
    assert_eq!(story.cause, Some(cause()));
}

proptest! {
    /// Whatever order records come in, the function answers, and a committed transaction that was
    /// not rolled back before never turns back.
    #[test]
    fn total_on_any_sequence(picks in prop::collection::vec((0..16usize, 0..24usize), 0..40)) {
        let ways = ways();
        let mut phase = Phase::default();
        for (way, at) in picks {
            let Some(record) = ways.get(way).and_then(|way| way.get(at)) else { continue };
            let after = next(phase, record);
            if phase == Phase::FinishForward {
                prop_assert!(
                    !matches!(after, Phase::RollBack | Phase::ContinueRollback | Phase::Abort),
                    "{record:?} turned a committed transaction back"
                );
            }
            phase = after;
        }
    }
}
