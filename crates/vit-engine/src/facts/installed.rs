//! Which version of a distribution an environment has, by its files: Python is not run.

use std::path::Path;

use semver::Version;
use vit_contract::pins::{self, PyVersion};

use super::environment::{self, distributions};
use crate::context::Context;
use crate::store::atomic;

/// The largest `METADATA` that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// The version that the environment has, and where that stands.
pub fn version(cx: &Context<'_>) -> Option<(Version, String)> {
    let environment = environment::folder(cx)?;
    let wanted = pins::normalized(&cx.site.settings.core_distribution);
    distributions(&environment)
        .into_iter()
        .filter(|path| {
            name(path)
                .strip_suffix(".dist-info")
                .and_then(|stem| stem.split_once('-'))
                .is_some_and(|(stem, _)| pins::normalized(stem) == wanted)
        })
        .find_map(|path| {
            let bytes = atomic::read_bounded(&path.join("METADATA"), MAX_BYTES).ok()??;
            let version = metadata_version(&String::from_utf8_lossy(&bytes))?;
            Some((version, format!("{} in the environment", name(&path))))
        })
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The header `Version:`; what follows the first empty line is a text.
fn metadata_version(text: &str) -> Option<Version> {
    let line = text
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix("Version:"))?;
    line.trim().parse::<PyVersion>().ok()?.to_semver()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_counts_and_the_description_does_not() {
        let read = |text: &str| metadata_version(text).map(|version| version.to_string());
        let header = "Metadata-Version: 2.1\nName: vitruvyan-core\nVersion: 1.2.0b1\n\nVersion: 9";
        assert_eq!(read(header).as_deref(), Some("1.2.0-beta.1"));
        assert_eq!(read("Name: x\n\nVersion: 9"), None);
    }
}
