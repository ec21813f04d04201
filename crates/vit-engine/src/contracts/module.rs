//! One module's text: the names it binds, its `__all__`, and what it takes from others.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Comprehension, Expr, ExprContext, Identifier, Pattern, PySourceType, Stmt, StmtImportFrom,
};
use ruff_python_parser::lexer;
use ruff_python_parser::{Mode, parse_unchecked_source};

use super::all::is_name;
use super::depth::Depth;
use super::{MAX_FILE_BYTES, SourceFile};

/// What one module says, before others are followed.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Whether it is a package (its `__init__.py`, or a folder without one).
    pub(super) is_package: bool,
    /// The names that it binds itself, public or not.
    pub(super) bound: BTreeSet<String>,
    /// The names that it removes again after whatever a star brought.
    pub(super) unbound: BTreeSet<String>,
    /// The modules whose names it takes with a star.
    pub(super) stars: BTreeSet<String>,
    /// Its `__all__`, where it has one.
    pub(super) all: Option<All>,
    /// Whether it can have names that its text does not tell.
    pub(super) open: bool,
}

/// The entries of an `__all__`.
#[derive(Debug, Default)]
pub(super) struct All {
    /// Those that stand there.
    pub(super) names: BTreeSet<String>,
    /// Modules whose `__all__` it takes in.
    pub(super) of: BTreeSet<String>,
    /// Whether some of it cannot be told.
    pub(super) open: bool,
}

impl Module {
    /// A folder without `__init__.py`.
    pub(super) fn namespace() -> Self {
        Self {
            is_package: true,
            ..Self::default()
        }
    }
}

/// Reads one file. What cannot be read is an open module, never an error: the next file counts.
pub(super) fn read(root: &str, file: &SourceFile, bytes: &[u8]) -> Module {
    let package = if file.is_package {
        file.module.as_str()
    } else {
        file.module
            .rsplit_once('.')
            .map_or("", |(parent, _)| parent)
    };
    let blank = Module {
        is_package: file.is_package,
        ..Module::default()
    };
    let mut reader = Reader {
        root,
        package,
        module: blank,
        aliases: BTreeMap::new(),
        blocks: 0,
    };
    let text = std::str::from_utf8(bytes).ok();
    match text.filter(|_| file.is_source && bytes.len() <= MAX_FILE_BYTES) {
        Some(text) => reader.parse(text),
        None => reader.module.open = true,
    }
    reader.finish()
}

/// What a local name stands for, as far as `__all__` goes.
#[derive(Clone)]
pub(super) enum Alias {
    /// A module of the package.
    Module(String),
    /// The `__all__` of a module of the package.
    AllOf(String),
}

pub(super) struct Reader<'a> {
    /// The package's own name.
    root: &'a str,
    /// The dotted package that relative imports start from.
    pub(super) package: &'a str,
    pub(super) module: Module,
    pub(super) aliases: BTreeMap<String, Alias>,
    /// Compound statements around the current one: what they hold may not run.
    blocks: usize,
}

impl Reader<'_> {
    fn parse(&mut self, text: &str) {
        let mut depth = Depth::default();
        let mut tokens = lexer::lex(text, Mode::Module);
        loop {
            let kind = tokens.next_token();
            if kind.is_eof() {
                break;
            }
            depth.take(kind);
        }
        if depth.is_too_deep() {
            self.module.open = true;
            return;
        }
        // The parser belongs to others and the text to strangers: a panic costs this module only.
        let parsed =
            std::panic::catch_unwind(|| parse_unchecked_source(text, PySourceType::Python));
        let Ok(parsed) = parsed else {
            self.module.open = true;
            return;
        };
        // On broken f-strings the parser cuts tokens anew, so what it built is measured again.
        let mut depth = Depth::default();
        for token in parsed.tokens() {
            depth.take(token.kind());
        }
        if depth.is_too_deep() {
            // Dropping the tree would overflow the stack; at most one file's worth is given up.
            std::mem::forget(parsed);
            self.module.open = true;
            return;
        }
        self.module.open |= parsed.has_invalid_syntax();
        self.visit_body(parsed.suite());
    }

    fn finish(mut self) -> Module {
        if self.module.bound.contains("__getattr__") {
            self.module.open = true;
        }
        self.module
    }

    fn bind(&mut self, name: &str) {
        self.module.unbound.remove(name);
        self.aliases.remove(name);
        self.module.bound.insert(name.to_owned());
    }

    fn unbind(&mut self, name: &str) {
        // In a block that may not run, the name may stay.
        if self.blocks == 0 {
            self.module.bound.remove(name);
            self.module.unbound.insert(name.to_owned());
        }
    }

    /// The module of this package that a dotted absolute name means.
    fn inside(&self, dotted: &str) -> Option<String> {
        let parts: Vec<&str> = dotted.split('.').collect();
        let start = parts.iter().position(|part| *part == self.root)?;
        Some(parts[start..].join("."))
    }

    /// The module that `from … import` names.
    fn source(&self, import: &StmtImportFrom) -> Option<String> {
        let named = import.module.as_ref().map(Identifier::as_str);
        if import.level == 0 {
            return self.inside(named?);
        }
        let mut base = self.package;
        for _ in 1..import.level {
            base = base.rsplit_once('.')?.0;
        }
        if base.is_empty() {
            return None;
        }
        Some(named.map_or_else(|| base.to_owned(), |name| format!("{base}.{name}")))
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        let source = self.source(import);
        // Importing a submodule binds it in its package.
        if self.module.is_package
            && let Some(below) = source.as_deref().and_then(|s| s.strip_prefix(self.package))
            && let Some(first) = below.strip_prefix('.').and_then(|s| s.split('.').next())
        {
            let first = first.to_owned();
            self.bind(&first);
        }
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                match &source {
                    Some(source) => {
                        self.module.stars.insert(source.clone());
                    }
                    None => self.module.open = true,
                }
                continue;
            }
            let local = alias.asname.as_ref().map_or(name, Identifier::as_str);
            let meaning = source.as_ref().map(|source| match name {
                "__all__" => Alias::AllOf(source.clone()),
                _ => Alias::Module(format!("{source}.{name}")),
            });
            if local == "__all__" {
                self.add_alias_to_all(meaning.as_ref());
                continue;
            }
            self.bind(local);
            if let Some(meaning) = meaning {
                self.aliases.insert(local.to_owned(), meaning);
            }
        }
    }

    fn import(&mut self, name: &str, asname: Option<&str>) {
        let first = name.split('.').next().unwrap_or(name);
        let local = asname.unwrap_or(first);
        self.bind(local);
        let whole = if asname.is_some() { name } else { first };
        if let Some(module) = self.inside(whole) {
            self.aliases.insert(local.to_owned(), Alias::Module(module));
        }
    }
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            // What is bound inside belongs to the function or class.
            Stmt::FunctionDef(function) => self.bind(function.name.as_str()),
            Stmt::ClassDef(class) => self.bind(class.name.as_str()),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let asname = alias.asname.as_ref().map(Identifier::as_str);
                    self.import(alias.name.as_str(), asname);
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Assign(assign) if assign.targets.iter().any(|t| is_name(t, "__all__")) => {
                self.add_to_all(&assign.value);
            }
            Stmt::AugAssign(assign) if is_name(&assign.target, "__all__") => {
                self.add_to_all(&assign.value);
            }
            Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) if is_name(&assign.target, "__all__") => self.add_to_all(value),
                Some(_) => visitor::walk_stmt(self, stmt),
                // `X: int` alone binds nothing.
                None => {}
            },
            Stmt::Expr(expr) if self.changes_all(&expr.value) => {}
            Stmt::If(_)
            | Stmt::Try(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::With(_)
            | Stmt::Match(_) => {
                self.blocks += 1;
                visitor::walk_stmt(self, stmt);
                self.blocks -= 1;
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => match name.ctx {
                ExprContext::Store => self.bind(name.id.as_str()),
                ExprContext::Del => self.unbind(name.id.as_str()),
                ExprContext::Load | ExprContext::Invalid => {}
            },
            // What a lambda binds stays within it.
            Expr::Lambda(_) => {}
            Expr::Call(call) => {
                // These can bind any name.
                if ["globals", "locals", "vars", "setattr", "exec", "eval"]
                    .iter()
                    .any(|name| is_name(&call.func, name))
                {
                    self.module.open = true;
                }
                visitor::walk_expr(self, expr);
            }
            // `sys.modules[…]` can put another object in the module's place.
            Expr::Attribute(attribute) if attribute.attr.as_str() == "modules" => {
                self.module.open |= is_name(&attribute.value, "sys");
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_annotation(&mut self, _annotation: &'a Expr) {}

    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        // The target of a comprehension stays within it.
        self.visit_expr(&comprehension.iter);
        for test in &comprehension.ifs {
            self.visit_expr(test);
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let captured = match pattern {
            Pattern::MatchAs(capture) => capture.name.as_ref(),
            Pattern::MatchStar(capture) => capture.name.as_ref(),
            Pattern::MatchMapping(capture) => capture.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = captured {
            self.bind(name.as_str());
        }
        visitor::walk_pattern(self, pattern);
    }
}
