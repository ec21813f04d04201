//! The releases of the demo's Core: what each changes, as a stream for `git fast-import`.
//!
//! Identity and dates are fixed, so the commits have the same ids on every machine.

use std::fmt::Write as _;

/// A release, as the change against the one that it builds on.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    /// Its version.
    pub version: &'static str,
    /// What it brings, in a few words.
    pub about: &'static str,
    parent: Option<&'static str>,
    branch: &'static str,
    seconds: u64,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($($path:literal = $file:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("files/", $file)))),*]
    };
}

/// Every release, in the order of their versions.
pub const RELEASES: &[Release] = &[
    Release {
        version: "1.0.0",
        about: "the first release",
        parent: None,
        branch: "main",
        seconds: 1_736_758_800,
        files: files![
            ".gitignore" = "core/1.0.0/gitignore",
            "README.md" = "core/1.0.0/README.md",
            "contracts/__init__.py" = "core/1.0.0/contracts_init.py",
            "contracts/graph.py" = "core/1.0.0/graph.py",
            "contracts/parser.py" = "core/1.0.0/parser.py",
            "release_metadata.json" = "core/1.0.0/release_metadata.json",
            "vitruvyan_core/core/ledger.py" = "core/1.0.0/ledger.py",
            "vitruvyan_core/core/router.py" = "core/1.0.0/router.py",
            "vitruvyan_core/domains/finance/portfolio.py" = "finance/portfolio.py",
            "vitruvyan_core/domains/finance/smoke_tests/run.sh" = "finance/run.sh",
            "vitruvyan_core/domains/finance/vertical_manifest.yaml" =
                "finance/vertical_manifest.yaml",
        ],
    },
    Release {
        version: "1.1.0",
        about: "a new function in the ledger",
        parent: Some("1.0.0"),
        branch: "main",
        seconds: 1_739_178_000,
        files: files![
            "release_metadata.json" = "core/1.1.0/release_metadata.json",
            "vitruvyan_core/core/ledger.py" = "core/1.1.0/ledger.py",
        ],
    },
    Release {
        version: "1.2.0",
        about: "a faster router, whose function `route` is now called `dispatch`",
        parent: Some("1.1.0"),
        branch: "main",
        seconds: 1_741_597_200,
        files: files![
            "release_metadata.json" = "core/1.2.0/release_metadata.json",
            "vitruvyan_core/core/router.py" = "core/1.2.0/router.py",
            "vitruvyan_core/domains/finance/portfolio.py" = "core/1.2.0/portfolio.py",
        ],
    },
    Release {
        version: "1.2.1",
        about: "`route` is there again, beside `dispatch`",
        parent: Some("1.2.0"),
        branch: "release-1",
        seconds: 1_741_770_000,
        files: files![
            "release_metadata.json" = "core/1.2.1/release_metadata.json",
            "vitruvyan_core/core/router.py" = "core/1.2.1/router.py",
        ],
    },
    Release {
        version: "1.3.0-beta.1",
        about: "a new module, for those who try things early",
        parent: Some("1.2.1"),
        branch: "release-1",
        seconds: 1_744_016_400,
        files: files![
            "release_metadata.json" = "core/1.3.0-beta.1/release_metadata.json",
            "vitruvyan_core/core/memory.py" = "core/1.3.0-beta.1/memory.py",
        ],
    },
    Release {
        version: "2.0.0",
        about: "a new major version of the contracts",
        parent: Some("1.2.0"),
        branch: "main",
        seconds: 1_746_435_600,
        files: files![
            "contracts/__init__.py" = "core/2.0.0/contracts_init.py",
            "contracts/graph.py" = "core/2.0.0/graph.py",
            "release_metadata.json" = "core/2.0.0/release_metadata.json",
        ],
    },
];

/// The team's own vertical, which Core's repository does not know: path in its folder, content.
pub const LOGISTICS: &[(&str, &str)] = files![
    "planner.py" = "logistics/planner.py",
    "smoke_tests/run.sh" = "logistics/run.sh",
    "vertical_manifest.yaml" = "logistics/vertical_manifest.yaml",
];

/// The release of a version.
#[must_use]
pub fn release(version: &str) -> &'static Release {
    RELEASES
        .iter()
        .find(|release| release.version == version)
        .expect("the story publishes only releases that are written down above")
}

/// Whether a file is a program.
#[must_use]
pub fn is_program(path: &str) -> bool {
    path.ends_with(".sh")
}

impl Release {
    /// The release as `git fast-import` reads it: one commit, one annotated tag.
    #[must_use]
    pub fn stream(&self) -> String {
        let Self {
            version, branch, ..
        } = self;
        let who = format!("Core Team <core@example.org> {} +0000", self.seconds);
        let mut out = format!("commit refs/heads/{branch}\nmark :1\ncommitter {who}\n");
        data(&mut out, &format!("Release {version}: {}\n", self.about));
        if let Some(parent) = self.parent {
            line(&mut out, format_args!("from refs/tags/v{parent}^0"));
        }
        let about_itself = format!("\"\"\"Core.\"\"\"\n\n__version__ = \"{version}\"\n");
        let own = ("vitruvyan_core/__init__.py", about_itself.as_str());
        for (path, content) in self.files.iter().copied().chain([own]) {
            let mode = if is_program(path) { "100755" } else { "100644" };
            line(&mut out, format_args!("M {mode} inline {path}"));
            data(&mut out, content);
        }
        line(
            &mut out,
            format_args!("tag v{version}\nfrom :1\ntagger {who}"),
        );
        data(&mut out, &format!("Release {version}\n"));
        line(&mut out, format_args!("done"));
        out
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes every write");
}

fn data(out: &mut String, content: &str) {
    line(out, format_args!("data {}\n{content}", content.len()));
}

#[cfg(test)]
mod tests {
    use semver::Version;
    use vit_contract::{release, vertical};

    use super::*;

    fn file(release: &Release, path: &str) -> Option<&'static str> {
        let mut files = release.files.iter();
        files.find(|file| file.0 == path).map(|file| file.1)
    }

    #[test]
    fn metadata_and_manifests_are_read_without_a_problem() {
        for release in RELEASES {
            let text = file(release, "release_metadata.json").unwrap();
            let tag = Version::parse(release.version).unwrap();
            let reading = release::read("release_metadata.json", text.as_bytes(), &tag);
            assert!(reading.problems.is_empty(), "{:#?}", reading.problems);
            assert!(reading.value.is_some());
        }
        let own = LOGISTICS.iter().find(|file| file.0 == vertical::FILE_NAME);
        let of_core = file(
            &RELEASES[0],
            "vitruvyan_core/domains/finance/vertical_manifest.yaml",
        );
        for text in [own.unwrap().1, of_core.unwrap()] {
            let reading = vertical::read(vertical::FILE_NAME, text.as_bytes());
            assert!(reading.problems.is_empty(), "{:#?}", reading.problems);
        }
    }

    #[test]
    fn releases_are_in_order_and_build_on_releases_that_exist() {
        let versions: Vec<Version> = RELEASES
            .iter()
            .map(|release| Version::parse(release.version).unwrap())
            .collect();
        assert!(versions.is_sorted());
        for release in RELEASES {
            let parent = release.parent.map(super::release);
            assert_eq!(parent.is_none(), release.version == "1.0.0");
            assert!(parent.is_none_or(|parent| parent.seconds < release.seconds));
        }
    }
}
