//! Whether the programs that the installation's own steps name will be there when they run: a
//! step that cannot begin should be known before the tree is switched, not after.

use std::path::{Component, Path, PathBuf};

use rustix::fs::Access;
use vit_contract::plan::CommandStep;

use super::{GITLINK, Target};
use crate::context::Context;
use crate::error::EngineError;
use crate::steps::environment;

/// Where a program is looked for without a PATH, as the C library does it.
const USUAL_PATH: &str = "/bin:/usr/bin";
const LINK: u32 = 0o120_000;

/// A program that a step names and that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The step.
    pub step: String,
    /// The program as the step names it.
    pub program: String,
    /// Why it cannot be run.
    pub why: Why,
}

/// Why a program cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is in no folder of the PATH.
    NotOnPath,
    /// It is neither in the target's tree nor on disk.
    NotThere,
    /// The target brings it, and not as an executable file.
    NotExecutable,
}

/// The programs of these steps that will not be there on `target`; each once a step.
///
/// # Errors
/// Git failed.
pub fn missing(
    cx: &Context<'_>,
    target: &Target,
    steps: &[CommandStep],
) -> Result<Vec<Missing>, EngineError> {
    let mut found: Vec<Missing> = Vec::new();
    for step in steps {
        let commands = [Some(&step.run), step.verify.as_ref(), step.undo.as_ref()];
        for program in commands.into_iter().flatten().filter_map(|run| run.first()) {
            let Some(why) = why(cx, target, program)? else {
                continue;
            };
            let missing = Missing {
                step: step.name.clone(),
                program: program.clone(),
                why,
            };
            if !found.contains(&missing) {
                found.push(missing);
            }
        }
    }
    Ok(found)
}

fn why(cx: &Context<'_>, target: &Target, program: &str) -> Result<Option<Why>, EngineError> {
    let there = is_there(cx, program);
    if !program.contains('/') {
        return Ok((!there).then_some(Why::NotOnPath));
    }
    let on_disk = || (!there).then_some(Why::NotThere);
    let Some(path) = plain(program) else {
        return Ok(on_disk());
    };
    let above = path.ancestors().filter(|part| !part.as_os_str().is_empty());
    let paths: Vec<&Path> = above.collect();
    let entries = cx.git.ls_tree(&target.landing.tree, &paths, false)?;
    if let Some(entry) = entries.iter().find(|entry| entry.path == path) {
        let runs = entry.mode == LINK || entry.mode & 0o111 != 0;
        return Ok((!runs).then_some(Why::NotExecutable));
    }
    // What is behind these, the tree does not say.
    let beyond = |mode| mode == LINK || mode == GITLINK;
    if entries.iter().any(|entry| beyond(entry.mode)) {
        return Ok(None);
    }
    let goes = |change: &crate::git::TreeChange| change.path == path;
    if target.switch.changes.iter().any(goes) {
        return Ok(Some(Why::NotThere));
    }
    Ok(on_disk())
}

/// A path below the root, as git names it; `None` for one that leads elsewhere.
fn plain(program: &str) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in Path::new(program).components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            // Where a link is on the way this is another place; then what is on disk counts.
            Component::ParentDir if plain.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

/// Whether a program can be run by a step as things are now.
#[must_use]
pub fn is_there(cx: &Context<'_>, program: &str) -> bool {
    if program.contains('/') {
        return executable(&cx.site.root.join(program));
    }
    let variables = environment::for_own(cx);
    let path = variables.iter().find(|(name, _)| name == "PATH");
    let path = path.map_or(USUAL_PATH.as_ref(), |(_, value)| value.as_os_str());
    // A folder that is not absolute counts from where a step runs.
    std::env::split_paths(path).any(|folder| executable(&cx.site.root.join(folder).join(program)))
}

fn executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_the_root_is_one_that_git_can_name() {
        let plain = |program| plain(program).map(|path| path.display().to_string());
        assert_eq!(plain("./bin//tool").as_deref(), Some("bin/tool"));
        assert_eq!(plain("bin/tool").as_deref(), Some("bin/tool"));
        assert_eq!(plain("bin/../tool").as_deref(), Some("tool"));
        for elsewhere in ["/bin/true", "../bin/tool", "bin/../../tool"] {
            assert_eq!(plain(elsewhere), None, "{elsewhere}");
        }
    }
}
