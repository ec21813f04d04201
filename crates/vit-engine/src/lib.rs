//! The product, silent: it never prints, never reads the environment, never exits.
//!
//! The flow of an upgrade: [`facts`] reads everything that a decision needs, once;
//! [`compat`] judges every vertical against the target and [`plan`] computes an immutable plan,
//! both pure; [`exec`] carries the plan out as a transaction, writing a journal line before
//! every effect, and either commits or puts the old state back and proves it; [`event`] tells
//! the face what happens meanwhile.
//!
//! | part | modules |
//! |---|---|
//! | where and when | [`site`], [`environment`], [`clock`], [`cancel`], [`event`], [`context`] |
//! | doors to the outside | [`process`], [`git`], [`http`] by way of [`network`], [`registry`], [`store`]; [`faults`] for tests |
//! | reading | [`facts`]; [`parallel`], two looks at once; [`contracts`] (exports from source text) |
//! | what may be believed | [`trust`] |
//! | taking secrets out of what is kept | [`redact`] |
//! | deciding (no I/O) | [`compat`], [`plan`], [`resolve`] (which packages in which versions) |
//! | effects | [`exec`], [`steps`], [`snapshots`]; [`rehearsal`], the same aside; [`twin`], a folder kept to be put back |
//! | one module a command | [`ops`] |

pub mod archive;
pub mod bundle;
pub mod cancel;
pub mod clock;
pub mod compat;
pub mod context;
pub mod contracts;
pub mod environment;
pub mod error;
pub mod event;
pub mod exec;
pub mod facts;
pub mod faults;
pub mod git;
pub mod http;
pub mod network;
pub mod ops;
pub mod parallel;
pub mod plan;
pub mod process;
pub mod redact;
pub mod registry;
pub mod rehearsal;
pub mod resolve;
pub mod site;
pub mod snapshots;
pub mod steps;
pub mod store;
pub mod submodule;
pub mod trust;
pub mod twin;
