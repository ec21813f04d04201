//! A fake world for the tests of `vit`: real git repositories with real releases, no network.
//!
//! | part | module |
//! |---|---|
//! | an installation, its origin, its releases and verticals | [`world`], [`release`], [`vertical`], [`core_repo`] |
//! | running the binary under test | [`run`], [`processes`] |
//! | what a working tree is, compared by content | [`state`], [`tree_hash`] |
//! | making the engine fail or die at named points | [`faults`], [`kill`] |
//! | a server that lies, stalls and limits | [`fault_server`]; [`tls_server`] for handshakes |
//! | GitHub on loopback | [`github_server`] |
//! | smoke tests that misbehave | [`smoke`] |
//! | Python environments, wheels, a project to install | [`python`] |
//! | tools that a machine may lack | [`tools`] |
//!
//! Everything here panics with a full account when the world itself cannot be made: a test has no
//! better use for such an error.

pub mod core_repo;
pub mod fault_server;
pub mod faults;
mod git;
pub mod github_server;
mod import;
pub mod kill;
pub mod processes;
pub mod python;
pub mod release;
pub mod run;
pub mod smoke;
pub mod state;
pub mod tls_server;
pub mod tools;
pub mod tree_hash;
pub mod vertical;
pub mod world;

pub use release::Release;
pub use run::{Invocation, Run};
pub use state::State;
pub use vertical::Vertical;
pub use world::{World, WorldBuilder};
