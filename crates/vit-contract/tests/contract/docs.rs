//! `docs/` is in step with the types.

use std::path::{Path, PathBuf};

use vit_contract::schemas;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test may rewrite the files that it compares, when it is told to"
)]
fn compare(path: &Path, expected: &str) -> Option<String> {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| value == "1");
    if update {
        let folder = path.parent().expect("a file has a folder");
        std::fs::create_dir_all(folder).expect("docs/ can be made");
        std::fs::write(path, expected).expect("docs/ can be written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    (found != expected).then(|| path.display().to_string())
}

#[test]
fn schemas_and_codes_are_in_step_with_the_types() {
    let mut stale = Vec::new();
    let mut names = Vec::new();
    for (name, schema) in schemas::schemas() {
        let file = format!("{name}.schema.json");
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        stale.extend(compare(&docs().join("schemas").join(&file), &text));
        names.push(file);
    }
    stale.extend(compare(
        &docs().join("problem-codes.md"),
        &schemas::problem_codes(),
    ));
    assert!(
        stale.is_empty(),
        "not in step; run the test with UPDATE_SCHEMAS=1: {stale:?}"
    );
    for entry in std::fs::read_dir(docs().join("schemas")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let ours = names.contains(&name) || !name.ends_with(".schema.json");
        assert!(ours, "{name} belongs to no type");
    }
}
