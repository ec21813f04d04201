//! `vertical_manifest.yaml`.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::vertical::{DEFAULT_TIMEOUT_SECONDS, VerticalManifest, read};

use crate::{codes, shown};

const FULL: &str = include_str!("../fixtures/manifest_full.yaml");
const FILE: &str = "vertical_manifest.yaml";

fn problems(text: &str) -> Vec<Problem> {
    let reading = read(FILE, text.as_bytes());
    let blocks = reading.problems.iter().any(Problem::blocks);
    assert_eq!(reading.value.is_none(), blocks, "{:?}", reading.problems);
    reading.problems
}

fn full() -> VerticalManifest {
    let reading = read(FILE, FULL.as_bytes());
    assert_eq!(reading.problems, []);
    reading.value.expect("no problem, so a value")
}

/// The full manifest with one text put in place of another.
fn with(from: &str, to: &str) -> String {
    assert!(FULL.contains(from), "{from}");
    FULL.replacen(from, to, 1)
}

#[test]
fn every_section_is_read() {
    let manifest = full();
    assert_eq!(manifest.domain_name.as_str(), "logistics");
    assert_eq!(manifest.compatibility.core.to_string(), "1.1.0..=1.x.x");
    assert_eq!(manifest.compatibility.smoke_tests_timeout, 120);
    assert_eq!(manifest.compatibility.required_capabilities.len(), 2);
    let notifications = manifest.notifications.expect("the section is there");
    assert_eq!(notifications.delivery["smtp_port"], "587");
    assert_eq!(notifications.check_interval_hours, 12);
    assert_eq!(manifest.derogations.len(), 1);
}

#[test]
fn case_18_every_fault_is_told_at_once_with_its_place() {
    let found = problems(include_str!("../fixtures/manifest_faults.yaml"));
    assert!(found.iter().all(|p| p.subject == FILE));
    assert!(
        found
            .iter()
            .filter_map(|p| p.who)
            .all(|who| who == Who::VerticalOwner)
    );
    let text = shown(&found);
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn case_19_an_unquoted_version_is_named_with_the_fix() {
    for (value, fix) in [
        ("1.0", "\"1.0.0\""),
        ("1.10", "\"1.10.0\""),
        ("2", "\"2.0.0\""),
    ] {
        let text = with(
            "min_core_version: \"1.1.0\"",
            &format!("min_core_version: {value}"),
        );
        let found = problems(&text);
        let unquoted = &found[0];
        assert_eq!(codes(&found)[0], "unquoted_version 7:21");
        assert!(unquoted.hint.as_deref().is_some_and(|h| h.contains(fix)));
    }
    assert_eq!(
        codes(&problems(&with("\"2.4.0\"", "2.4"))),
        ["unquoted_version 3:17"]
    );
    // Without quotes and still a text: no number has two dots.
    assert_eq!(codes(&problems(&with("\"2.4.0\"", "2.4.0"))), [""; 0]);
}

#[test]
fn case_19_what_is_no_manifest_has_line_and_column() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    for (name, text, expected) in [
        ("empty", "", "empty_document 1:1"),
        ("comments", "# nothing\n\n  # here\n", "empty_document 1:1"),
        ("marker", "---\n", "empty_document 1:1"),
        ("list", "- a\n- b\n", "wrong_type 1:1"),
        ("text", "hello", "wrong_type 1:1"),
        ("bomb", bomb, "yaml_alias 1:4"),
        ("alias", "a: *nobody\n", "yaml_alias 1:4"),
        ("two documents", "a: 1\n---\nb: 2\n", "yaml_syntax 2:1"),
        ("NUL", "a: 1\nb: \0\n", "yaml_syntax 2:4"),
        ("open quote", "a: \"b\n", "yaml_syntax 1:4"),
    ] {
        assert_eq!(codes(&problems(text))[0], expected, "{name}");
    }
    let tab = problems("domain_name: x\ncompatibility:\n\tmin: 1\n");
    assert_eq!(tab[0].code, Code::YamlSyntax);
    assert!(tab[0].place.as_ref().is_some_and(|p| p.line.is_some()));
}

#[test]
fn case_19_a_byte_order_mark_is_tolerated_and_not_counted() {
    assert!(
        read(FILE, format!("\u{feff}{FULL}").as_bytes())
            .value
            .is_some()
    );
    assert_eq!(codes(&problems("\u{feff}- a\n")), ["wrong_type 1:1"]);
}

#[test]
fn case_19_a_duplicate_key_takes_neither_value() {
    let text = with("status: active\n", "status: active\nstatus: draft\n");
    let found = problems(&text);
    assert_eq!(codes(&found), ["duplicate_key 5:1"]);
    assert_eq!(found[0].evidence.as_deref(), Some("first on line 4"));
    insta::assert_snapshot!(shown(&found));
}

#[test]
fn case_31_size_encoding_and_depth_are_bounded() {
    let large = vec![b'a'; 10 * 1024 * 1024];
    assert_eq!(read(FILE, &large).problems[0].code, Code::TooLarge);
    let found = read(FILE, b"a: 1\nb: x\xff\n").problems;
    assert_eq!(codes(&found), ["not_utf8 2:5"]);
    for open in ["[", "{a: ", "- ", "? "] {
        let deep = open.repeat(20_000);
        let code = problems(&deep)[0].code;
        assert!(
            matches!(code, Code::TooDeep | Code::YamlSyntax),
            "{open} {code}"
        );
    }
    let nan = with("contracts_major: 1", "contracts_major: .nan");
    assert_eq!(codes(&problems(&nan)), ["wrong_type 9:20"]);
}

#[test]
fn case_20_a_draft_is_read_with_a_warning() {
    let text = with("status: active", "status: draft");
    assert_eq!(codes(&problems(&text)), ["status_draft 4:9"]);
}

#[test]
fn case_32_a_password_is_refused_and_never_shown() {
    let section = "notifications:\n  enabled: true\n";
    for secret in [
        "  smtp_password: hunter2\n",
        "  smtp_password: |\n    first\n    hunter2\n",
        "  smtp: {host: h, password: hunter2}\n",
        "  api-token: 'hunter2'\n",
        "  webhook_url: https://u:hunter2@example.org/x\n",
    ] {
        let text = with(section, &format!("{section}{secret}")).replacen(
            "  webhook_url: https://hooks.example.org/x\n",
            "",
            1,
        );
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{secret} {found:?}");
        assert_eq!(found[0].code, Code::SecretInManifest);
        let json = serde_json::to_string(&found).unwrap();
        assert!(!json.contains("hunter2"), "{json}");
    }
    for broken in [
        "notifications:\n  smtp_password: \"hunter2\n",
        "notifications:\n  smtp_password: |\n    first\n    hunter2\0\n",
        "smtp_password:\n\"hunter2\0\"\n",
    ] {
        let found = problems(broken);
        let json = serde_json::to_string(&found).unwrap();
        assert!(!found.is_empty() && !json.contains("hunter2"), "{json}");
    }
}

#[test]
fn the_timeout_has_bounds_a_default_and_an_old_place() {
    let none = with("  smoke_tests_timeout: 120\n", "");
    let value = read(FILE, none.as_bytes()).value.unwrap();
    assert_eq!(
        value.compatibility.smoke_tests_timeout,
        DEFAULT_TIMEOUT_SECONDS
    );
    for bad in ["59", "601", "-1"] {
        let text = with("timeout: 120", &format!("timeout: {bad}"));
        assert_eq!(codes(&problems(&text)), ["timeout_out_of_range 14:24"]);
    }
    let top = format!("{none}smoke_tests_timeout: 90\n");
    let reading = read(FILE, top.as_bytes());
    assert_eq!(reading.problems[0].code, Code::TimeoutAtTopLevel);
    assert_eq!(reading.value.unwrap().compatibility.smoke_tests_timeout, 90);
}

#[test]
fn single_faults() {
    for (from, to, expected) in [
        ("\"1.x.x\"", "\"1.0.9\"", "range_inverted 7:21"),
        ("\"1.x.x\"", "1.4", "unquoted_version 8:21"),
        ("\"1.x.x\"", "latest", "bad_version 8:21"),
        (
            "logistics@example.org",
            "ask@home",
            "contact_not_email 19:12",
        ),
        ("name: logistics", "name: fіnance", "bad_name 2:14"),
        ("  tech_lead: Ada\n", "", "missing_field 16:1"),
        ("example/core", "-x/core", "bad_value 24:18"),
        ("2027-01-31T00:00:00Z", "soon", "bad_value 38:17"),
        (
            "contracts_major: 1",
            "contracts_major: -1",
            "bad_value 9:20",
        ),
        ("domain_name: logistics\n", "", "missing_field 2:1"),
    ] {
        assert_eq!(
            codes(&problems(&with(from, to))),
            [expected],
            "{from} → {to}"
        );
    }
}

#[test]
fn derogations_expire_by_the_callers_clock() {
    let manifest = full();
    let at = |text: &str| {
        let now = text.parse().unwrap();
        manifest.expired_derogations(now).count()
    };
    assert_eq!(at("2027-01-30T23:59:59Z"), 0);
    assert_eq!(at("2027-01-31T00:00:00Z"), 1);
}
