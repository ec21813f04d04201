//! The effects on the live installation: one file a step, run and undo side by side. Each can be
//! run and undone any number of times.

pub mod bytecode;
pub mod command;
pub mod environment;
pub mod leftovers;
pub mod locks;
pub mod probe;
pub mod submodule;
pub mod switch_tree;
pub mod vertical_files;

#[cfg(test)]
mod tests;
