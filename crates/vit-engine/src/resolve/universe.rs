//! Every package in every version that is known, and every Core release, as plain data.

use std::collections::BTreeMap;

use semver::Version;
use vit_contract::package::{Method, PackageManifest, PackageName, Port, Requirement, Tier};
use vit_contract::range::CoreRange;

/// A Core release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreRelease {
    /// Its version.
    pub version: Version,
    /// The major of its contracts, where it is known.
    pub contracts_major: Option<u64>,
}

/// A requirement and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The requirement.
    pub requirement: Requirement,
    /// The line of the manifest, from 1, where it is known.
    pub line: Option<usize>,
}

impl From<Requirement> for Need {
    fn from(requirement: Requirement) -> Self {
        Self {
            requirement,
            line: None,
        }
    }
}

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The version.
    pub version: Version,
    /// Where its manifest is, for people.
    pub origin: String,
    /// Whether it comes and goes with Core.
    pub with_core: bool,
    /// The Core versions that it can live with.
    pub core: CoreRange,
    /// The major of the contracts that it is written against; any where absent.
    pub contracts_major: Option<u64>,
    /// What has to be there.
    pub required: Vec<Need>,
    /// What it makes use of: need not be there, and where it is, in these versions.
    pub optional: Vec<Need>,
    /// What it cannot stand beside.
    pub conflicts: Vec<Need>,
    /// Ports of the machine that are its own.
    pub ports: Vec<Port>,
    /// The compose service that is its own, with its file.
    pub service: Option<String>,
}

impl Offer {
    /// What a manifest offers; `origin` is where it is, for people.
    #[must_use]
    pub fn of(manifest: &PackageManifest, origin: impl Into<String>) -> Self {
        let needs = |list: &[Requirement]| list.iter().cloned().map(Need::from).collect();
        let service = match &manifest.installation.method {
            Method::DockerCompose(compose) => Some(format!("{}:{}", compose.file, compose.service)),
            Method::Pip(_) | Method::GitClone(_) | Method::Script(_) => None,
        };
        Self {
            version: manifest.version.clone(),
            origin: origin.into(),
            with_core: manifest.tier == Tier::Core,
            core: manifest.compatibility.core.clone(),
            contracts_major: manifest.compatibility.contracts_major,
            required: needs(&manifest.dependencies.required),
            optional: needs(&manifest.dependencies.optional),
            conflicts: needs(&manifest.compatibility.conflicts_with),
            ports: manifest.installation.ports.clone(),
            service,
        }
    }
}

/// Everything that is known.
#[derive(Debug, Clone, Default)]
pub struct Universe {
    /// Core releases, oldest first.
    core: Vec<CoreRelease>,
    /// The versions of each package, oldest first.
    packages: BTreeMap<PackageName, Vec<Offer>>,
}

impl Universe {
    /// What is known of Core alone.
    #[must_use]
    pub fn new(mut core: Vec<CoreRelease>) -> Self {
        core.sort_by(|a, b| a.version.cmp(&b.version));
        core.dedup_by(|a, b| a.version == b.version);
        Self {
            core,
            packages: BTreeMap::new(),
        }
    }

    /// Adds a version of a package. Of two of one version the first counts: sources are added in
    /// their order.
    pub fn add(&mut self, name: PackageName, offer: Offer) {
        let offers = self.packages.entry(name).or_default();
        match offers.binary_search_by(|have| have.version.cmp(&offer.version)) {
            Ok(_) => {}
            Err(at) => offers.insert(at, offer),
        }
    }

    /// The Core releases, oldest first.
    #[must_use]
    pub fn core(&self) -> &[CoreRelease] {
        &self.core
    }

    /// The versions of a package, oldest first; none where it is not known.
    #[must_use]
    pub fn offers(&self, name: &PackageName) -> &[Offer] {
        self.packages.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every package with its versions.
    pub fn packages(&self) -> impl Iterator<Item = (&PackageName, &[Offer])> {
        self.packages
            .iter()
            .map(|(name, offers)| (name, offers.as_slice()))
    }
}
