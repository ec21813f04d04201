//! A story with every part that there is.

use vit_contract::output::evidence::{EvidenceBundle, EvidenceFile, EvidenceState};
use vit_contract::output::explain::{
    Advice, Allowed, LaterTransaction, SCHEMA, StageOutcome, StoryEnd, StorySnapshot, StoryStage,
    StoryState, UndoneStep,
};
use vit_contract::output::{ExplainReport, SmokeOutcome};

use super::{
    Accepted, Answer, Channel, Code, Kind, Outcome, Who, at, dirty, position, problems, proof,
    smoke,
};

pub(crate) fn explain() -> ExplainReport {
    let when = at("2026-03-01T08:00:00Z");
    let end = |version: &str| StoryEnd {
        version: version.into(),
        position: Some(position('a', Some("refs/heads/main"))),
    };
    ExplainReport {
        schema: SCHEMA.into(),
        id: "20260301-080000".into(),
        kind: Some(Kind::Upgrade),
        state: StoryState::RolledBack,
        details: "the smoke test of finance failed".into(),
        actor: Some("ada".into()),
        host: Some("forge".into()),
        began: Some(when),
        ended: Some(when),
        from: Some(end("1.0.0")),
        to: Some(end("1.1.0")),
        allowed: Some(Allowed {
            answer: Some(Answer::CompatibleWithWarnings),
            channel: Some(Channel::Stable),
            planned: Some(when),
            digest: Some("d".repeat(64)),
            warnings: problems(),
            accepted: vec![Accepted {
                code: Code::SmokeTestMissing,
                subjects: vec!["energy".into()],
            }],
            retry_reason: Some("the database is up again".into()),
        }),
        stages: vec![StoryStage {
            what: "switch the tree".into(),
            at: when,
            seconds: Some(1.5),
            outcome: StageOutcome::Failed,
            details: Some("finance".into()),
        }],
        cause: Some(dirty()),
        later_causes: problems(),
        smoke_tests: vec![smoke("finance", SmokeOutcome::Fail)],
        smoke_tests_after_rollback: vec![smoke("finance", SmokeOutcome::Pass)],
        undone: vec![UndoneStep {
            step: "migrate".into(),
            error: Some("exit 1".into()),
        }],
        proof: Some(proof('a', Some("refs/heads/main"))),
        snapshot: Some(StorySnapshot {
            tag: "pre-upgrade-20260301-080000".into(),
            there: true,
        }),
        since: vec![LaterTransaction {
            id: "20260301-090000".into(),
            kind: Kind::Upgrade,
            from_version: "1.0.0".into(),
            to_version: "1.1.0".into(),
            outcome: Outcome::Success,
            ended: when,
            same_target: true,
        }],
        since_details: "it was tried again".into(),
        evidence: Some(EvidenceBundle {
            folder: "/srv/core/.git/vit/evidence/20260301-080000".into(),
            state: EvidenceState::Altered,
            findings: vec!["cause.json was changed".into()],
            files: vec![EvidenceFile {
                name: "cause.json".into(),
                what: "the first cause".into(),
                bytes: 12,
                sha256: Some("c".repeat(64)),
                output: None,
            }],
        }),
        unknown: vec!["how long it took".into()],
        advice: vec![Advice {
            who: Who::VerticalOwner,
            what: "mend the smoke test".into(),
        }],
        next: Some("vit upgrade".into()),
    }
}
