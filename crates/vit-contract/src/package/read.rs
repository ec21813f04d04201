//! Reading a `.vit` manifest: every problem at once, each with its place.

use std::str::FromStr as _;

use super::{
    Dependencies, Health, MAX_BYTES, PackageCompatibility, PackageManifest, PackageName,
    PackageOwnership, PackageSmokeTests, PackageStatus, PackageType, Requirement, Subject, Tier,
    Uninstallation,
};
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::{Findings, SHOWN_CHARS};
use crate::document::{Format, Reading, Value, parse};
use crate::inside;
use crate::problem::{Problem, Who};
use crate::range;
use crate::text::excerpt;

mod installation;

/// The longest timeout that a manifest may name: a day, in seconds.
const LONGEST: i64 = 24 * 60 * 60;

/// Reads a manifest. `file` is how the user would name it; `bytes` are its content.
///
/// The value is there exactly when no problem blocks. A template (`vertical-<DOMAIN>`) bears the
/// problem [`Code::PackageTemplate`] and no other of its placeholders.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Reading<PackageManifest> {
    let parsed = parse(Format::Yaml, file, bytes, MAX_BYTES);
    let hint = |problem: Problem| problem.hint(Who::PackageOwner, "correct the manifest here");
    let mut problems: Vec<Problem> = parsed.problems.into_iter().map(hint).collect();
    let Some(document) = parsed.value else {
        return Reading {
            value: None,
            problems,
        };
    };
    let mut findings = Findings::new(&document.source, file, Who::PackageOwner);
    let top = Field::root(&document).fields(&mut findings);
    if let Some(field) = top.as_ref().and_then(template) {
        let problem = findings.problem(
            Code::PackageTemplate,
            &field,
            "holds a placeholder: this is a template, and no package",
        );
        findings.push_with_hint(problem, "copy it, and replace every `<…>`");
        problems.extend(findings.finish());
        return Reading {
            value: None,
            problems,
        };
    }
    let value = top.and_then(|top| manifest(&top, &mut findings));
    problems.extend(findings.finish());
    Reading {
        value: value.filter(|_| !problems.iter().any(Problem::blocks)),
        problems,
    }
}

/// The name of a template: `vertical-<DOMAIN>`.
fn template<'n>(top: &Fields<'n>) -> Option<Field<'n>> {
    let field = top.optional("package_name")?;
    let Value::String { text, .. } = &field.node.value else {
        return None;
    };
    let open = text.find('<')?;
    text[open..].contains('>').then_some(field)
}

fn manifest(top: &Fields<'_>, findings: &mut Findings<'_>) -> Option<PackageManifest> {
    let name = top
        .required(findings, "package_name")
        .and_then(|field| package_name(&field, findings));
    let version = top
        .required(findings, "package_version")
        .and_then(|field| field.version(findings));
    let kind = kind(top, name.as_ref(), findings);
    let words = PackageStatus::ALL.map(|status| (status.as_str(), status));
    let status = top
        .required(findings, "status")
        .and_then(|field| field.word(findings, &words));
    let tier = top.optional("tier").map_or(Some(Tier::Package), |field| {
        field.word(
            findings,
            &[("core", Tier::Core), ("package", Tier::Package)],
        )
    });
    let description = top
        .required(findings, "description")
        .and_then(|field| field.string(findings).map(str::to_owned));
    let compatibility = top
        .required(findings, "compatibility")
        .and_then(|field| field.fields(findings))
        .and_then(|section| compatibility(&section, findings));
    let dependencies = section(top, "dependencies", findings)
        .map(|section| dependencies(&section, name.as_ref(), findings))
        .unwrap_or_default();
    let installation = top
        .required(findings, "installation")
        .and_then(|field| field.fields(findings))
        .and_then(|section| installation::read(&section, findings));
    let health = section(top, "health", findings)
        .map(|section| health(&section, findings))
        .unwrap_or_default();
    let smoke_tests = section(top, "smoke_tests", findings)
        .map(|section| smoke_tests(&section, findings))
        .unwrap_or_default();
    let uninstallation = section(top, "uninstallation", findings)
        .map(|section| uninstallation(&section, findings))
        .unwrap_or_default();
    let ownership =
        section(top, "ownership", findings).and_then(|section| ownership(&section, findings));
    Some(PackageManifest {
        homepage: text(top, "homepage", findings),
        repository: text(top, "repository", findings),
        sacred_order: text(top, "sacred_order", findings),
        tags: texts(top, "tags", findings),
        changelog: changelog(top, findings),
        name: name?,
        version: version?,
        kind: kind?,
        status: status?,
        tier: tier?,
        description: description?,
        compatibility: compatibility?,
        dependencies,
        installation: installation?,
        health,
        smoke_tests,
        uninstallation,
        ownership,
    })
}

fn package_name(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<PackageName> {
    let text = field.string(findings)?;
    match PackageName::parse(text) {
        Ok(name) => Some(name),
        Err(error) => {
            let problem = findings
                .problem(Code::BadPackageName, field, "is no package name")
                .evidence(shown(text));
            findings.push_with_hint(problem, error.why);
            None
        }
    }
}

/// The type, which the name has to begin with.
fn kind(
    top: &Fields<'_>,
    name: Option<&PackageName>,
    findings: &mut Findings<'_>,
) -> Option<PackageType> {
    let field = top.required(findings, "package_type")?;
    let kind = field.word(
        findings,
        &PackageType::ALL.map(|kind| (kind.as_str(), kind)),
    )?;
    if let Some(name) = name.filter(|name| name.kind() != kind) {
        let problem = findings
            .problem(
                Code::PackageTypeMismatch,
                &field,
                "is not the type that the name begins with",
            )
            .evidence(format!("{}, and the name is {name}", kind.as_str()));
        let right = format!("write `{}`, or rename the package", name.kind().as_str());
        findings.push_with_hint(problem, right);
    }
    Some(kind)
}

fn compatibility(
    section: &Fields<'_>,
    findings: &mut Findings<'_>,
) -> Option<PackageCompatibility> {
    let core = range::read(section, findings);
    let contracts_major = section
        .optional("contracts_major")
        .and_then(|field| field.integer(findings, Code::BadValue, 0..=i64::MAX))
        .and_then(|major| u64::try_from(major).ok());
    Some(PackageCompatibility {
        conflicts_with: requirements(section, "conflicts_with", findings),
        contracts_major,
        core: core?,
    })
}

fn dependencies(
    section: &Fields<'_>,
    own: Option<&PackageName>,
    findings: &mut Findings<'_>,
) -> Dependencies {
    let dependencies = Dependencies {
        required: requirements(section, "required", findings),
        optional: requirements(section, "optional", findings),
        system: texts(section, "system", findings),
    };
    let all = dependencies.required.iter().chain(&dependencies.optional);
    let itself = |r: &Requirement| matches!((&r.subject, own), (Subject::Package(name), Some(own)) if name == own);
    if all.into_iter().any(itself)
        && let Some(field) = section
            .optional("required")
            .or(section.optional("optional"))
    {
        let problem = findings.problem(Code::BadRequirement, &field, "names the package itself");
        findings.push_with_hint(problem, "remove it");
    }
    dependencies
}

/// A list of requirements; one that is none is reported and left out.
fn requirements(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Vec<Requirement> {
    let items = section
        .optional(key)
        .and_then(|field| field.items(findings))
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            let text = item.string(findings)?;
            match Requirement::from_str(text) {
                Ok(requirement) => Some(requirement),
                Err(error) => {
                    let problem = findings
                        .problem(Code::BadRequirement, item, "is no requirement")
                        .evidence(excerpt(&error.to_string(), 200).escape_debug().to_string());
                    findings.push_with_hint(
                        problem,
                        "write a package and constraints, such as `service-mcp>=0.5.0,<1.0.0`",
                    );
                    None
                }
            }
        })
        .collect()
}

fn health(section: &Fields<'_>, findings: &mut Findings<'_>) -> Health {
    let defaults = Health::default();
    Health {
        endpoint: url(section, "endpoint", findings),
        interval: seconds(section, "interval", findings).unwrap_or(defaults.interval),
        timeout: seconds(section, "timeout", findings).unwrap_or(defaults.timeout),
    }
}

fn smoke_tests(section: &Fields<'_>, findings: &mut Findings<'_>) -> PackageSmokeTests {
    let defaults = PackageSmokeTests::default();
    PackageSmokeTests {
        path: path(section, "path", findings),
        timeout: seconds(section, "timeout", findings).unwrap_or(defaults.timeout),
        required_endpoints: texts(section, "required_endpoints", findings),
    }
}

fn uninstallation(section: &Fields<'_>, findings: &mut Findings<'_>) -> Uninstallation {
    let mut truth = |key: &str, default: bool| {
        section
            .optional(key)
            .and_then(|field| field.boolean(findings))
            .unwrap_or(default)
    };
    let (preserve_data, cleanup_streams) = (
        truth("preserve_data", true),
        truth("cleanup_streams", false),
    );
    let remove_volumes = truth("remove_volumes", false);
    Uninstallation {
        preserve_data,
        cleanup_streams,
        remove_volumes,
        cleanup_channels: texts(section, "cleanup_channels", findings),
        cleanup_commands: texts(section, "cleanup_commands", findings),
    }
}

fn ownership(section: &Fields<'_>, findings: &mut Findings<'_>) -> Option<PackageOwnership> {
    let team = section
        .required(findings, "team")
        .and_then(|field| field.string(findings).map(str::to_owned));
    let contact = text(section, "contact", findings);
    Some(PackageOwnership {
        team: team?,
        contact,
    })
}

/// What changed: a list of texts or of mappings, or a mapping from versions to texts.
fn changelog(top: &Fields<'_>, findings: &mut Findings<'_>) -> Vec<String> {
    let Some(field) = top.optional("changelog") else {
        return Vec::new();
    };
    let plain = |node: &Field<'_>| match &node.node.value {
        Value::String { text, .. } => text.clone(),
        _ => String::new(),
    };
    let of_fields = |fields: &Fields<'_>| {
        let parts: Vec<String> = fields.all().map(|(_, field)| plain(&field)).collect();
        parts.join(" ").trim().to_owned()
    };
    if let Some(fields) = field.entries() {
        let entry = |(key, field): (String, Field<'_>)| format!("{key}: {}", plain(&field));
        return fields.all().map(entry).collect();
    }
    if matches!(field.node.value, Value::String { .. }) {
        return vec![plain(&field)];
    }
    let items = field.items(findings).unwrap_or_default();
    let entries = items.iter().map(|item| {
        item.entries()
            .map_or_else(|| plain(item), |fields| of_fields(&fields))
    });
    entries.filter(|entry| !entry.is_empty()).collect()
}

fn section<'n>(top: &Fields<'n>, key: &str, findings: &mut Findings<'_>) -> Option<Fields<'n>> {
    top.optional(key).and_then(|field| field.fields(findings))
}

fn text(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    section
        .optional(key)
        .and_then(|field| field.string(findings).map(str::to_owned))
}

fn texts(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Vec<String> {
    section
        .optional(key)
        .and_then(|field| field.strings(findings))
        .unwrap_or_default()
}

fn seconds(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<u32> {
    section
        .optional(key)
        .and_then(|field| field.integer(findings, Code::BadValue, 1..=LONGEST))
        .and_then(|seconds| u32::try_from(seconds).ok())
}

/// A URL of a web server.
fn url(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let field = section.optional(key)?;
    let text = field.string(findings)?;
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let good = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    });
    if good {
        return Some(text.to_owned());
    }
    let problem = findings
        .problem(Code::BadValue, &field, "is no http:// or https:// URL")
        .evidence(shown(text));
    findings.push_with_hint(
        problem,
        "write a URL such as `http://localhost:9003/health`",
    );
    None
}

/// A path inside the installation.
fn path(section: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let field = section.optional(key)?;
    let text = field.string(findings)?;
    let bare = text.strip_suffix('/').unwrap_or(text);
    match inside::fault(bare, false) {
        None => Some(bare.to_owned()),
        Some(message) => {
            let problem = findings
                .problem(Code::BadValue, &field, message)
                .evidence(shown(text));
            findings.push_with_hint(problem, "write a path relative to the git root");
            None
        }
    }
}

fn shown(text: &str) -> String {
    format!("it is `{}`", excerpt(text, SHOWN_CHARS).escape_debug())
}
