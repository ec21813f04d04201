//! Running the program on a fake world, and reading its answers: JSON against the published
//! schemas, text with what differs from run to run taken out.

use std::path::Path;

use serde_json::Value;
use vit_testkit::{Invocation, Run, World, WorldBuilder};

/// The time that it always is.
pub(crate) const NOW: &str = "2026-03-01T08:00:00Z";

/// A world whose program is the one under test.
pub(crate) fn builder() -> WorldBuilder {
    World::builder().bin(env!("CARGO_BIN_EXE_vit"))
}

/// A world with Core 1.0.0 and no vertical.
pub(crate) fn world() -> World {
    builder().build()
}

/// A prepared run: fixed time and user.
pub(crate) fn command(world: &World, args: &[&str]) -> Invocation {
    world
        .command(args)
        .env("VIT_TEST_NOW", NOW)
        .env("USER", "ana")
}

/// Runs it.
#[track_caller]
pub(crate) fn vit(world: &World, args: &[&str]) -> Run {
    command(world, args).run()
}

/// Runs it with `--json`, checks the exit status, and returns the one object that it printed.
#[track_caller]
pub(crate) fn answer(world: &World, args: &[&str], code: i32) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let run = vit(world, &args);
    run.assert_code(code);
    valid(&run)
}

/// The one object that a run printed, after a look at the published schema that it names.
#[track_caller]
pub(crate) fn valid(run: &Run) -> Value {
    let value = run.json();
    let name = value["schema"].as_str().unwrap_or_default();
    let Some(file) = name.strip_suffix("/1") else {
        panic!("no schema is named\n{run:?}")
    };
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    let text = std::fs::read_to_string(schemas.join(format!("{file}.schema.json")))
        .unwrap_or_else(|error| panic!("{file}: {error}\n{run:?}"));
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{run:?}");
    assert!(
        !run.stderr.lines().any(|line| line.starts_with('{')),
        "JSON on stderr\n{run:?}"
    );
    value
}

/// Every problem code in an answer, wherever it stands, sorted, each once.
pub(crate) fn codes(value: &Value) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                if object.contains_key("severity")
                    && let Some(code) = object.get("code").and_then(Value::as_str)
                {
                    found.push(code.to_owned());
                }
                object.values().for_each(|value| collect(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, &mut found);
    found.sort();
    found.dedup();
    found
}

/// The first problem of a code, wherever it stands.
#[track_caller]
pub(crate) fn problem(value: &Value, code: &str) -> Value {
    fn find(value: &Value, code: &str) -> Option<Value> {
        match value {
            Value::Object(object) => {
                if object.contains_key("severity") && object.get("code")?.as_str() == Some(code) {
                    return Some(value.clone());
                }
                object.values().find_map(|value| find(value, code))
            }
            Value::Array(list) => list.iter().find_map(|value| find(value, code)),
            _ => None,
        }
    }
    find(value, code).unwrap_or_else(|| panic!("no {code} in {value:#}"))
}

/// A run as it stands in snapshots: places, object ids and hashes taken out.
pub(crate) fn shown(world: &World, run: &Run) -> String {
    let mut out = format!("exit: {}\n", run.code().unwrap_or(-1));
    for (name, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        if !text.is_empty() {
            out.push_str(&format!("--- {name}\n{}\n", text.trim_end()));
        }
    }
    let out = out.replace(&world.root().display().to_string(), "WORLD");
    let lines: Vec<String> = out.lines().map(without_machine).collect();
    without_ids(&lines.join("\n"))
}

/// Free disk, the machine's name and measured times differ from machine to machine.
fn without_machine(line: &str) -> String {
    let mut line = line.to_owned();
    if line.starts_with("disk ")
        && let Some(at) = line.find(" needed, ")
    {
        line.replace_range(at + " needed, ".len().., "FREE free");
    }
    if let Some(at) = line.find("ana@") {
        let end = line[at..].find(' ').map_or(line.len(), |len| at + len);
        line.replace_range(at..end, "ana@HOST");
    }
    line
}

/// Replaces every run of ten or more hexadecimal digits.
fn without_ids(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() && !c.is_ascii_uppercase() {
            word.push(c);
            continue;
        }
        out.push_str(if word.len() >= 10 { "HASH" } else { &word });
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// What must be the same after something that changed nothing, and after a rollback: HEAD, the
/// index's tree, the branch and git's own status.
pub(crate) fn four_facts(world: &World) -> [String; 4] {
    [
        world.git(&["rev-parse", "HEAD"]),
        world.git(&["write-tree"]),
        world.git(&["branch", "--show-current"]),
        world.git(&["status", "--porcelain"]),
    ]
}
