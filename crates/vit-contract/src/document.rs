//! YAML, JSON and TOML read into one tree that knows its places.

use crate::problem::Problem;

/// What came of reading a file: the value where it is usable, and every problem found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// The value; absent when a problem blocks.
    pub value: Option<T>,
    /// Everything that was noticed, also when the value is there.
    pub problems: Vec<Problem>,
}
