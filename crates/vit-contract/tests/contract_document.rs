//! `docs/contracts/UPDATE_SYSTEM_CONTRACT_V1.md` says what the code does: its examples are read,
//! its tables and numbers are compared.

use std::collections::BTreeMap;

use semver::Version;
use vit_contract::code::Code;
use vit_contract::exit::ExitCode;
use vit_contract::{release, vertical};

const DOCUMENT: &str = include_str!("../../../docs/contracts/UPDATE_SYSTEM_CONTRACT_V1.md");

/// A fenced block: the words after the fence, the line it begins at, its text.
struct Fence {
    info: &'static str,
    line: usize,
    text: String,
}

fn fences() -> Vec<Fence> {
    let mut found = Vec::new();
    let mut open: Option<Fence> = None;
    for (index, line) in DOCUMENT.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(fence)) => found.push(fence),
            (Some(info), None) => {
                open = Some(Fence {
                    info,
                    line: index + 1,
                    text: String::new(),
                });
            }
            (None, Some(mut fence)) => {
                fence.text.push_str(line);
                fence.text.push('\n');
                open = Some(fence);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    found
}

/// The lines between the heading that ends with `title` and the next of the same depth.
fn section(title: &str) -> impl Iterator<Item = &'static str> {
    let is_heading = |line: &&str| line.starts_with("## ");
    assert!(
        DOCUMENT
            .lines()
            .any(|line| is_heading(&line) && line.ends_with(title)),
        "no section `{title}`"
    );
    DOCUMENT
        .lines()
        .skip_while(move |line| !(is_heading(line) && line.ends_with(title)))
        .skip(1)
        .take_while(move |line| !is_heading(line))
}

/// The cells of a table's row, trimmed; empty for any other line.
fn cells(line: &str) -> Vec<&str> {
    line.strip_prefix('|')
        .and_then(|line| line.trim_end().strip_suffix('|'))
        .map(|line| line.split('|').map(str::trim).collect())
        .unwrap_or_default()
}

fn in_backticks(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

fn code(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == name)
}

#[test]
fn every_example_is_read_without_a_problem() {
    let mut read: BTreeMap<&str, usize> = BTreeMap::new();
    for Fence { info, line, text } in fences() {
        let (usable, problems) = match info {
            "yaml vertical_manifest.yaml" => {
                let reading = vertical::read(vertical::FILE_NAME, text.as_bytes());
                (reading.value.is_some(), reading.problems)
            }
            "json release_metadata.json" => {
                let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let tag = value["version"].as_str().expect("a version");
                let tag = Version::parse(tag).expect("SemVer");
                let reading = release::read(release::FILE_NAMES[0], text.as_bytes(), &tag);
                (reading.value.is_some(), reading.problems)
            }
            other => panic!("line {line}: nothing reads a fence of `{other}`"),
        };
        assert!(problems.is_empty(), "line {line}: {problems:#?}");
        assert!(usable, "line {line}: no value and no problem");
        *read.entry(info).or_default() += 1;
    }
    let expected = [
        ("json release_metadata.json", 1),
        ("yaml vertical_manifest.yaml", 2),
    ];
    assert_eq!(read, BTreeMap::from(expected));
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let table: Vec<(u8, String)> = section("Exit codes")
        .filter_map(|line| match cells(line).as_slice() {
            [number, meaning] => Some((number.parse().ok()?, (*meaning).to_owned())),
            _ => None,
        })
        .collect();
    let program: Vec<(u8, String)> = ExitCode::ALL
        .into_iter()
        .map(|exit| (exit.number(), exit.meaning().to_owned()))
        .collect();
    assert_eq!(table, program);
}

#[test]
fn every_rule_has_a_code_and_its_severity() {
    let mut rows = 0;
    for line in section("Compatibility rules") {
        let cells = cells(line);
        let Some(name) = cells.first().and_then(|cell| in_backticks(cell)) else {
            continue;
        };
        let code = code(name).unwrap_or_else(|| panic!("`{name}` is no code"));
        assert_eq!(cells[1], code.severity().as_str(), "{name}");
        rows += 1;
    }
    assert!(rows > 20, "the table of rules was not found: {rows} rows");
}

#[test]
fn every_shape_of_the_past_has_a_code() {
    let names: Vec<&str> = section("Release metadata")
        .map(cells)
        .filter(|cells| cells.len() == 3)
        .filter_map(|cells| in_backticks(cells[2]))
        .collect();
    assert!(
        names.len() > 6,
        "the table of shapes was not found: {names:?}"
    );
    for name in names {
        assert!(code(name).is_some(), "`{name}` is no code");
    }
}

#[test]
fn bounds_are_those_of_the_readers() {
    let manifest: String = section("The vertical's manifest").collect();
    let timeout = format!(
        "| `compatibility.smoke_tests_timeout` | integer | no | {} | {} to {} seconds |",
        vertical::DEFAULT_TIMEOUT_SECONDS,
        vertical::TIMEOUT_SECONDS.start(),
        vertical::TIMEOUT_SECONDS.end()
    );
    let size = format!("at most {} KiB", vertical::MAX_BYTES / 1024);
    for text in [timeout, size] {
        assert!(manifest.contains(&text), "`{text}` does not stand there");
    }
    let metadata: String = section("Release metadata").collect();
    let size = format!("at most {} MiB", release::MAX_BYTES / 1024 / 1024);
    assert!(metadata.contains(&size), "`{size}` does not stand there");
}
