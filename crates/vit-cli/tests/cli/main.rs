//! The program as a shell sees it: streams, exit codes, words. One binary for all of them.

#![expect(
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tests write files, run programs and read the environment as they like; a table of cases is one test"
)]

mod bad_input;
mod breakage;
mod bundle;
mod cache;
mod demo;
mod discovery;
mod environment;
mod explain;
mod faults;
mod github;
mod help;
mod hostile_smoke;
mod installation;
mod json;
mod judging;
mod kill;
mod ledger;
mod merge;
mod mirror;
mod mistakes;
mod own_steps;
mod paths;
mod pins;
mod planning;
mod program;
mod quarantine;
mod readme;
mod rehearsal;
mod releases;
mod repositories;
mod small_disk;
mod status;
mod streams;
mod submodule;
mod target;
mod terminal;
mod transaction;
mod trial;
mod why;
