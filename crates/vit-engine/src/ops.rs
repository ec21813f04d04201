//! One module a command: options in, a report out.

pub mod bisect;
pub mod bundle;
pub mod cache;
mod chain;
pub mod channel;
pub mod confirm;
pub mod doctor;
mod environment;
pub mod explain;
pub mod history;
pub mod hold;
pub mod ledger;
pub mod mirror;
pub mod planning;
pub mod recover;
pub mod release;
pub mod rollback;
pub mod status;
mod survey;
pub mod trust;
pub mod update;
pub mod upgrade;
pub mod verify;
pub mod why;
