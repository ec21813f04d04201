//! The program as a shell sees it: streams, exit codes, words. One binary for all of them.

mod bad_input;
mod discovery;
mod help;
mod installation;
mod json;
mod judging;
mod mistakes;
mod planning;
mod program;
mod repositories;
mod status;
mod streams;
mod terminal;
