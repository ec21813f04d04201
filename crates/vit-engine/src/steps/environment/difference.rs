//! What an installation had made of the environment, for the evidence: told, not kept.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::io;
use crate::cancel::Cancel;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::evidence::Evidence;
use crate::facts::environment::distributions;
use crate::twin::{Manifest, Work};

/// The file in the evidence.
const FILE: &str = "environment.diff.txt";

/// Writes how the live environment differs from the kept one; nothing where it does not, or where
/// an earlier undo has written it.
pub(super) fn keep(
    cx: &Context<'_>,
    live: &Path,
    (tree, manifest): (&Path, &Manifest),
    evidence: &Evidence,
) -> Result<(), EngineError> {
    if evidence.folder().join(FILE).exists() {
        return Ok(());
    }
    cx.faults
        .at(format_args!("environment.difference"))
        .map_err(io("comparing", live))?;
    let cancel = Cancel::default();
    let work = Work {
        cancel: &cancel,
        faults: cx.faults,
    };
    let mut text = String::new();
    match Manifest::of(live, &work) {
        Ok(now) => {
            let difference = manifest.difference(&now);
            if difference.is_empty() {
                return Ok(());
            }
            section(&mut text, "distributions before", names(tree));
            section(&mut text, "distributions after", names(live));
            section(&mut text, "added", shown(&difference.added));
            section(&mut text, "removed", shown(&difference.removed));
            section(&mut text, "changed", shown(&difference.changed));
        }
        Err(error) => {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            let why = why.unwrap_or_default();
            let _ = writeln!(text, "the environment could not be read: {error}: {why}");
        }
    }
    evidence.put(FILE, text.as_bytes()).map(drop)
}

fn names(environment: &Path) -> Vec<String> {
    distributions(environment)
        .iter()
        .filter_map(|folder| Some(folder.file_stem()?.to_string_lossy().into_owned()))
        .collect()
}

fn shown(paths: &[PathBuf]) -> Vec<String> {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

fn section(text: &mut String, title: &str, lines: Vec<String>) {
    let _ = writeln!(text, "{title} ({}):", lines.len());
    for line in lines {
        let _ = writeln!(text, "  {}", vit_contract::text::visible(&line));
    }
}
