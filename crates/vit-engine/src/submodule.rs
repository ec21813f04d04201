//! The submodule that Core is, where a repository carries Core as one: where it is, what the
//! repository records of it, and a context inside it.

use std::path::{Path, PathBuf};

use vit_contract::plan::Position;
use vit_contract::settings::RegistryKind;

use crate::context::Context;
use crate::environment::Environment;
use crate::error::EngineError;
use crate::facts::pins::Pins;
use crate::git::{Git, GitError};
use crate::site::Site;

/// The mode of a submodule in a tree.
pub const GITLINK: u32 = 0o160_000;

/// The submodule that Core is.
pub struct CoreSubmodule {
    /// Its folder, relative to the installation's root.
    pub path: String,
    /// The commit that HEAD's tree records; absent where it records none.
    pub pointer: Option<String>,
    /// Its own repository; absent where it is not checked out.
    pub inside: Option<Inside>,
}

/// A submodule's own repository.
pub struct Inside {
    site: Site,
    git: Git,
}

impl Inside {
    /// Opens the submodule at `path`; none where no repository is checked out there.
    ///
    /// # Errors
    /// Git could not be run.
    pub fn open(
        site: &Site,
        environment: &Environment,
        path: &str,
    ) -> Result<Option<Self>, EngineError> {
        let root = site.root.join(path);
        if !root.join(".git").exists() {
            return Ok(None);
        }
        let git = Git::open(&root, environment);
        let layout = match git.layout() {
            Ok(layout) => layout,
            Err(GitError::Failed { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Behind a link it would be a repository of somebody else's.
        if layout.root.as_deref() != Some(root.as_path()) {
            return Ok(None);
        }
        let site = Site {
            vertical_root: None,
            git_dir: layout.git_dir,
            common_dir: layout.common_dir,
            shallow: layout.shallow,
            public_dir: root.join(".vitruvyan"),
            root,
            problems: Vec::new(),
            ..site.clone()
        };
        Ok(Some(Self { site, git }))
    }

    /// The surroundings of an operation inside it.
    #[must_use]
    pub fn context<'a>(&'a self, cx: &Context<'a>) -> Context<'a> {
        Context {
            site: &self.site,
            git: &self.git,
            environment: cx.environment,
            clock: cx.clock,
            reporter: cx.reporter,
            cancel: cx.cancel,
            actor: cx.actor,
            faults: cx.faults,
            network: cx.network,
            channel_override: cx.channel_override,
        }
    }

    /// Git inside it.
    #[must_use]
    pub const fn git(&self) -> &Git {
        &self.git
    }

    /// What is checked out in it; absent on an unborn HEAD.
    ///
    /// # Errors
    /// Git failed.
    pub fn position(&self) -> Result<Option<Position>, EngineError> {
        let status = self.git.status()?;
        let Some(commit) = status.head else {
            return Ok(None);
        };
        let found = self.git.resolve(&[format!("{commit}^{{tree}}")])?;
        let tree = found.into_iter().flatten().next().map(|(oid, _)| oid);
        Ok(Some(Position {
            commit,
            tree: tree.unwrap_or_default(),
            branch: status.branch,
        }))
    }

    /// The URL of the remote that it was cloned from.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn url(&self) -> Result<Option<String>, EngineError> {
        let remotes = self.git.remotes()?;
        let named = |name: &str| remotes.iter().find(|remote| remote.name == name);
        let usual = named("upstream").or_else(|| named("origin"));
        Ok(usual.or(remotes.first()).map(|remote| remote.url.clone()))
    }
}

/// The submodule that Core is: the one that the settings name, else, where no core package is
/// tracked in HEAD's own tree, the first of `.gitmodules` that holds one. Where nothing else here
/// can be Core, one that is not checked out is taken for it: what it is cannot be told, and the
/// project's own tags are no releases of Core.
///
/// # Errors
/// Git failed.
pub fn find(cx: &Context<'_>) -> Result<Option<CoreSubmodule>, EngineError> {
    let settings = &cx.site.settings;
    if settings.core_submodule.is_none() && !cx.site.root.join(".gitmodules").is_file() {
        return Ok(None);
    }
    let head = cx.git.resolve(&["HEAD^{tree}".to_owned()])?;
    let Some((tree, _)) = head.into_iter().flatten().next() else {
        return Ok(None);
    };
    if let Some(path) = &settings.core_submodule {
        return Ok(Some(CoreSubmodule {
            path: path.clone(),
            pointer: pointer(cx, &tree, path)?,
            inside: Inside::open(cx.site, cx.environment, path)?,
        }));
    }
    let packages: Vec<&Path> = settings.core_package.iter().map(Path::new).collect();
    let tracked = cx.git.ls_tree(&tree, &packages, false)?;
    if tracked.iter().any(|entry| entry.mode != GITLINK) {
        return Ok(None);
    }
    let mut absent = None;
    for path in cx.git.submodule_paths()? {
        let Some(oid) = pointer(cx, &tree, &path)? else {
            continue;
        };
        if !cx.site.root.join(&path).join(".git").exists() {
            absent.get_or_insert(CoreSubmodule {
                path,
                pointer: Some(oid),
                inside: None,
            });
            continue;
        }
        let holds = |package: &String| cx.site.root.join(&path).join(package).is_dir();
        if !settings.core_package.iter().any(holds) {
            continue;
        }
        if let Some(inside) = Inside::open(cx.site, cx.environment, &path)? {
            return Ok(Some(CoreSubmodule {
                path,
                pointer: Some(oid),
                inside: Some(inside),
            }));
        }
    }
    let pinned = absent.is_some() && Pins::gather(cx, &tree)?.is_some();
    Ok(absent.filter(|_| !pinned))
}

/// The URL that releases come from where Core is a submodule and the settings name no place.
///
/// # Errors
/// Git failed.
pub fn release_url(cx: &Context<'_>) -> Result<Option<String>, EngineError> {
    let registry = &cx.site.settings.registry;
    if registry.location.is_some()
        || !matches!(registry.kind, RegistryKind::Auto | RegistryKind::Git)
    {
        return Ok(None);
    }
    match find(cx)?.and_then(|core| core.inside) {
        Some(inside) => inside.url(),
        None => Ok(None),
    }
}

/// The commit that a tree records at a path, where that is a submodule.
///
/// # Errors
/// It is no tree here.
pub fn pointer(cx: &Context<'_>, tree: &str, path: &str) -> Result<Option<String>, EngineError> {
    let found = cx.git.ls_tree(tree, &[PathBuf::from(path)], false)?;
    Ok(found
        .into_iter()
        .find(|entry| entry.mode == GITLINK && entry.path == Path::new(path))
        .map(|entry| entry.oid))
}
