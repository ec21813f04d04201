//! The program as a shell sees it: streams, exit codes, words. One binary for all of them.

mod demo;
mod help;
mod mistakes;
mod program;
mod readme;
mod streams;
mod target;
