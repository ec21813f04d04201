//! Facts about one release: what it has, how its tree differs, what stands in its way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use vit_contract::code::Code;
use vit_contract::plan::Position;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;

use super::known::Ask;
use super::landing::Landing;
use super::quarantine::{self, Bound, Quarantined};
use super::{Facts, Switch, Target, environment, verticals};
use crate::bundle::kept;
use crate::compat::Vertical;
use crate::context::Context;
use crate::contracts::{self, Exports};
use crate::error::EngineError;
use crate::git::{Blob, TreeChange, TreeEntry};
use crate::parallel;
use crate::trust;

/// The largest Python file of a contracts package that is read, in bytes.
const MAX_SOURCE_BYTES: usize = 1024 * 1024;

impl Facts {
    /// Reads what concerns `release`; its objects are fetched where they are not here yet.
    ///
    /// # Errors
    /// The objects cannot be fetched, or git failed.
    pub fn target(
        &self,
        cx: &Context<'_>,
        release: &Release,
        explicit: bool,
    ) -> Result<Target, EngineError> {
        let mut release = self.completed(cx, release)?;
        if release.commit.is_none() || release.tree.is_none() {
            release = self.located(cx, &release)?;
        }
        let way = self.way(cx, &release)?;
        let mut release = Release::clone(&release);
        let signature = trust::signature(cx, &release)?;
        release.problems.extend(signature.problems);
        let commit = release.commit.clone().unwrap_or_default();
        let position = Position {
            tree: release.tree.clone().unwrap_or_default(),
            branch: None,
            commit,
        };
        let commits = self.commits(cx, &position.commit)?;
        let landing = Landing::of(cx, self, (&release, &position), &commits)?;
        let (contents, changes) = parallel::both(
            || contents(cx, &position, &landing.tree),
            || changes(cx, self.position.as_ref(), &landing.tree),
        );
        let (then, exports) = contents?;
        let mut environment =
            environment::change(cx, &self.environment, self.position.as_ref(), &landing.tree)?;
        environment.wheels = kept::wheels(&cx.site.state_dir, &release)?;
        let switch = Switch::new(&self.verticals, then, changes?);
        let quarantined = match self.quarantine.find(&release.version) {
            None => None,
            Some(entry) => {
                let mut key = quarantine::key(
                    cx,
                    Bound {
                        commit: &position.commit,
                        metadata: release.metadata_sha256.as_deref(),
                        tree: &landing.tree,
                        verticals: &switch.verticals,
                    },
                )?;
                if release.unread {
                    quarantine::metadata_unknown(&mut key, entry);
                }
                Some(Quarantined {
                    changed: entry.changed(&key),
                    entry: entry.clone(),
                })
            }
        };
        Ok(Target {
            way,
            exports,
            signed_by: signature.signed_by,
            own_commits: commits.own,
            ahead: commits.ahead,
            fast_forward: commits.fast_forward,
            position,
            landing,
            environment,
            release,
            switch,
            explicit,
            quarantined,
        })
    }

    /// The release with its commit and tree: fetched where they are not here yet and somebody may
    /// be asked.
    fn located(&self, cx: &Context<'_>, release: &Release) -> Result<Arc<Release>, EngineError> {
        if self.known.ask() != Ask::Nobody {
            self.registry.fetch(cx, release)?;
        }
        match self.registry.located(cx, release)? {
            Some(found) => Ok(self.known.learn(found)),
            None => Err(EngineError::Refused {
                summary: format!("release {} is not here", release.tag),
                problems: vec![
                    Problem::new(
                        Code::ObjectsMissing,
                        &release.tag,
                        "the release's commit is not in this repository and was not asked for",
                    )
                    .hint(Who::You, "ask again without `--offline`"),
                ],
            }),
        }
    }

    fn commits(&self, cx: &Context<'_>, target: &str) -> Result<Commits, EngineError> {
        let Some(head) = self.position.as_ref().map(|p| p.commit.as_str()) else {
            return Ok(Commits {
                own: 0,
                ahead: 0,
                fast_forward: false,
            });
        };
        // Where Core's own remote is not configured, the one that is asked may be the team's.
        let unsure = |p: &Problem| p.code == Code::UpstreamRemoteMissing;
        let unsure = self.problems.iter().any(unsure);
        let remote = self.registry.remote().filter(|_| !unsure);
        let mut releases = Vec::new();
        let mut known = Vec::new();
        for r in &self.refs {
            let Some(commit) = &r.commit else { continue };
            let tag = r
                .name
                .strip_prefix("refs/vit/releases/")
                .or(r.name.strip_prefix("refs/tags/"));
            if tag.and_then(vit_contract::version::of_tag).is_some() {
                releases.push(commit.clone());
            } else if let Some(remote) = &remote
                && r.name.starts_with(&format!("refs/remotes/{remote}/"))
            {
                known.push(commit.clone());
            }
        }
        if releases.iter().any(|commit| commit == head) {
            let fast_forward = head == target || cx.git.is_ancestor(head, target)?;
            return Ok(Commits {
                own: 0,
                ahead: 0,
                fast_forward,
            });
        }
        let ahead = cx.git.commits_not_in(head, &releases)?;
        known.extend(releases);
        let own = if ahead == 0 {
            0
        } else {
            cx.git.commits_not_in(head, &known)?
        };
        Ok(Commits {
            own,
            ahead,
            fast_forward: cx.git.is_ancestor(head, target)?,
        })
    }
}

/// What a switch from `from` to `to` would mean.
///
/// # Errors
/// Git failed.
pub fn switch(
    cx: &Context<'_>,
    verticals_now: &[Vertical],
    from: &Position,
    to: &Position,
) -> Result<Switch, EngineError> {
    let listing = cx.git.ls_tree::<&str>(&to.commit, &[], true)?;
    let then = verticals::in_tree(cx, &to.commit, &listing)?;
    Ok(Switch::new(
        verticals_now,
        then,
        changes(cx, Some(from), &to.tree)?,
    ))
}

/// The verticals of the tree that the installation would have, and what Core's own tree exports.
fn contents(
    cx: &Context<'_>,
    core: &Position,
    tree: &str,
) -> Result<(Vec<Vertical>, Exports), EngineError> {
    let listing = cx.git.ls_tree::<&str>(tree, &[], true)?;
    let then = verticals::in_tree(cx, tree, &listing)?;
    if tree == core.tree {
        return Ok((then, exports(cx, &listing)?));
    }
    let listing = cx.git.ls_tree::<&str>(&core.commit, &[], true)?;
    Ok((then, exports(cx, &listing)?))
}

/// How the trees differ, and what that takes.
struct Changes {
    list: Vec<TreeChange>,
    in_the_way: Vec<String>,
    bytes: u64,
}

fn changes(cx: &Context<'_>, from: Option<&Position>, to: &str) -> Result<Changes, EngineError> {
    let list = match from {
        Some(from) if from.tree != to => cx.git.diff_trees(&from.tree, to)?,
        _ => Vec::new(),
    };
    Ok(Changes {
        in_the_way: in_the_way(&cx.site.root, &list),
        bytes: changed_bytes(cx, &list)?,
        list,
    })
}

impl Switch {
    fn new(now: &[Vertical], then: Vec<Vertical>, changes: Changes) -> Self {
        let (verticals, removed) = merge(now, then);
        Self {
            verticals,
            removed,
            changes: changes.list,
            in_the_way: changes.in_the_way,
            bytes: changes.bytes,
        }
    }
}

/// How HEAD stands to the releases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Commits {
    /// Commits of HEAD that are in no release, no tag and no branch of the release remote.
    pub own: usize,
    /// Commits of HEAD that are in no release.
    pub ahead: usize,
    /// Whether HEAD is an ancestor of the target.
    pub fast_forward: bool,
}

/// The verticals as they will be: tracked ones from the target's tree, the others as they are;
/// and the names of tracked ones that the target does not have.
pub(super) fn merge(now: &[Vertical], then: Vec<Vertical>) -> (Vec<Vertical>, BTreeSet<String>) {
    let mut removed = BTreeSet::new();
    let mut merged: Vec<Vertical> = Vec::new();
    for vertical in now {
        if !vertical.tracked {
            merged.push(vertical.clone());
        } else if !then
            .iter()
            .any(|t| t.manifest_path == vertical.manifest_path)
        {
            removed.insert(vertical.manifest_path.clone());
            merged.push(vertical.clone());
        }
    }
    for vertical in then {
        if !merged
            .iter()
            .any(|m| m.manifest_path == vertical.manifest_path)
        {
            merged.push(vertical);
        }
    }
    merged.sort_by(|a, b| a.manifest_path.cmp(&b.manifest_path));
    (merged, removed)
}

fn exports(cx: &Context<'_>, listing: &[TreeEntry]) -> Result<Exports, EngineError> {
    let packages = &cx.site.settings.contracts_package;
    let Some(package) = packages
        .iter()
        .find(|package| listing.iter().any(|entry| entry.path.starts_with(package)))
    else {
        return Ok(Exports::Unreadable(format!(
            "there is no folder {}",
            packages.join(" or ")
        )));
    };
    let files: Vec<(&TreeEntry, String)> = listing
        .iter()
        .filter(|entry| {
            entry
                .path
                .extension()
                .is_some_and(|e| e == "py" || e == "pyi")
        })
        .filter_map(|entry| {
            let inside = entry.path.strip_prefix(package).ok()?.to_str()?.to_owned();
            Some((entry, inside))
        })
        .collect();
    let specs: Vec<String> = files.iter().map(|(entry, _)| entry.oid.clone()).collect();
    let blobs = cx.git.read_blobs(&specs, MAX_SOURCE_BYTES)?;
    let sources: BTreeMap<String, Vec<u8>> = files
        .into_iter()
        .zip(blobs)
        .map(|((_, path), blob)| match blob {
            Blob::Content(bytes) => (path, bytes),
            // What cannot be read is not UTF-8 either: the reader takes it for open.
            Blob::TooLarge(_) | Blob::Missing => (path, vec![0xff]),
        })
        .collect();
    let name = package.rsplit('/').next().unwrap_or(package);
    Ok(contracts::read(name, &sources))
}

/// Files that git does not track and that the target would overwrite: at the very path of a new
/// file, above it, or below it. Git's own checkout overwrites ignored files without a word.
fn in_the_way(root: &Path, changes: &[TreeChange]) -> Vec<String> {
    let leaving: BTreeSet<&Path> = changes
        .iter()
        .filter(|c| c.status == 'D')
        .map(|c| c.path.as_path())
        .collect();
    let mut found = BTreeSet::new();
    for change in changes.iter().filter(|c| c.status == 'A') {
        let obstacle = change
            .path
            .ancestors()
            .filter(|path| !path.as_os_str().is_empty())
            .find(|path| {
                let Ok(there) = std::fs::symlink_metadata(root.join(path)) else {
                    return false;
                };
                let itself = *path == change.path;
                let blocks = if itself { true } else { !there.is_dir() };
                blocks
                    && !leaving.contains(path)
                    && !(there.is_dir() && only_leaving(root, path, &leaving))
            });
        if let Some(path) = obstacle {
            found.insert(path.display().to_string());
        }
    }
    found.into_iter().collect()
}

/// Whether everything in a folder is tracked and goes away with the switch.
fn only_leaving(root: &Path, folder: &Path, leaving: &BTreeSet<&Path>) -> bool {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
        return false;
    };
    entries.flatten().all(|entry| {
        let path = folder.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            only_leaving(root, &path, leaving)
        } else {
            leaving.contains(path.as_path())
        }
    })
}

fn changed_bytes(cx: &Context<'_>, changes: &[TreeChange]) -> Result<u64, EngineError> {
    let oids: Vec<String> = changes
        .iter()
        .filter(|c| c.status != 'D' && c.new_mode != crate::submodule::GITLINK)
        .map(|c| c.new_oid.clone())
        .collect();
    if oids.is_empty() {
        Ok(0)
    } else {
        Ok(cx
            .git
            .objects(&oids)?
            .iter()
            .flatten()
            .map(|object| object.size)
            .sum())
    }
}
