//! What makes a release believed: one file a way of telling. The ledger, which says whether a
//! release is still what it was, stands before the registries ([`crate::registry`]).

pub mod signed_tag;

pub use signed_tag::{Signature, State, signature};
