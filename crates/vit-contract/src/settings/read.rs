//! Reading the settings file.

use super::steps::{soak, steps};
use super::{MAX_BYTES, RegistryKind, RegistrySettings, Settings};
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::{Findings, SHOWN_CHARS};
use crate::document::{Document, Format, Reading, Value, has_credentials, parse};
use crate::inside::{fault, is_transport_helper};
use crate::pins;
use crate::problem::{Problem, Who};
use crate::text::excerpt;

mod environment;
mod trust;

/// The keys at the top.
const KEYS: [&str; 13] = [
    "registry",
    "trust",
    "core_package",
    "core_submodule",
    "contracts_package",
    "critical_paths",
    "discovery",
    "environment",
    "core_distribution",
    "history_retention",
    "snapshot_retention",
    "step",
    "soak",
];
/// The keys of `[registry]`.
const REGISTRY_KEYS: [&str; 2] = ["kind", "location"];
/// The most entries and snapshots that may be kept.
const MOST_KEPT: i64 = 100_000;

/// Reads `vit.toml`. The value is there exactly when no problem blocks.
#[must_use]
pub fn read_vit_toml(file: &str, bytes: &[u8]) -> Reading<Settings> {
    let parsed = parse(Format::Toml, file, bytes, MAX_BYTES);
    match parsed.value {
        Some(document) => settings(file, &document, &Field::root(&document)),
        None => unreadable(parsed.problems),
    }
}

/// Reads `[tool.vit]` of `pyproject.toml`; `None` where there is no such table.
#[must_use]
pub fn read_pyproject(file: &str, bytes: &[u8]) -> Option<Reading<Settings>> {
    let parsed = parse(Format::Toml, file, bytes, MAX_BYTES);
    let Some(document) = parsed.value else {
        // Somebody else's file: without a table of ours in it, its errors are not ours.
        let ours = bytes.windows(8).any(|window| window == b"tool.vit");
        return ours.then(|| unreadable(parsed.problems));
    };
    let tool = child(&Field::root(&document), "tool")?;
    let vit = child(&tool, "vit")?;
    Some(settings(file, &document, &vit))
}

fn child<'n>(field: &Field<'n>, key: &str) -> Option<Field<'n>> {
    field.entries()?.optional(key)
}

fn unreadable(problems: Vec<Problem>) -> Reading<Settings> {
    let problems = problems
        .into_iter()
        .map(|problem| problem.hint(Who::You, "correct the settings file"))
        .collect();
    Reading {
        value: None,
        problems,
    }
}

fn settings(file: &str, document: &Document, field: &Field<'_>) -> Reading<Settings> {
    let mut findings = Findings::new(&document.source, file, Who::You);
    let value = field
        .fields(&mut findings)
        .map(|top| collect(&top, &mut findings));
    let problems = findings.finish();
    Reading {
        value: value.filter(|_| !problems.iter().any(Problem::blocks)),
        problems,
    }
}

fn collect(top: &Fields<'_>, findings: &mut Findings<'_>) -> Settings {
    unknown_keys(top, &KEYS, findings);
    let mut settings = Settings::default();
    if let Some(field) = top.optional("registry") {
        settings.registry = registry(&field, findings);
    }
    if let Some(field) = top.optional("trust") {
        settings.trust = trust::read(&field, findings);
    }
    if let Some(field) = top.optional("environment") {
        settings.environment = environment::read(&field, findings);
    }
    if let Some(field) = top.optional("core_distribution") {
        let name = distribution(&field, findings);
        settings.core_distribution = name.unwrap_or(settings.core_distribution);
    }
    for (key, target) in [
        ("core_package", &mut settings.core_package),
        ("contracts_package", &mut settings.contracts_package),
        ("critical_paths", &mut settings.critical_paths),
        ("discovery", &mut settings.discovery),
    ] {
        if let Some(field) = top.optional(key) {
            *target = paths(&field, key == "discovery", findings);
        }
    }
    if let Some(field) = top.optional("step") {
        settings.steps = steps(&field, findings);
    }
    if let Some(field) = top.optional("soak") {
        settings.soak = soak(&field, findings);
    }
    if let Some(field) = top.optional("core_submodule") {
        let found = field.string(findings).is_some();
        let path = found
            .then(|| paths(&field, false, findings))
            .into_iter()
            .flatten();
        settings.core_submodule = path.into_iter().next();
    }
    for (key, least, target) in [
        ("history_retention", 1, &mut settings.history_retention),
        ("snapshot_retention", 0, &mut settings.snapshot_retention),
    ] {
        let number = top
            .optional(key)
            .and_then(|field| field.integer(findings, Code::BadValue, least..=MOST_KEPT))
            .and_then(|number| usize::try_from(number).ok());
        *target = number.unwrap_or(*target);
    }
    settings
}

pub(super) fn unknown_keys(section: &Fields<'_>, known: &[&str], findings: &mut Findings<'_>) {
    for pair in section.pairs {
        let Some(key) = pair.key.key_text() else {
            continue;
        };
        if known.contains(&key.as_str()) {
            continue;
        }
        let problem = findings.problem_at(
            Code::UnknownSetting,
            pair.key.at,
            format!("`{}` is no setting and has no effect", section.join(&key)),
        );
        match closest(&key, known) {
            Some(name) => findings.push_with_hint(problem, format!("write `{name}`")),
            None => findings.push_with_hint(problem, format!("known are {}", known.join(", "))),
        }
    }
}

/// The known key that was probably meant.
fn closest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    if key.len() > SHOWN_CHARS {
        return None;
    }
    let key = key.to_ascii_lowercase().replace('-', "_");
    known
        .iter()
        .map(|name| (strsim::jaro_winkler(&key, name), *name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn registry(field: &Field<'_>, findings: &mut Findings<'_>) -> RegistrySettings {
    let mut registry = Settings::default().registry;
    let Some(section) = field.fields(findings) else {
        return registry;
    };
    unknown_keys(&section, &REGISTRY_KEYS, findings);
    if let Some(field) = section.optional("kind") {
        let words = [
            ("auto", RegistryKind::Auto),
            ("git", RegistryKind::Git),
            ("github", RegistryKind::Github),
            ("index", RegistryKind::Index),
            ("dir", RegistryKind::Dir),
        ];
        registry.kind = field.word(findings, &words).unwrap_or(registry.kind);
    }
    if let Some(field) = section.optional("location") {
        registry.location = field
            .string(findings)
            .filter(|text| is_location(text, &field, findings))
            .map(str::to_owned);
    }
    let needs_location = matches!(registry.kind, RegistryKind::Dir | RegistryKind::Index);
    if needs_location && section.optional("location").is_none() {
        section.required(findings, "location");
    }
    registry
}

/// A location goes to git as an argument: nothing that git would take for an option or a command.
fn is_location(text: &str, field: &Field<'_>, findings: &mut Findings<'_>) -> bool {
    let message = if text.starts_with('-') {
        "must not begin with `-`"
    } else if text.contains(char::is_control) {
        "must not hold control characters"
    } else if is_transport_helper(text) {
        "must not name a transport helper: git would run a program"
    } else if has_credentials(text) && !text.starts_with("ssh://git@") {
        "must not carry a user or password"
    } else {
        return true;
    };
    let problem = findings.problem(Code::BadValue, field, message);
    findings.push_with_hint(problem, "name a remote, a URL or a folder");
    false
}

/// The name of a distribution; any spelling of it that Python's tools accept.
fn distribution(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = field.string(findings)?;
    if pins::is_name(text) {
        return Some(text.to_owned());
    }
    let message = "must be the name of a Python distribution";
    let problem = findings.problem(Code::BadValue, field, message);
    findings.push_with_hint(
        problem,
        "write letters, digits, `.`, `_` and `-`: `vitruvyan-core`",
    );
    None
}

/// One path or a list of them.
fn paths(field: &Field<'_>, globs: bool, findings: &mut Findings<'_>) -> Vec<String> {
    let items = match &field.node.value {
        Value::String { .. } => vec![field.clone()],
        _ => field.items(findings).unwrap_or_default(),
    };
    let mut paths = Vec::new();
    for item in &items {
        let Value::String { text, .. } = &item.node.value else {
            item.string(findings);
            continue;
        };
        // One `/` at the end is how people write a folder.
        let path = text
            .strip_suffix('/')
            .filter(|p| !p.is_empty())
            .unwrap_or(text);
        match fault(path, globs) {
            None => paths.push(path.to_owned()),
            Some(message) => {
                let problem = findings
                    .problem(Code::BadValue, item, message)
                    .evidence(format!(
                        "it is `{}`",
                        excerpt(text, SHOWN_CHARS).escape_debug()
                    ));
                findings.push_with_hint(problem, "write a path relative to the git root");
            }
        }
    }
    paths
}
