//! How deep a text nests, counted on its tokens before (and after) a tree is built of it.
//!
//! The parser recurses, and a tree that is a hundred thousand nodes deep cannot even be dropped
//! on an ordinary stack. The count never recurses and never comes out lower than the tree's
//! depth: every token that can deepen an expression counts, until a comma on the same level or
//! the end of the statement.

use ruff_python_ast::token::TokenKind;

/// The deepest text that is parsed. Real modules stay far below: the count only grows within one
/// expression without commas.
pub(super) const MAX: usize = 400;

struct Level {
    count: usize,
    /// Whether it is the parameters of a lambda, which end at a colon.
    lambda: bool,
}

/// Counts the depth token by token.
#[derive(Default)]
pub(super) struct Depth {
    /// Blocks that are open.
    indents: usize,
    /// Within the statement, one count a bracket or list of lambda parameters.
    levels: Vec<Level>,
    /// The sum of `levels`.
    sum: usize,
    /// The deepest that was seen.
    deepest: usize,
}

impl Depth {
    /// Takes the next token.
    pub(super) fn take(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::Indent => self.indents += 1,
            TokenKind::Dedent => self.indents = self.indents.saturating_sub(1),
            TokenKind::Newline | TokenKind::Semi => {
                self.levels.clear();
                self.sum = 0;
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => self.open(false),
            // The commas between a lambda's parameters do not end the lambda.
            TokenKind::Lambda => self.open(true),
            TokenKind::Colon if self.levels.last().is_some_and(|level| level.lambda) => {
                self.close();
                self.deepen();
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                while self.levels.last().is_some_and(|level| level.lambda) {
                    self.close();
                }
                self.close();
            }
            TokenKind::Comma => {
                if let Some(level) = self.levels.last_mut() {
                    self.sum -= std::mem::take(&mut level.count);
                }
            }
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline => {}
            _ => self.deepen(),
        }
        self.deepest = self.deepest.max(self.indents + self.sum);
    }

    fn deepen(&mut self) {
        if self.levels.is_empty() {
            self.levels.push(Level {
                count: 0,
                lambda: false,
            });
        }
        if let Some(level) = self.levels.last_mut() {
            level.count += 1;
            self.sum += 1;
        }
    }

    fn open(&mut self, lambda: bool) {
        self.deepen();
        self.levels.push(Level { count: 0, lambda });
    }

    /// Ends the innermost level; the outermost one is the statement's own and stays.
    fn close(&mut self) {
        if self.levels.len() > 1
            && let Some(level) = self.levels.pop()
        {
            self.sum -= level.count;
        }
    }

    /// Whether the text is deeper than [`MAX`].
    pub(super) fn is_too_deep(&self) -> bool {
        self.deepest > MAX
    }
}
