//! Collects the problems of one file, with their places, up to a bound.

use super::cursor::Field;
use super::{At, Source, Value};
use crate::code::Code;
use crate::problem::{Problem, Who};

/// How many problems of one file are listed: a file with more is mended from the top anyway, and
/// a hostile one must not cost memory.
pub(crate) const MAX_PROBLEMS: usize = 100;

/// How much of a value a message shows, in characters.
pub(crate) const SHOWN_CHARS: usize = 80;

/// Collects the problems of one file.
pub(crate) struct Findings<'s> {
    source: &'s Source,
    subject: String,
    who: Who,
    problems: Vec<Problem>,
    hidden: Vec<usize>,
}

impl<'s> Findings<'s> {
    /// `subject` is what the problems are about, `who` is who can mend them.
    pub(crate) fn new(source: &'s Source, subject: impl Into<String>, who: Who) -> Self {
        Self {
            source,
            subject: subject.into(),
            who,
            problems: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// A problem at a field, to be pushed once it is complete.
    pub(crate) fn problem(&self, code: Code, field: &Field<'_>, message: &str) -> Problem {
        let message = if field.path.is_empty() {
            message.to_owned()
        } else {
            format!("`{}` {message}", field.path)
        };
        let empty = matches!(field.node.value, Value::Null);
        let at = if empty {
            field.key.or(field.node.at)
        } else {
            field.node.at
        };
        self.problem_at(code, at, message)
    }

    /// A problem at a place.
    pub(crate) fn problem_at(&self, code: Code, at: Option<At>, message: String) -> Problem {
        Problem::new(code, &self.subject, message).at(self.source.place_of(at))
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        } else if problem.blocks() && !self.problems.iter().any(Problem::blocks) {
            // What blocks is never lost to a flood of warnings.
            self.problems.pop();
            self.problems.push(problem);
        }
    }

    /// Adds a problem with what to do about it.
    pub(crate) fn push_with_hint(&mut self, problem: Problem, hint: impl Into<String>) {
        let who = self.who;
        self.push(problem.hint(who, hint));
    }

    /// Keeps the text of a field out of every place: it holds a secret.
    pub(crate) fn hide(&mut self, field: &Field<'_>) {
        let from = field.key.map(|at| at.line);
        let to = field.node.at.map(|at| at.line);
        if let (Some(from), Some(to)) = (from.or(to), to.or(from)) {
            self.hidden.extend(from..=to);
        }
    }

    /// What was found.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for place in self.problems.iter_mut().filter_map(|p| p.place.as_mut()) {
            if place.line.is_some_and(|line| self.hidden.contains(&line)) {
                place.text = None;
            }
        }
        self.problems
    }

    pub(super) fn wrong_type(&mut self, field: &Field<'_>, wanted: &str) {
        let found = field.node.kind();
        let message = if field.path.is_empty() {
            format!("{wanted} is needed at the top, not {found}")
        } else {
            format!("must be {wanted}, not {found}")
        };
        let problem = self.problem(Code::WrongType, field, &message);
        self.push_with_hint(problem, format!("write {wanted} here"));
    }
}
