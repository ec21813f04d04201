//! The program as a shell sees it: streams, exit codes, words. One binary for all of them.

mod help;
mod kill;
mod mistakes;
mod program;
mod streams;
mod target;
