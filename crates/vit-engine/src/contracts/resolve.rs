//! Following star imports and borrowed `__all__`s from module to module, cycles and all.
//!
//! Everything only grows, so the answer is a least fixed point. A worklist hands on only what is
//! new, each name to each module once, without recursion, however long or circular the chain is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Exports;
use super::module::Module;

/// What is known of a module so far.
struct Known<'a> {
    module: &'a Module,
    /// Names in its namespace, public or not.
    bound: BTreeSet<&'a str>,
    /// Its `__all__`.
    all: BTreeSet<&'a str>,
    /// Whether its `__all__` may hold more.
    all_open: bool,
    /// Whether its namespace may hold more.
    open: bool,
    /// What its takers have not been handed yet.
    fresh: Fresh<'a>,
    /// Modules that take its names with a star.
    star_takers: Vec<usize>,
    /// Modules that take its `__all__` in.
    all_takers: Vec<usize>,
}

#[derive(Default)]
struct Fresh<'a> {
    bound: Vec<&'a str>,
    all: Vec<&'a str>,
    flags: bool,
}

impl<'a> Known<'a> {
    fn new(module: &'a Module) -> Self {
        let mut known = Self {
            module,
            bound: BTreeSet::new(),
            all: BTreeSet::new(),
            all_open: module.all.as_ref().is_some_and(|all| all.open),
            open: module.open,
            fresh: Fresh {
                flags: true,
                ..Fresh::default()
            },
            star_takers: Vec::new(),
            all_takers: Vec::new(),
        };
        for name in &module.bound {
            known.add_bound(name);
        }
        for name in module.all.iter().flat_map(|all| &all.names) {
            known.add_all(name);
        }
        known
    }

    fn add_bound(&mut self, name: &'a str) {
        if self.bound.insert(name) {
            self.fresh.bound.push(name);
        }
    }

    fn add_all(&mut self, name: &'a str) {
        if self.all.insert(name) {
            self.fresh.all.push(name);
        }
    }

    fn open(&mut self, open: bool) {
        self.fresh.flags |= open && !self.open;
        self.open |= open;
    }

    fn open_all(&mut self, open: bool) {
        self.fresh.flags |= open && !self.all_open;
        self.all_open |= open;
    }

    fn has_news(&self) -> bool {
        self.fresh.flags || !self.fresh.bound.is_empty() || !self.fresh.all.is_empty()
    }
}

/// Follows every import and says what each module exports.
pub(super) fn resolve(modules: &BTreeMap<String, Module>) -> Exports {
    let mut known = connect(modules);
    settle(&mut known);
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut open = BTreeSet::new();
    for (name, known) in modules.keys().zip(known) {
        let public = known.bound.into_iter().filter(|n| !n.starts_with('_'));
        let exported = public.chain(known.all).map(str::to_owned).collect();
        names.insert(name.clone(), exported);
        if known.open || known.all_open {
            open.insert(name.clone());
        }
    }
    // A submodule is a name of its package.
    for name in modules.keys() {
        if let Some((parent, child)) = name.rsplit_once('.')
            && !child.starts_with('_')
            && let Some(parent) = names.get_mut(parent)
        {
            parent.insert(child.to_owned());
        }
    }
    Exports::Modules { names, open }
}

/// Lays the wires: who takes from whom. What is taken from a module that is not there may be
/// anything.
fn connect(modules: &BTreeMap<String, Module>) -> Vec<Known<'_>> {
    let index: BTreeMap<&str, usize> = modules
        .keys()
        .enumerate()
        .map(|(index, name)| (name.as_str(), index))
        .collect();
    let mut known: Vec<Known<'_>> = modules.values().map(Known::new).collect();
    for (taker, module) in modules.values().enumerate() {
        for source in &module.stars {
            match index.get(source.as_str()) {
                Some(&source) => known[source].star_takers.push(taker),
                None => known[taker].open(true),
            }
        }
        for source in module.all.iter().flat_map(|all| &all.of) {
            match index.get(source.as_str()) {
                Some(&source) => known[source].all_takers.push(taker),
                None => known[taker].open_all(true),
            }
        }
    }
    known
}

fn settle(known: &mut [Known<'_>]) {
    let mut queue: VecDeque<usize> = (0..known.len()).collect();
    let mut queued = vec![true; known.len()];
    while let Some(source) = queue.pop_front() {
        queued[source] = false;
        let fresh = std::mem::take(&mut known[source].fresh);
        let has_all = known[source].module.all.is_some();
        let (open, all_open) = (known[source].open, known[source].all_open);
        for nth in 0..known[source].star_takers.len() {
            let taker = known[source].star_takers[nth];
            hand_star(&mut known[taker], &fresh, has_all);
            known[taker].open(if has_all { all_open } else { open });
            enqueue(taker, known, &mut queue, &mut queued);
        }
        for nth in 0..known[source].all_takers.len() {
            let taker = known[source].all_takers[nth];
            for name in &fresh.all {
                known[taker].add_all(name);
            }
            known[taker].open_all(all_open || !has_all);
            enqueue(taker, known, &mut queue, &mut queued);
        }
    }
}

fn enqueue(taker: usize, known: &[Known<'_>], queue: &mut VecDeque<usize>, queued: &mut [bool]) {
    if known[taker].has_news() && !std::mem::replace(&mut queued[taker], true) {
        queue.push_back(taker);
    }
}

/// A star takes the `__all__` where there is one, else the names without a leading underscore.
fn hand_star<'a>(taker: &mut Known<'a>, fresh: &Fresh<'a>, has_all: bool) {
    let names = if has_all { &fresh.all } else { &fresh.bound };
    for name in names {
        let visible = has_all || !name.starts_with('_');
        if visible && !taker.module.unbound.contains(*name) {
            taker.add_bound(name);
        }
    }
}
