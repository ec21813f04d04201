//! Bundles: releases, with all that an installation without network needs to go to them, in one
//! file (docs/bundle.md).
//!
//! | module | owns |
//! |---|---|
//! | [`mod@file`] | the file: written, checked to its last byte, taken apart |
//! | [`core`] | the member that git reads: what its head says, and a trial of it aside |
//! | [`kept`] | what was imported, in `<state>/imports/` |
//!
//! What is to be done with a bundle stands in `ops/bundle`; how imported releases are offered, in
//! `registry/imported`.

pub mod core;
pub mod file;
pub mod kept;
#[cfg(test)]
mod tests;
