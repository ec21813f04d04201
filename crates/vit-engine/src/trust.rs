//! Why a release may be believed: whose signatures are asked for, and what they say. The ledger,
//! which says whether a release is still what it was, stands before the registries
//! ([`crate::registry`]).
//!
//! | part | module |
//! |---|---|
//! | the signature of a release's tag | [`signed_tag`] |
//! | a registry's own metadata, signed by The Update Framework | [`tuf`] |

pub mod signed_tag;
pub mod tuf;

pub use signed_tag::{Signature, State, signature};
