//! Reading the settings file.

use super::Settings;
use crate::document::Reading;

/// Reads `vit.toml`.
#[must_use]
pub fn read_vit_toml(file: &str, bytes: &[u8]) -> Reading<Settings> {
    let _ = (file, bytes);
    Reading {
        value: Some(Settings::default()),
        problems: Vec::new(),
    }
}

/// Reads `[tool.vit]` of `pyproject.toml`; `None` where there is no such table.
#[must_use]
pub fn read_pyproject(file: &str, bytes: &[u8]) -> Option<Reading<Settings>> {
    let _ = (file, bytes);
    None
}
