//! `release_metadata.json`.

use semver::Version;
use vit_contract::channel::Channel;
use vit_contract::code::Code;
use vit_contract::document::Reading;
use vit_contract::problem::Problem;
use vit_contract::release::{Checksum, ReleaseMetadata, read};

use crate::{codes, shown};

const CANONICAL: &str = include_str!("../fixtures/release_canonical.json");
const WILD: &str = include_str!("../fixtures/release_wild.json");
const FILE: &str = "release_metadata.json";

fn of(text: &str, tag: &str) -> Reading<ReleaseMetadata> {
    let tag = Version::parse(tag).expect("the test names a version");
    let reading = read(FILE, text.as_bytes(), &tag);
    let blocks = reading.problems.iter().any(Problem::blocks);
    assert_eq!(reading.value.is_none(), blocks, "{:?}", reading.problems);
    reading
}

fn with(from: &str, to: &str) -> Reading<ReleaseMetadata> {
    assert!(CANONICAL.contains(from), "{from}");
    of(&CANONICAL.replacen(from, to, 1), "1.4.0")
}

#[test]
fn canonical_metadata_has_no_problem() {
    let reading = of(CANONICAL, "1.4.0");
    assert_eq!(reading.problems, []);
    let metadata = reading.value.unwrap();
    assert_eq!(
        metadata.changes.breaking[0].id.as_deref(),
        Some("session-v2")
    );
    let sha = "0123456789abcdef0123456789abcdef01234567".to_owned();
    assert_eq!(metadata.checksum, Some(Checksum::GitCommitSha(sha)));
    assert!(metadata.lts);
}

#[test]
fn every_shape_of_the_wild_has_its_own_code() {
    let reading = of(WILD, "1.4.0");
    assert_eq!(
        codes(&reading.problems),
        [
            "channel_assumed",
            "contracts_version_unknown",
            "breaking_changes_key",
            "change_unreadable",
            "changes_documentation",
            "change_unreadable",
            "checksum_unverifiable",
        ]
    );
    let changes = reading.value.unwrap().changes;
    let breaking: Vec<&str> = changes.breaking.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(
        breaking,
        [
            "first",
            "second",
            "(unreadable: changes.breaking_changes[2])"
        ],
        "a breaking change never vanishes"
    );
    assert_eq!(changes.features.len(), 1);
}

#[test]
fn a_flat_list_is_read_as_features() {
    let text = r#"{"version":"1.9.0","release_date":"2026-03-06","channel":"stable",
        "contracts_version":"1.0.0","changes":["a","b"]}"#;
    let reading = of(text, "1.9.0");
    assert_eq!(codes(&reading.problems), ["changes_flat_list"]);
    assert_eq!(reading.value.unwrap().changes.features.len(), 2);
}

#[test]
fn case_07_the_tag_says_which_version_it_is() {
    let reading = of(CANONICAL, "9.9.9");
    assert_eq!(codes(&reading.problems), ["metadata_version_mismatch"]);
    assert_eq!(reading.problems[0].subject, "v9.9.9");
    insta::assert_snapshot!(shown(&reading.problems));
}

#[test]
fn case_07_garbage_is_one_problem_with_its_reason() {
    for (text, evidence) in [
        ("[]", "not a list"),
        ("7", "not an integer"),
        ("null", "not nothing"),
        (
            "{\"a\": 1}\n  \"more\"",
            "line 2, column 3: trailing characters",
        ),
        ("<html>", "line 1, column 1"),
        ("", "white space"),
        ("{\"version\": NaN}", "line 1"),
        ("{\"a\": 1, \"a\": 2}", "the key `a` stands twice"),
    ] {
        let reading = of(text, "1.0.0");
        assert_eq!(reading.problems.len(), 1, "{text}");
        let problem = &reading.problems[0];
        assert_eq!(problem.code, Code::MetadataUnreadable, "{text}");
        let found = problem.evidence.as_deref().unwrap_or_default();
        assert!(found.contains(evidence), "{text}: {found}");
    }
}

#[test]
fn case_31_json_is_bounded() {
    for bytes in [
        "[".repeat(500_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        vec![b' '; 10 * 1024 * 1024],
        b"{\"a\": \"\xff\"}".to_vec(),
    ] {
        let reading = read(FILE, &bytes, &Version::new(1, 0, 0));
        assert_eq!(reading.problems[0].code, Code::MetadataUnreadable);
    }
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(64), "]".repeat(64));
    let found = of(&deep, "1.0.0").problems;
    assert!(
        found[0]
            .evidence
            .as_deref()
            .unwrap()
            .contains("deeper than 64")
    );
}

#[test]
fn case_04_a_pre_release_is_never_stable() {
    let text = CANONICAL.replace("1.4.0\"", "1.4.0-beta.1\"");
    let reading = of(&text, "1.4.0-beta.1");
    assert_eq!(codes(&reading.problems), ["channel_calmer_than_version"]);
    assert_eq!(reading.value.unwrap().channel, Channel::Beta);
    let riskier = with("\"stable\"", "\"canary\"").value.unwrap();
    assert_eq!(
        riskier.channel,
        Channel::Canary,
        "riskier is its own choice"
    );
    let unknown = with("\"stable\"", "\"nightly\"");
    assert_eq!(codes(&unknown.problems), ["channel_assumed"]);
    assert_eq!(unknown.value.unwrap().channel, Channel::Stable);
}

#[test]
fn dates_and_checksums() {
    let day = with("2026-05-04T10:00:00Z", "2026-05-04").value.unwrap();
    assert_eq!(day.release_date, "2026-05-04T00:00:00Z".parse().ok());
    let soon = with("2026-05-04T10:00:00Z", "soon");
    assert_eq!(codes(&soon.problems), ["release_date_unknown"]);
    let short = with("0123456789ABCDEF0123456789abcdef01234567", "0123456");
    assert_eq!(codes(&short.problems), ["checksum_unverifiable"]);
}

#[test]
fn a_wrong_contracts_version_is_not_taken_for_an_unknown_one() {
    assert_eq!(codes(&with("\"1.2.0\"", "\"2\"").problems), ["bad_version"]);
    assert_eq!(codes(&with("\"1.2.0\"", "2").problems), ["wrong_type"]);
    assert_eq!(
        codes(&with("\"1.2.0\"", "null").problems),
        ["contracts_version_unknown"]
    );
}

#[test]
fn texts_are_bounded() {
    let long = with("streams can be replayed", &"x".repeat(5000));
    assert_eq!(codes(&long.problems), ["change_unreadable"]);
    assert_eq!(
        long.value.unwrap().changes.features[0].text.chars().count(),
        4097
    );
}
