//! The command line of `vit`: words in, one engine call, words out.
//!
//! This crate is the only one that prints, reads the process's environment and decides the exit
//! code. It decides nothing else.
//!
//! | part | modules |
//! |---|---|
//! | in | [`args`], [`mod@env`], [`prompt`], [`plan_file`] |
//! | the work | [`commands`] (one file each), [`session`], [`signals`] |
//! | `vit demo` | [`demo`] |
//! | out | [`ui`], [`progress`], [`render`] (one file a report), [`error`] |

pub mod args;
pub mod commands;
pub mod demo;
pub mod env;
pub mod error;
pub mod plan_file;
pub mod progress;
pub mod prompt;
pub mod render;
pub mod run;
pub mod session;
pub mod signals;
pub mod ui;

/// Runs the program with the process's arguments, environment and streams.
#[must_use]
pub fn main() -> std::process::ExitCode {
    let env = env::Env::of_process();
    std::process::ExitCode::from(run::run(&env).number())
}
