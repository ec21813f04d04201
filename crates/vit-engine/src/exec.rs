//! The transaction: carries a plan out, and after any failure puts the old state back and proves
//! it, by content.
//!
//! | module | owns |
//! |---|---|
//! | [`record`] | what the journal says |
//! | [`phase`] | what a journal means: one total, pure function |
//! | [`transaction`] | an open transaction: lock, journal, plan |
//! | [`run`] | a transaction that is being carried out |
//! | `begin` | a new one: id and first record |
//! | [`execute`] | forward |
//! | `commit` | the commit point |
//! | [`trial`] | the soak before the commit point |
//! | [`unwind`] | back |
//! | [`recover`] | after a crash |
//! | [`evidence`] | what is kept of a failure |
//! | [`proof`] | comparing the installation with what it should be |
//! | [`close`] | history, snapshots, tidying |
//! | [`quarantine`] | the memory of releases that failed |
//! | [`rebuild`] | the history as the journal tells it |

mod begin;
pub mod close;
mod commit;
pub mod evidence;
pub mod execute;
pub mod phase;
pub mod proof;
pub mod quarantine;
pub mod rebuild;
pub mod record;
pub mod recover;
pub mod run;
pub mod transaction;
pub mod trial;
pub mod unwind;
