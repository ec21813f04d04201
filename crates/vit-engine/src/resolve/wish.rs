//! What is installed and what is wanted.

use std::collections::BTreeMap;

use semver::Version;
use vit_contract::channel::Channel;
use vit_contract::constraint::Constraints;
use vit_contract::package::PackageName;

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its version.
    pub version: Version,
    /// Whether it stays only as long as another package needs it.
    pub as_dependency: bool,
}

/// A package that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: PackageName,
    /// In which versions; any where nothing is said.
    pub constraints: Option<Constraints>,
}

/// Which installed packages may become newer although nothing needs that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Upgrades {
    /// None.
    #[default]
    None,
    /// These.
    Some(Vec<PackageName>),
    /// All.
    All,
}

/// What is wanted, beside what is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The Core release that is or will be there.
    pub core: Version,
    /// Whether another Core release will do as well; the newest is preferred.
    pub any_core: bool,
    /// What is installed; it stays, in its version where that is possible.
    pub installed: BTreeMap<PackageName, Installed>,
    /// What is to be there afterwards.
    pub wanted: Vec<Wanted>,
    /// What is to go.
    pub unwanted: Vec<PackageName>,
    /// What may become newer.
    pub upgrades: Upgrades,
    /// Whether optional dependencies that are known come along.
    pub with_optional: bool,
    /// Pre-releases of this channel count without being named.
    pub channel: Channel,
}

impl Wish {
    /// Nothing wanted, on a Core release, with this installed.
    #[must_use]
    pub fn new(core: Version, installed: BTreeMap<PackageName, Installed>) -> Self {
        Self {
            core,
            any_core: false,
            installed,
            wanted: Vec::new(),
            unwanted: Vec::new(),
            upgrades: Upgrades::None,
            with_optional: false,
            channel: Channel::Stable,
        }
    }

    /// The same with a package wanted.
    #[must_use]
    pub fn want(mut self, name: PackageName, constraints: Option<Constraints>) -> Self {
        self.wanted.push(Wanted { name, constraints });
        self
    }

    /// Whether a package may become newer although nothing needs that.
    #[must_use]
    pub fn upgrades(&self, name: &PackageName) -> bool {
        match &self.upgrades {
            Upgrades::None => false,
            Upgrades::Some(names) => names.contains(name),
            Upgrades::All => true,
        }
    }

    /// The installed packages that stay.
    pub fn staying(&self) -> impl Iterator<Item = (&PackageName, &Installed)> {
        self.installed
            .iter()
            .filter(|(name, _)| !self.unwanted.contains(name))
    }
}
