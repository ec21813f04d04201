//! Facts about the repository that only a switch needs to know.

use vit_contract::digest;

use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::git;
use crate::plan::{self, Repository};
use crate::steps::vertical_files;
use crate::store::folder::Folder;

/// Configuration keys that name a program for a switch, a fetch, or a look at the tree.
const PROGRAM_KEYS: [&str; 12] = [
    "core.sshcommand",
    "core.gitproxy",
    "core.askpass",
    "core.alternaterefscommand",
    "credential.helper",
    "credential.*.helper",
    "filter.*.clean",
    "filter.*.smudge",
    "filter.*.process",
    "merge.*.driver",
    "remote.*.uploadpack",
    "remote.*.vcs",
];
const SPARSE_KEY: &str = "core.sparsecheckout";

/// The programs that the repository's own configuration names for git, by their keys.
///
/// # Errors
/// Git failed.
pub fn programs(cx: &Context<'_>) -> Result<Vec<String>, EngineError> {
    let found = cx.git.local_config(&PROGRAM_KEYS)?;
    Ok(found.into_iter().map(|(key, _)| key).collect())
}

/// Reads it.
///
/// # Errors
/// Git failed.
pub fn gather(cx: &Context<'_>, verticals: &[Vertical]) -> Result<Repository, EngineError> {
    let mut keys = PROGRAM_KEYS.to_vec();
    keys.push(SPARSE_KEY);
    let (sparse, programs): (Vec<_>, Vec<_>) = cx
        .git
        .local_config(&keys)?
        .into_iter()
        .partition(|(key, _)| key == SPARSE_KEY);
    let hidden = cx.git.hidden_paths()?;
    let tests = plan::smoke_tests(verticals);
    let mut uncovered = Vec::new();
    for vertical in verticals
        .iter()
        .filter(|v| !v.tracked && !v.root.is_empty())
    {
        let tested = tests.iter().any(|test| test.root == vertical.root);
        if tested && vertical_files::inventory(&cx.site.root, &vertical.root)?.too_large {
            uncovered.push(vertical.root.clone());
        }
    }
    let settings = serde_json::to_vec(&cx.site.settings).unwrap_or_default();
    Ok(Repository {
        operation: git::operation_in_progress(&cx.site.git_dir),
        hidden: hidden
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        sparse: sparse.iter().any(|(_, value)| {
            matches!(
                value.to_ascii_lowercase().as_str(),
                "true" | "1" | "yes" | "on"
            )
        }),
        programs: programs.into_iter().map(|(key, _)| key).collect(),
        critical_paths: cx.site.settings.critical_paths.clone(),
        uncovered,
        unsafe_folders: [Folder::state(cx.site), Folder::public(cx.site)]
            .into_iter()
            .flat_map(Folder::check)
            .collect(),
        own_steps: cx.site.settings.steps.clone(),
        missing_programs: Vec::new(),
        install_timeout: cx.site.settings.environment.timeout,
        settings_sha256: digest::sha256(&settings),
        quarantine_key: std::collections::BTreeMap::new(),
    })
}
