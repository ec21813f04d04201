//! What holds for the rules together: each can fire, advises when it blocks, is documented, and
//! reads nothing but its arguments.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use vit_contract::channel::Channel;
use vit_contract::release::Checksum;
use vit_contract::vertical::{Derogation, Status};

use super::*;
use crate::compat::SmokeTestFile;
use crate::compat::fixture::{World, change, exports, name, range, release, version};
use crate::contracts::Exports;

/// A world broken in one way, with the code that must be found.
fn broken() -> Vec<(Code, World)> {
    let mut worlds = Vec::new();
    let mut add = |code: Code, target: &str, spoil: &dyn Fn(&mut World)| {
        let mut world = World::new(target);
        world.metadata().migration_guide_url = Some("https://example.org/guide".into());
        spoil(&mut world);
        worlds.push((code, world));
    };
    add(Code::CoreBelowMinimum, "1.2.0", &|w| {
        w.manifest().compatibility.core = range("2.0.0", "2.x.x");
    });
    add(Code::CoreAboveMaximum, "2.0.0", &|w| {
        w.manifest().compatibility.core = range("1.0.0", "1.x.x");
    });
    add(Code::ContractsMajorMismatch, "1.2.0", &|w| {
        w.metadata().contracts_version = Some(version("2.0.0"));
    });
    add(Code::ContractsVersionUnknown, "1.2.0", &|w| {
        w.metadata().contracts_version = None;
    });
    add(Code::BreakingChange, "1.2.0", &|w| {
        w.metadata().changes.breaking = vec![change(None, "x")];
    });
    add(Code::MigrationGuideMissing, "1.2.0", &|w| {
        w.metadata().changes.breaking = vec![change(None, "x")];
        w.metadata().migration_guide_url = None;
    });
    add(Code::ChannelMismatch, "1.2.0-beta.1", &|_| {});
    add(Code::VerticalTooOld, "1.2.0", &|w| {
        let asked = &mut w.metadata().minimum_vertical_version;
        asked.insert(name("finance"), version("0.3.0"));
    });
    for (code, removed) in [
        (Code::CapabilityMissing, &[][..]),
        (Code::CapabilityRemoved, &["bus".to_owned()][..]),
    ] {
        add(code, "1.2.0", &|w| {
            w.manifest().compatibility.required_capabilities = vec!["bus".into()];
            w.metadata().capabilities = Some(Vec::new());
            w.metadata().removed_capabilities = removed.to_vec();
        });
    }
    add(Code::ContractNotExported, "1.2.0", &|w| {
        w.manifest().contracts_used = vec!["contracts.Gone".into()];
        w.exports = exports(&[("contracts", &["Here"])], &[]);
    });
    add(Code::ContractsUnreadable, "1.2.0", &|w| {
        w.manifest().contracts_used = vec!["contracts.Gone".into()];
        w.exports = Exports::Unreadable("no such folder".into());
    });
    add(Code::RequiresIntermediate, "1.2.0", &|w| {
        w.metadata().requires_from = Some(version("1.1.0"));
    });
    add(Code::SupportEnded, "1.2.0", &|w| {
        w.metadata().support_until = Some("2026-02-28".parse().unwrap());
    });
    add(Code::SupportEnding, "1.2.0", &|w| {
        w.metadata().support_until = Some("2026-03-01".parse().unwrap());
    });
    add(Code::ChecksumMismatch, "1.2.0", &|w| {
        w.metadata().checksum = Some(Checksum::GitCommitSha("0".repeat(40)));
    });
    add(Code::ChecksumUnverifiable, "1.2.0", &|w| {
        w.metadata().checksum = Some(Checksum::Unverifiable("sha256 TBD".into()));
    });
    add(Code::MetadataVersionMismatch, "9.9.9", &|w| {
        w.metadata().version = version("1.0.0");
    });
    add(Code::DeprecatedInRelease, "1.2.0", &|w| {
        w.metadata().changes.deprecated = vec![change(None, "x")];
    });
    add_way(&mut add);
    add_verticals(&mut add);
    worlds
}

type Add<'a> = dyn FnMut(Code, &str, &dyn Fn(&mut World)) + 'a;

fn add_way(add: &mut Add<'_>) {
    for (code, unread) in [
        (Code::MetadataMissing, false),
        (Code::MetadataNotFetched, true),
    ] {
        add(code, "1.3.0", &|w| {
            let mut between = release("1.2.0");
            (between.metadata, between.unread) = (None, unread);
            w.before.push(between);
        });
    }
}

fn add_verticals(add: &mut Add<'_>) {
    for (code, status) in [
        (Code::VerticalDeprecated, Status::Deprecated),
        (Code::VerticalExperimental, Status::Experimental),
    ] {
        add(code, "1.2.0", &|w| w.manifest().status = status);
    }
    add(Code::FileUnreadable, "1.2.0", &|w| {
        w.verticals[0].manifest = None;
    });
    add(Code::SmokeTestMissing, "1.2.0", &|w| {
        w.verticals[0].smoke_test = SmokeTestFile::Missing;
    });
    add(Code::SmokeTestNotExecutable, "1.2.0", &|w| {
        w.verticals[0].smoke_test = SmokeTestFile::NotExecutable;
    });
    add(Code::VerticalRemovedByTarget, "1.2.0", &|w| {
        w.removed.insert("finance".into());
    });
    add(Code::DuplicateDomain, "1.2.0", &|w| w.add("finance"));
    add(Code::NoVerticals, "1.2.0", &|w| w.verticals.clear());
    add(Code::DerogationExpired, "1.2.0", &|w| {
        w.manifest().derogations.push(Derogation {
            id: "D-1".into(),
            reason: "legacy bus".into(),
            owner: "team".into(),
            expiry_utc: "2026-01-01T00:00:00Z".parse().unwrap(),
            remediation_plan: "port it".into(),
        });
    });
}

fn all_codes() -> BTreeSet<Code> {
    all().flat_map(|rule| rule.codes).copied().collect()
}

#[test]
fn every_rule_has_code_and_hint() {
    let mut seen = BTreeSet::new();
    for (code, world) in broken() {
        let verdict = world.judge();
        let found: Vec<_> = verdict.problems().collect();
        assert!(found.iter().any(|p| p.code == code), "{code}: {found:?}");
        for problem in found {
            assert!(all_codes().contains(&problem.code), "{}", problem.code);
            if problem.blocks() {
                assert!(problem.hint.is_some(), "{code} advises nothing");
                assert!(problem.who.is_some(), "{code} names nobody");
                assert!(problem.evidence.is_some() || code == Code::FileUnreadable);
            }
            let first = problem.message.chars().next().unwrap();
            let shouts = first.is_uppercase() && !problem.message.starts_with("Core ");
            assert!(
                !shouts && !problem.message.ends_with('.'),
                "{}",
                problem.message
            );
        }
        seen.insert(code);
    }
    assert_eq!(seen, all_codes(), "a code without a broken fixture");
}

#[test]
fn the_sound_world_has_no_problem() {
    assert_eq!(World::new("1.2.0").judge().problems().count(), 0);
}

/// CASES.md 18: every problem of every vertical is there at once, and in one order.
#[test]
fn case_18_all_problems_at_once_in_one_order() {
    let build = |names: &[&str]| {
        let mut world = World::new("2.0.0-beta.1");
        world.case_channel = Channel::Stable;
        world.verticals.clear();
        for name in names {
            world.add(name);
            let vertical = world.verticals.last_mut().unwrap();
            vertical.smoke_test = SmokeTestFile::NotExecutable;
            let manifest = vertical.manifest.as_mut().unwrap();
            manifest.compatibility.core = range("1.0.0", "1.x.x");
            manifest.compatibility.contracts_major = 7;
        }
        world.judge()
    };
    let verdict = build(&["finance", "energy"]);
    assert_eq!(verdict, build(&["energy", "finance"]));
    assert_eq!(verdict.problems().count(), 7);
    assert_eq!(verdict.reason(), Some(Code::ChannelMismatch));
}

fn manifest_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The rows of the documentation's table: rule, code, severity, as they stand there.
fn documented() -> BTreeSet<(String, String, String)> {
    let text = std::fs::read_to_string(manifest_dir().join("../../docs/rules.md")).unwrap();
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect();
            let [_, rule, code, severity, _when, _unblocks, _who, _] = cells.as_slice() else {
                return None;
            };
            code.parse::<Code>().ok()?;
            Some((
                (*rule).to_owned(),
                (*code).to_owned(),
                (*severity).to_owned(),
            ))
        })
        .collect()
}

#[test]
fn the_documentation_lists_every_rule_and_code() {
    let known: BTreeSet<_> = all()
        .flat_map(|rule| {
            rule.codes.iter().map(|code| {
                let severity = code.severity().as_str().to_owned();
                (rule.name.to_owned(), code.as_str().to_owned(), severity)
            })
        })
        .collect();
    assert_eq!(documented(), known);
}

#[test]
fn rules_read_nothing_but_their_arguments() {
    let folder = manifest_dir().join("src/compat");
    let mut files = vec![folder.with_extension("rs")];
    let folders = ["", "rules", "rules/release", "rules/vertical"];
    for folder in folders.map(|name| folder.join(name)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            files.push(entry.unwrap().path());
        }
    }
    for file in files {
        let is_source = file.extension().is_some_and(|extension| extension == "rs");
        if !is_source || file.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for door in [
            "git", "process", "registry", "store", "facts", "exec", "steps",
        ] {
            assert!(
                !text.contains(&format!("crate::{door}")),
                "{}: {door}",
                file.display()
            );
        }
        for door in ["std::fs", "std::net", "std::process", "std::env"] {
            assert!(!text.contains(door), "{}: {door}", file.display());
        }
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let in_rules = file.parent().is_some_and(|folder| {
            folder.ends_with("rules/release") || folder.ends_with("rules/vertical")
        });
        assert!(
            !in_rules || all().any(|rule| rule.name == stem),
            "{stem} is no rule of the table"
        );
    }
}
