//! The program as a shell sees it: streams, exit codes, words. One binary for all of them.

mod demo;
mod faults;
mod help;
mod hostile_smoke;
mod kill;
mod mistakes;
mod program;
mod readme;
mod streams;
mod target;
mod transaction;
