//! What a module does with its `__all__`.

use ruff_python_ast::{Expr, Operator};

use super::module::{Alias, All, Reader};

impl Reader<'_> {
    fn all(&mut self) -> &mut All {
        self.module.all.get_or_insert_default()
    }

    pub(super) fn add_alias_to_all(&mut self, alias: Option<&Alias>) {
        match alias {
            Some(Alias::AllOf(module)) => {
                self.all().of.insert(module.clone());
            }
            Some(Alias::Module(_)) | None => self.all().open = true,
        }
    }

    /// Takes the value of an `__all__` in; depth is bounded, so it may recurse.
    pub(super) fn add_to_all(&mut self, value: &Expr) {
        match value {
            Expr::List(list) => self.add_entries(&list.elts),
            Expr::Tuple(tuple) => self.add_entries(&tuple.elts),
            Expr::Set(set) => self.add_entries(&set.elts),
            Expr::BinOp(sum) if sum.op == Operator::Add => {
                self.add_to_all(&sum.left);
                self.add_to_all(&sum.right);
            }
            Expr::Starred(starred) => self.add_to_all(&starred.value),
            Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                (Expr::Name(name), [one])
                    if matches!(name.id.as_str(), "list" | "tuple" | "sorted" | "set") =>
                {
                    self.add_to_all(one);
                }
                _ => self.all().open = true,
            },
            // `__all__ = __all__ + […]` names itself.
            Expr::Name(name) if name.id.as_str() == "__all__" => {}
            Expr::Name(name) => {
                let alias = self.aliases.get(name.id.as_str()).cloned();
                self.add_alias_to_all(alias.as_ref());
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__all__" => {
                match self.module_of(&attribute.value) {
                    Some(module) => {
                        self.all().of.insert(module);
                    }
                    None => self.all().open = true,
                }
            }
            _ => self.all().open = true,
        }
    }

    fn add_entries(&mut self, entries: &[Expr]) {
        self.all();
        for entry in entries {
            match entry {
                Expr::StringLiteral(text) => {
                    let name = text.value.to_str().to_owned();
                    self.all().names.insert(name);
                }
                Expr::Starred(starred) => self.add_to_all(&starred.value),
                // `A.__name__` is the name of what `A` is, most often `A`.
                _ => self.all().open = true,
            }
        }
    }

    /// The module of this package that an expression such as `events` or `contracts.events` is.
    fn module_of(&self, value: &Expr) -> Option<String> {
        let mut below = Vec::new();
        let mut value = value;
        while let Expr::Attribute(attribute) = value {
            below.push(attribute.attr.as_str());
            value = &attribute.value;
        }
        let Expr::Name(name) = value else { return None };
        let mut dotted = match self.aliases.get(name.id.as_str()) {
            Some(Alias::Module(module)) => module.clone(),
            Some(Alias::AllOf(_)) => return None,
            // In a package, a submodule goes by its own name once it is imported.
            None if self.module.is_package => format!("{}.{}", self.package, name.id),
            None => return None,
        };
        for part in below.iter().rev() {
            dotted.push('.');
            dotted.push_str(part);
        }
        Some(dotted)
    }

    /// `__all__.extend(…)`, `__all__.append("A")`; whether the call was one of them.
    pub(super) fn changes_all(&mut self, value: &Expr) -> bool {
        let Expr::Call(call) = value else {
            return false;
        };
        let Expr::Attribute(method) = call.func.as_ref() else {
            return false;
        };
        if !is_name(&method.value, "__all__") {
            return false;
        }
        match (method.attr.as_str(), call.arguments.args.as_ref()) {
            ("extend", [one]) => self.add_to_all(one),
            ("append", [one]) => self.add_entries(std::slice::from_ref(one)),
            ("sort" | "reverse", _) => {}
            ("remove", [Expr::StringLiteral(text)]) => {
                let name = text.value.to_str().to_owned();
                self.all().names.remove(&name);
            }
            _ => self.all().open = true,
        }
        true
    }
}

/// Whether an expression is just this name.
pub(super) fn is_name(value: &Expr, wanted: &str) -> bool {
    matches!(value, Expr::Name(name) if name.id.as_str() == wanted)
}
