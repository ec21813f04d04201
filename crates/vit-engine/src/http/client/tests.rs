//! What is kept and what is asked for again, against a server in memory.

#![expect(clippy::disallowed_methods, reason = "tests write files as they like")]

mod freshness;
mod hostile;
mod many;
mod place;
mod server;
mod stage;
mod stale;
mod tidying;
