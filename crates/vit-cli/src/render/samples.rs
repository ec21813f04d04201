//! Reports made by hand, for the tests of the renderers.

use jiff::Timestamp;
use semver::Version;
use vit_contract::bundle::{self, BundleManifest, BundledRelease, Wheel};
use vit_contract::channel::Channel;
use vit_contract::code::Code;
use vit_contract::history::{Entry, Outcome, Proof};
use vit_contract::output::{
    BundleReport, BundleStatus, CacheCleanReport, CacheHost, CacheInfoReport, CacheLimit,
    Candidate, ChannelChoice, ChannelReport, Check, CheckReport, CheckState, HistoryReport,
    HoldReport, LastCheck, SmokeOutcome, SmokeResult, Snapshot, SnapshotReport, Source,
    StatusReport, TransactionReport, TransactionStatus, UpdateReport, UpdateStatus, VerticalStatus,
};
use vit_contract::plan::{
    Accepted, ContractState, ContractUse, Disk, DurationEstimate, End, EstimateBasis, Kind, Plan,
    Position, ReleaseChanges, Risk, RiskLevel, SmokeTest, Step, Strategy,
};
use vit_contract::problem::{Place, Problem, Who};
use vit_contract::release::{Change, Changes};
use vit_contract::verdict::{Answer, Verdict, VerticalVerdict};
use vit_contract::vertical::Status;

mod explain;
mod release;

pub(crate) use explain::explain;
pub(crate) use release::{release_list, release_show};

mod registry;

pub(crate) use registry::{mirror_index, proposal, trust};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn oid(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn position(digit: char, branch: Option<&str>) -> Position {
    Position {
        commit: oid(digit),
        tree: oid('e'),
        branch: branch.map(str::to_owned),
    }
}

pub(crate) fn problems() -> Vec<Problem> {
    vec![
        Problem::new(
            Code::ContactNotEmail,
            "energy",
            "the contact is no e-mail address",
        )
        .at(Place {
            line: Some(14),
            column: Some(12),
            text: Some("  contact: the energy team".into()),
            length: Some(15),
            ..Place::file("domains/energy/vertical_manifest.yaml")
        }),
        Problem::new(
            Code::CoreAboveMaximum,
            "finance",
            "the target is newer than the vertical's max_core_version",
        )
        .evidence("max_core_version is 1.x.x\nthe target is 2.0.0")
        .hint(
            Who::VerticalOwner,
            "test against 2.0.0, then raise max_core_version",
        )
        .url("https://example.org/contract#range"),
        Problem::new(
            Code::ChannelAssumed,
            "v1.1.0",
            "the release names no channel",
        ),
    ]
}

fn dirty() -> Problem {
    Problem::new(
        Code::DirtyTree,
        "working tree",
        "2 tracked files have changes",
    )
    .evidence("vitruvyan_core/core.py\ncontracts/events.py")
    .hint(Who::You, "git stash push, or git commit")
}

fn verdict(problems: Vec<Problem>) -> Verdict {
    let vertical = |name: &str, status, problems: Vec<Problem>| VerticalVerdict {
        vertical: name.into(),
        manifest: format!("domains/{name}/vertical_manifest.yaml"),
        status: Some(status),
        answer: Answer::of(&problems),
        problems,
    };
    let (energy, finance) = problems.into_iter().partition(|p| p.subject == "energy");
    Verdict::new(
        Vec::new(),
        vec![
            vertical("finance", Status::Active, finance),
            vertical("energy", Status::Deprecated, energy),
        ],
    )
}

fn warnings() -> Vec<Problem> {
    problems().into_iter().take(1).collect()
}

pub(crate) fn channel_choice() -> ChannelChoice {
    ChannelChoice {
        channel: Channel::Stable,
        set_by: "manifest of finance".into(),
    }
}

pub(crate) fn update() -> UpdateReport {
    let candidate = |text: &str, problems| Candidate {
        through: Vec::new(),
        version: version(text),
        channel: Channel::Stable,
        release_date: Some(at("2026-02-19T16:45:00Z")),
        verdict: verdict(problems),
    };
    UpdateReport {
        schema: "vit.update/1".into(),
        status: UpdateStatus::CompatibleWithWarnings,
        current_version: Some(version("1.0.0")),
        latest_version: Some(version("1.1.0")),
        compatible: true,
        reason: None,
        details: "1.1.0 is available".into(),
        channel: channel_choice(),
        source: Source {
            kind: "git".into(),
            location: "origin".into(),
            fetched: at("2026-03-01T08:00:00Z"),
            stale: false,
            ignored_tags: 12,
            cached: false,
            signed: false,
            requests: 0,
        },
        offered: Some(candidate("1.1.0", warnings())),
        blocked: vec![candidate("2.0.0", problems())],
        unusable: vec![Problem::new(
            Code::MetadataVersionMismatch,
            "v9.9.9",
            "the metadata's version is 1.0.0",
        )],
        problems: warnings(),
        timestamp: at("2026-03-01T08:00:00Z"),
        next: "vit plan".into(),
    }
}

fn release_changes() -> ReleaseChanges {
    let change = |text: &str| Change {
        id: None,
        text: text.into(),
        since: None,
        removal: None,
    };
    ReleaseChanges {
        version: version("1.1.0"),
        changes: Changes {
            breaking: vec![Change {
                id: Some("BC-7".into()),
                ..change("GraphPlugin.run takes a context")
            }],
            features: (1..=8).map(|n| change(&format!("feature {n}"))).collect(),
            fixes: vec![change("the event bus no longer drops the last event")],
            deprecated: vec![Change {
                removal: Some("2.0.0".into()),
                ..change("LegacyBus")
            }],
            documentation: Vec::new(),
        },
        migration_guide_url: Some("https://example.org/migrate/1.1".into()),
    }
}

pub(crate) fn plan() -> Plan {
    let from = position('a', Some("refs/heads/main"));
    let to = position('b', None);
    Plan {
        schema: vit_contract::plan::SCHEMA.into(),
        kind: Kind::Upgrade,
        created: at("2026-03-01T08:00:00Z"),
        channel: Channel::Stable,
        from: End {
            version: Some(version("1.0.0")),
            position: from.clone(),
        },
        to: End {
            version: Some(version("1.1.0")),
            position: to.clone(),
        },
        target_tag: Some("v1.1.0".into()),
        channel_set_by: "manifest of finance".into(),
        signed_by: None,
        explicit_target: false,
        strategy: Strategy::Checkout,
        answer: Answer::CompatibleWithWarnings,
        verdict: verdict(warnings()),
        preflight: Vec::new(),
        changes: vec![release_changes()],
        contracts: vec![
            ContractUse {
                contract: "contracts.GraphPlugin".into(),
                used_by: vec!["energy".into(), "finance".into()],
                state: ContractState::Exported,
            },
            ContractUse {
                contract: "contracts.Old".into(),
                used_by: vec!["energy".into()],
                state: ContractState::Missing,
            },
        ],
        smoke_tests: vec![SmokeTest {
            vertical: "finance".into(),
            root: "domains/finance".into(),
            timeout_seconds: 180,
        }],
        steps: vec![Step::SwitchTree { from, to }],
        pins: Vec::new(),
        environment: vit_contract::plan::EnvironmentPlan::default(),
        rehearsal: None,
        then: Vec::new(),
        soak_seconds: None,
        source: Some(update().source),
        retry_reason: None,
        quarantine_key: std::collections::BTreeMap::new(),
        files_changed: 42,
        duration: DurationEstimate {
            seconds: 41.0,
            basis: EstimateBasis::Estimate,
        },
        disk: Disk {
            needed_bytes: 12_582_912,
            free_bytes: 53_687_091_200,
        },
        risk: Risk {
            level: RiskLevel::Medium,
            reasons: vec!["1 breaking change is on an allowlist".into()],
        },
        rollback: vec![
            "the tree goes back to aaaaaaaaaa and is compared file by file".into(),
            "the branch main is checked out again".into(),
        ],
        accepted: vec![Accepted {
            code: Code::ContactNotEmail,
            subjects: vec!["energy".into()],
        }],
        facts: [("head".to_owned(), oid('a'))].into(),
        next: "vit upgrade".into(),
        digest: "d".repeat(64),
    }
}

pub(crate) fn blocked_plan() -> Plan {
    Plan {
        answer: Answer::Blocked,
        verdict: verdict(problems()),
        preflight: vec![dirty()],
        changes: Vec::new(),
        contracts: Vec::new(),
        accepted: Vec::new(),
        next: "git stash push".into(),
        ..plan()
    }
}

pub(crate) fn smoke(vertical: &str, outcome: SmokeOutcome) -> SmokeResult {
    SmokeResult {
        vertical: vertical.into(),
        outcome,
        exit_status: match outcome {
            SmokeOutcome::Pass => Some(0),
            SmokeOutcome::Fail => Some(1),
            SmokeOutcome::CouldNotRun => Some(2),
            SmokeOutcome::Timeout => None,
        },
        signal: None,
        seconds: 2.06,
        tail: "loading plugins\nAssertionError: expected 3, got \u{1b}[31m4\n".into(),
        output_sha256: "0".repeat(64),
        output_bytes: 61,
        leftover_processes: usize::from(outcome == SmokeOutcome::Fail),
    }
}

pub(crate) fn nothing() -> TransactionReport {
    TransactionReport {
        hops: Vec::new(),
        schema: "vit.upgrade/1".into(),
        status: TransactionStatus::NothingToDo,
        details: "no transaction is open".into(),
        id: None,
        from_version: None,
        to_version: None,
        snapshot_tag: None,
        proof: None,
        smoke_tests: Vec::new(),
        smoke_tests_after_rollback: Vec::new(),
        problems: Vec::new(),
        evidence: None,
        plan: None,
        seconds: 0.0,
        next: None,
    }
}

fn proof(digit: char, branch: Option<&str>) -> Proof {
    Proof {
        verified: true,
        head: oid(digit),
        branch: branch.map(str::to_owned),
        tree: oid('e'),
        environment: None,
        signed_by: None,
        mismatches: Vec::new(),
    }
}

pub(crate) fn applied() -> TransactionReport {
    TransactionReport {
        status: TransactionStatus::Applied,
        details: "1.1.0 is installed and proven".into(),
        id: Some("20260301-080000-1f".into()),
        from_version: Some("1.0.0".into()),
        to_version: Some("1.1.0".into()),
        snapshot_tag: Some("pre-upgrade-20260301-080000".into()),
        proof: Some(proof('b', None)),
        smoke_tests: vec![smoke("finance", SmokeOutcome::Pass)],
        seconds: 3.4,
        next: Some("vit verify".into()),
        plan: Some(Box::new(plan())),
        ..nothing()
    }
}

pub(crate) fn rolled_back() -> TransactionReport {
    TransactionReport {
        status: TransactionStatus::RollbackExecuted,
        details: "the smoke test of energy failed".into(),
        proof: Some(proof('a', Some("refs/heads/main"))),
        smoke_tests: vec![
            smoke("energy", SmokeOutcome::Fail),
            smoke("finance", SmokeOutcome::Pass),
        ],
        smoke_tests_after_rollback: vec![SmokeResult {
            tail: String::new(),
            ..smoke("energy", SmokeOutcome::Fail)
        }],
        problems: vec![
            Problem::new(Code::SmokeTestFailed, "energy", "the smoke test failed")
                .evidence("exit 1 after 2.1 s")
                .hint(Who::VerticalOwner, "look at the end of its output"),
            Problem::new(Code::SmokeTestLeftFiles, "energy", "1 file was left behind"),
        ],
        evidence: Some("/srv/core/.git/vit/evidence/20260301-080000-1f".into()),
        next: Some("vit explain 20260301".into()),
        ..applied()
    }
}

pub(crate) fn inconsistent() -> TransactionReport {
    let mut report = TransactionReport {
        status: TransactionStatus::Inconsistent,
        smoke_tests_after_rollback: Vec::new(),
        next: Some("vit repair".into()),
        ..rolled_back()
    };
    let proof = report.proof.as_mut().unwrap();
    proof.verified = false;
    proof.mismatches = vec!["vitruvyan_core/core.py: content differs".into()];
    report
}

pub(crate) fn entry() -> Entry {
    Entry {
        id: "20260301-080000-1f".into(),
        timestamp: at("2026-03-01T08:00:03.400Z"),
        kind: Kind::Upgrade,
        from_version: "1.0.0".into(),
        to_version: "1.1.0".into(),
        status: Outcome::Success,
        snapshot_tag: Some("pre-upgrade-20260301-080000".into()),
        smoke_tests_duration: Some(2.06),
        smoke_tests_result: Some("pass".into()),
        rollback_reason: None,
        actor: Some("ana".into()),
        host: Some("db1".into()),
        duration: Some(3.4),
        accepted: Vec::new(),
        retry_reason: None,
        proof: Some(proof('b', None)),
        evidence: None,
        previous_hash: "0".repeat(64),
        hash: "f".repeat(64),
    }
}

pub(crate) fn failed_entry() -> Entry {
    Entry {
        id: "20260302-090000-2c".into(),
        status: Outcome::RollbackExecuted,
        to_version: "1.2.0".into(),
        smoke_tests_result: Some("fail".into()),
        rollback_reason: Some("energy: the smoke test failed (exit 1)".into()),
        accepted: vec![Accepted {
            code: Code::ContactNotEmail,
            subjects: vec!["energy".into()],
        }],
        evidence: Some("evidence/t2".into()),
        ..entry()
    }
}

fn quarantined() -> vit_contract::output::QuarantinedRelease {
    vit_contract::output::QuarantinedRelease {
        version: version("1.2.0"),
        times: 3,
        last: at("2026-03-01T08:00:03.400Z"),
        transaction: "20260302-090000-2c".into(),
        by_hand: false,
        cause: "smoke_test_failed: energy: the smoke test failed (exit 1)".into(),
        lifted_by: Vec::new(),
    }
}

pub(crate) fn history() -> HistoryReport {
    HistoryReport {
        quarantine: vec![quarantined()],
        schema: "vit.history/1".into(),
        history: vec![failed_entry(), entry()],
        verified: true,
        problems: Vec::new(),
    }
}

pub(crate) fn status() -> StatusReport {
    StatusReport {
        timestamp: Some(at("2026-03-01T10:30:00Z")),
        schema: "vit.status/1".into(),
        root: "/srv/core".into(),
        core_version: Some(version("1.0.0")),
        core_version_source: "tag v1.0.0 at HEAD".into(),
        position: Some(position('a', Some("refs/heads/main"))),
        channel: channel_choice(),
        holds: vec!["1.2.0".into()],
        quarantine: vec![quarantined()],
        last_check: Some(LastCheck {
            timestamp: at("2026-03-01T08:00:00Z"),
            status: UpdateStatus::Compatible,
            current_version: Some(version("1.0.0")),
            offered: Some(version("1.1.0")),
            blocked: vec![version("2.0.0")],
            source: Some(update().source),
        }),
        verticals: vec![VerticalStatus {
            name: "finance".into(),
            version: Some(version("0.2.0")),
            status: Some("active".into()),
            core: Some("1.0.0 to 1.x.x".into()),
            answer: Answer::Compatible,
            smoke_test: true,
            manifest: "domains/finance/vertical_manifest.yaml".into(),
        }],
        open_transaction: None,
        inconsistent: false,
        trial: None,
        last_transaction: Some(failed_entry()),
        changed_files: vec!["vitruvyan_core/core.py".into()],
        changed_count: 3,
        problems: vec![dirty()],
        next: Some("vit plan".into()),
    }
}

pub(crate) fn snapshots() -> SnapshotReport {
    let snapshot = |tag: &str, next: bool| Snapshot {
        tag: tag.into(),
        id: "t".into(),
        timestamp: at("2026-03-01T08:00:00Z"),
        version: next.then(|| "1.0.0".into()),
        position: position('a', next.then_some("refs/heads/main")),
        next,
    };
    SnapshotReport {
        schema: "vit.snapshots/1".into(),
        snapshots: vec![
            snapshot("pre-upgrade-20260301-080000", true),
            snapshot("pre-upgrade-20260219-164500", false),
        ],
    }
}

pub(crate) fn checks() -> CheckReport {
    let check = |name: &str, state, found: &str| Check {
        name: name.into(),
        state,
        found: found.into(),
        fix: (state != CheckState::Ok).then(|| "do this\nthen that".into()),
    };
    CheckReport {
        schema: "vit.verify/1".into(),
        ok: false,
        checks: vec![
            check("tree", CheckState::Ok, "2041 files equal v1.1.0"),
            check(
                "history",
                CheckState::Warning,
                "moved aside: history.damaged-1",
            ),
            check("release tag", CheckState::Failed, "v1.1.0 points elsewhere"),
        ],
    }
}

pub(crate) fn channel() -> ChannelReport {
    ChannelReport {
        schema: "vit.channel/1".into(),
        channel: ChannelChoice {
            channel: Channel::Beta,
            set_by: "vit channel".into(),
        },
        previous: Some(channel_choice()),
        details: "beta releases are offered from now on".into(),
    }
}

pub(crate) fn bundle() -> BundleReport {
    let release = |text: &str, digit| BundledRelease {
        version: version(text),
        tag: format!("v{text}"),
        commit: oid(digit),
        tree: oid('e'),
        tag_object: oid(digit),
        metadata: None,
    };
    BundleReport {
        schema: "vit.bundle-verify/1".into(),
        status: BundleStatus::NotUsableHere,
        details: "whole, and cannot be imported here".into(),
        file: "/media/core.vitbundle".into(),
        bytes: Some(2048),
        sha256: Some("f".repeat(64)),
        manifest: Some(BundleManifest {
            schema: bundle::SCHEMA.into(),
            created_by: "vit 0.1.0".into(),
            targets: vec![version("1.2.0")],
            releases: vec![release("1.1.0", 'a'), release("1.2.0", 'b')],
            base: vec![oid('c')],
            members: Vec::new(),
            wheels: vec![Wheel {
                name: "alpha-2.0-py3-none-any.whl".into(),
                sha256: "d".repeat(64),
            }],
        }),
        installation: Some("/srv/core".into()),
        imported: None,
        missing: vec![oid('c')],
        problems: vec![Problem::new(
            Code::BundleBaseMissing,
            "/media/core.vitbundle",
            "the bundle builds on commits that are not in this repository",
        )],
        next: None,
    }
}

pub(crate) fn hold() -> HoldReport {
    HoldReport {
        schema: "vit.hold/1".into(),
        holds: vec!["1.2.0".into(), "all".into()],
        details: "1.2.0 is held".into(),
    }
}

pub(crate) fn cache_info() -> CacheInfoReport {
    CacheInfoReport {
        schema: "vit.cache-info/1".into(),
        folder: Some("/home/ana/.cache/vit".into()),
        named_by: Some("HOME".into()),
        entries: 12,
        bytes: 3_400_000,
        max_bytes: 256 * 1024 * 1024,
        oldest: Some(at("2026-02-01T08:00:00Z")),
        newest: Some(at("2026-03-01T07:58:00Z")),
        damaged: 1,
        hosts: vec![CacheHost {
            host: "api.github.com".into(),
            entries: 12,
            bytes: 3_390_000,
        }],
        limits: vec![CacheLimit {
            host: "api.github.com".into(),
            until: at("2026-03-01T08:30:00Z"),
            with_token: false,
        }],
        problems: vec![
            Problem::new(
                Code::CacheUnusable,
                "/home/ana",
                "a cache folder is world-writable",
            )
            .evidence("its mode is 0777")
            .hint(Who::You, "`chmod -R o-w '/home/ana/.cache/vit'`"),
        ],
    }
}

pub(crate) fn cache_clean() -> CacheCleanReport {
    CacheCleanReport {
        schema: "vit.cache-clean/1".into(),
        folder: "/home/ana/.cache/vit".into(),
        older_than_seconds: Some(86_400),
        entries_removed: 1,
        files_removed: 2,
        bytes_freed: 3_400_000,
        entries: 3,
        bytes: 512,
        not_removed: 1,
    }
}
