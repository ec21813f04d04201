//! Plans in files: `vit plan --out FILE` writes one, `vit upgrade --plan FILE` reads it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use vit_contract::exit::ExitCode;
use vit_contract::plan::{Plan, SCHEMA};

use crate::error::Failure;
use crate::ui;

/// The largest plan that is read, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Writes a plan: whole or not at all, beside the file first and then renamed over it.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, plan: &Plan) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = File::options()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(ui::json(plan).as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        // What is half-written is of no use; that it may stay behind is not worth a second error.
        let _ = std::fs::remove_file(&beside);
        let message = format!("writing the plan to {} failed", path.display());
        Failure::new("io", ExitCode::Error, message).because(&error)
    })
}

/// Reads a plan and checks that it is whole and unchanged.
///
/// # Errors
/// The file cannot be read, is no plan, or was changed after it was made.
pub fn read(path: &Path) -> Result<Plan, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            Failure::bad_input(format!("the plan {shown} cannot be read")).because(&error)
        })?;
    let again = "make a new one: `vit plan --out FILE`";
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::bad_input(format!(
            "{shown} is larger than 16 MiB: it is no plan of vit"
        )));
    }
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::bad_input(format!("{shown} is not JSON"))
            .because(&error)
            .hint(again)
    })?;
    let schema = value.get("schema").and_then(|schema| schema.as_str());
    if schema != Some(SCHEMA) {
        let found = schema.unwrap_or("none");
        return Err(Failure::bad_input(format!(
            "{shown} is no plan of this vit: its schema is {found}, not {SCHEMA}"
        ))
        .hint(again));
    }
    let plan: Plan = serde_json::from_value(value).map_err(|error| {
        Failure::bad_input(format!("{shown} is not a whole plan"))
            .because(&error)
            .hint(again)
    })?;
    if plan.digest != plan.compute_digest() {
        return Err(Failure::bad_input(format!(
            "{shown} was changed after it was made: its digest does not agree"
        ))
        .hint(again));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    fn refusal(dir: &Path, bytes: &str) -> String {
        let path = dir.join("plan.json");
        let mut file = File::create(&path).unwrap();
        file.write_all(bytes.as_bytes()).unwrap();
        let failure = read(&path).unwrap_err();
        assert_eq!(failure.exit, ExitCode::Error);
        failure.message[0].replace(&dir.display().to_string(), "DIR")
    }

    #[test]
    fn a_plan_comes_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a plan.json");
        let mut plan = samples::plan();
        plan.digest = plan.compute_digest();
        write(&path, &plan).unwrap();
        write(&path, &plan).unwrap();
        assert_eq!(read(&path).unwrap(), plan);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_plan_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let mut plan = samples::plan();
        plan.digest = plan.compute_digest();
        plan.files_changed += 1;
        let tampered = ui::json(&plan);
        assert_eq!(
            refusal(dir.path(), &tampered),
            "DIR/plan.json was changed after it was made: its digest does not agree"
        );
        assert_eq!(refusal(dir.path(), "{"), "DIR/plan.json is not JSON");
        assert_eq!(
            refusal(dir.path(), r#"{"schema":"vit.plan/2"}"#),
            "DIR/plan.json is no plan of this vit: its schema is vit.plan/2, not vit.plan/1"
        );
        assert_eq!(
            refusal(dir.path(), r#"{"schema":"vit.plan/1"}"#),
            "DIR/plan.json is not a whole plan"
        );
        assert!(read(&dir.path().join("none.json")).is_err());
    }
}
