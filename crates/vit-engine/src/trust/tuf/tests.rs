//! The attacks of The Update Framework's specification, and what trust in an origin means, against
//! repositories that its reference implementation makes.

use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_testkit::tuf::Tuf;

use crate::context::Context;
use crate::error::EngineError;
use crate::registry::Listing;
use crate::registry::index::fixture::{Fault, World, find, put};

mod attacks;
mod bundles;
mod holding;

/// A world whose registry is signed and trusted, with what its server shows step by step.
struct Signed {
    world: World,
    tuf: Tuf,
}

impl Signed {
    /// `content` is what is signed first; a step may name the folder of another content as
    /// `{NAME}`. The root is pinned, and the first step is what the server shows.
    fn build(contents: &[(&str, &[&str])], steps: &[&str]) -> Option<Self> {
        let world = World::new();
        let folders: Vec<(String, PathBuf)> = contents
            .iter()
            .map(|(name, versions)| (format!("{{{name}}}"), world.content(name, versions)))
            .collect();
        let steps: Vec<String> = steps
            .iter()
            .map(|step| {
                folders
                    .iter()
                    .fold((*step).to_owned(), |step, (name, folder)| {
                        step.replace(name, folder.to_str().unwrap())
                    })
            })
            .collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let tuf = Tuf::build(&folders[0].1, &steps)?;
        world.serve(tuf.after(0));
        world.trust(&tuf.root());
        Some(Self { world, tuf })
    }

    /// The usual one: 1.0.0 and 1.1.0, then also 1.2.0 where a step says `content_of:{b}`.
    fn usual(steps: &[&str]) -> Option<Self> {
        let contents: [(&str, &[&str]); 2] = [
            ("a", &["1.0.0", "1.1.0"]),
            ("b", &["1.0.0", "1.1.0", "1.2.0"]),
        ];
        Self::build(&contents, steps)
    }

    fn serve(&self, step: usize) {
        self.world.serve(self.tuf.after(step));
    }

    fn list(&self) -> Listing {
        self.world.list(true).unwrap()
    }

    /// Lists, and checks that everything is verified and may be installed.
    #[track_caller]
    fn assert_good(&self, versions: &[&str]) -> Listing {
        let listing = self.list();
        assert!(listing.source.signed, "{:#?}", listing.problems);
        let usable: Vec<String> = listing
            .releases
            .iter()
            .filter(|release| release.is_usable() && release.metadata.is_some())
            .map(|release| release.version.to_string())
            .collect();
        assert_eq!(usable, versions);
        listing
    }

    /// Lists, and checks that nothing may be installed for this reason, that what was known
    /// before is still shown, and that the evidence says something.
    #[track_caller]
    fn assert_barred(&self, code: Code, evidence: &str) -> Listing {
        let listing = self.list();
        assert!(!listing.source.signed);
        assert!(!listing.releases.is_empty());
        for release in &listing.releases {
            assert!(!release.is_usable(), "{}", release.tag);
        }
        let problem = &listing.problems[0];
        assert_eq!(problem.code, code, "{problem:#?}");
        assert!(problem.blocks());
        let said = problem.evidence.clone().unwrap_or_default();
        assert!(said.contains(evidence), "`{evidence}` is not in `{said}`");
        listing
    }
}

/// Copies a file of what one step shows over that of another.
fn mix(from: &Path, to: &Path) {
    put(to, &std::fs::read(from).unwrap());
}

/// The names of a folder's files that end so.
fn ending(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(end))
        .collect();
    found.sort();
    found
}
