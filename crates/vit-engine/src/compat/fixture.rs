//! A small world for the rules' tests: one target, one vertical, nothing wrong with either.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use vit_contract::channel::Channel;
use vit_contract::code::Code;
use vit_contract::name::DomainName;
use vit_contract::problem::Problem;
use vit_contract::range::{CoreRange, Max};
use vit_contract::release::{Change, Changes, Checksum, Release, ReleaseMetadata};
use vit_contract::verdict::Verdict;
use vit_contract::version::Version;
use vit_contract::vertical::{Compatibility, Ownership, Status, VerticalManifest};

use super::{Case, Exports, SmokeTestFile, Vertical, judge};

pub(crate) struct World {
    /// The releases before the target on the way, oldest first.
    pub(crate) before: Vec<Release>,
    target: Release,
    pub(crate) verticals: Vec<Vertical>,
    pub(crate) exports: Exports,
    pub(crate) case_channel: Channel,
    pub(crate) explicit: bool,
    /// Going down: the way is empty.
    pub(crate) down: bool,
    pub(crate) today: Date,
    pub(crate) removed: BTreeSet<String>,
    pub(crate) installed: Option<Version>,
}

impl World {
    /// A release that the vertical `finance` can live with.
    pub(crate) fn new(target: &str) -> Self {
        Self {
            before: Vec::new(),
            target: release(target),
            verticals: vec![vertical("finance")],
            exports: exports(&[("contracts", &["GraphPlugin"])], &[]),
            case_channel: Channel::Stable,
            explicit: false,
            down: false,
            today: Date::constant(2026, 3, 1),
            removed: BTreeSet::new(),
            installed: Some(version("1.0.0")),
        }
    }

    pub(crate) fn target(&mut self) -> &mut Release {
        &mut self.target
    }

    pub(crate) fn metadata(&mut self) -> &mut ReleaseMetadata {
        self.target.metadata.as_mut().unwrap()
    }

    /// The manifest of `finance`.
    pub(crate) fn manifest(&mut self) -> &mut VerticalManifest {
        self.verticals[0].manifest.as_mut().unwrap()
    }

    pub(crate) fn add(&mut self, name: &str) {
        self.verticals.push(vertical(name));
    }

    pub(crate) fn judge(&self) -> Verdict {
        let mut way: Vec<&Release> = self.before.iter().collect();
        way.push(&self.target);
        if self.down {
            way.clear();
        }
        let case = Case {
            target: &self.target,
            way: &way,
            exports: &self.exports,
            channel: self.case_channel,
            explicit: self.explicit,
            today: self.today,
            removed: &self.removed,
            installed: self.installed.as_ref(),
        };
        judge(&case, &self.verticals)
    }

    pub(crate) fn release_codes(&self) -> Vec<Code> {
        codes(&self.judge().release)
    }

    /// The codes of all verticals.
    pub(crate) fn vertical_codes(&self) -> Vec<Code> {
        self.judge()
            .verticals
            .iter()
            .flat_map(|vertical| codes(&vertical.problems))
            .collect()
    }
}

pub(crate) fn codes(problems: &[Problem]) -> Vec<Code> {
    problems.iter().map(|problem| problem.code).collect()
}

pub(crate) fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

pub(crate) fn range(min: &str, max: &str) -> CoreRange {
    CoreRange {
        min: version(min),
        max: Max::parse(max).unwrap(),
    }
}

pub(crate) fn change(id: Option<&str>, text: &str) -> Change {
    Change {
        id: id.map(str::to_owned),
        text: text.to_owned(),
        since: None,
        removal: None,
    }
}

pub(crate) fn exports(modules: &[(&str, &[&str])], open: &[&str]) -> Exports {
    let names: BTreeMap<String, BTreeSet<String>> = modules
        .iter()
        .map(|(module, names)| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            ((*module).to_owned(), names)
        })
        .collect();
    Exports::Modules {
        names,
        open: open.iter().map(|&module| module.to_owned()).collect(),
    }
}

pub(crate) fn release(text: &str) -> Release {
    let version = version(text);
    let commit = "c0ffee".repeat(7)[..40].to_owned();
    Release {
        tag: format!("v{version}"),
        commit: Some(commit.clone()),
        tree: None,
        metadata: Some(ReleaseMetadata {
            version: version.clone(),
            release_date: None,
            channel: Channel::of_version(&version),
            contracts_version: Some(Version::new(1, 0, 0)),
            changes: Changes::default(),
            migration_guide_url: None,
            minimum_vertical_version: BTreeMap::new(),
            capabilities: None,
            removed_capabilities: Vec::new(),
            lts: false,
            support_until: None,
            requires_from: None,
            checksum: Some(Checksum::GitCommitSha(commit)),
        }),
        metadata_sha256: None,
        unread: false,
        problems: Vec::new(),
        version,
    }
}

pub(crate) fn vertical(domain: &str) -> Vertical {
    Vertical {
        manifest_path: format!("domains/{domain}/vertical_manifest.yaml"),
        root: format!("domains/{domain}"),
        manifest: Some(VerticalManifest {
            domain_name: name(domain),
            domain_version: version("0.2.0"),
            status: Status::Active,
            compatibility: Compatibility {
                core: range("0.1.0", "99.x.x"),
                contracts_major: 1,
                update_channel: Channel::Stable,
                breaking_changes_allowlist: Vec::new(),
                required_capabilities: Vec::new(),
                smoke_tests_timeout: 300,
            },
            ownership: Ownership {
                team: "team".into(),
                tech_lead: "lead".into(),
                contact: "team@example.org".into(),
            },
            contracts_used: Vec::new(),
            upstream: None,
            notifications: None,
            derogations: Vec::new(),
        }),
        problems: Vec::new(),
        smoke_test: SmokeTestFile::Ready,
        tracked: true,
        sha256: String::new(),
    }
}
