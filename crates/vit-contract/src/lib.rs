//! The vocabulary of `vit`: every file format, problem code, exit code and JSON shape.
//!
//! This crate owns the nouns. It reads and writes text that is handed to it; it never touches
//! the file system, git, the network, the clock or the terminal.
//!
//! | module | what it names |
//! |---|---|
//! | [`version`], [`range`], [`constraint`], [`channel`], [`name`], [`duration`] | the small words |
//! | [`problem`], [`code`], [`snippet`] | what can be wrong, where, and how it is shown |
//! | [`text`], [`time`] | text of others made harmless, moments as files write them |
//! | [`document`] | YAML, JSON and TOML read into one tree that knows its places |
//! | [`vertical`] | `vertical_manifest.yaml` |
//! | [`release`] | `release_metadata.json`, in every shape found in the wild |
//! | [`settings`] | `vit.toml` |
//! | [`index`] | `index.json`, the static index of a registry |
//! | [`package`] | `.vit` manifests, and what is installed by them |
//! | [`verdict`], [`plan`] | what a release means for an installation, and what would be done |
//! | [`bundle`] | the manifest of a file by which an installation without network is upgraded |
//! | [`pins`] | `requirements.txt`, `pyproject.toml`, `uv.lock`: where a version of Core is named |
//! | [`history`] | `.vitruvyan/upgrade_history.json` |
//! | [`output`], [`exit`] | what the commands print and return |
//! | [`schemas`] | JSON Schemas and the table of codes, for the documentation |

pub mod bundle;
pub mod channel;
pub mod code;
pub mod constraint;
pub mod digest;
pub mod document;
pub mod duration;
pub mod exit;
pub mod history;
pub mod index;
mod inside;
pub mod name;
pub mod output;
pub mod package;
pub mod pins;
pub mod plan;
pub mod problem;
pub mod range;
pub mod release;
pub mod schemas;
pub mod settings;
pub mod snippet;
pub mod text;
pub mod time;
pub mod verdict;
pub mod version;
pub mod vertical;
