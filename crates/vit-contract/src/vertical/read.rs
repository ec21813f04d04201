//! Reading a manifest: every problem at once, each with its place.

use super::{
    Compatibility, DEFAULT_TIMEOUT_SECONDS, Derogation, MAX_BYTES, Ownership, Status,
    TIMEOUT_SECONDS, Upstream, VerticalManifest, delivery,
};
use crate::channel::Channel;
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::{Findings, SHOWN_CHARS};
use crate::document::{Format, Reading, parse};
use crate::name::DomainName;
use crate::problem::{Problem, Who};
use crate::range;
use crate::text::excerpt;
use crate::time;

/// Reads a manifest. `file` is how the user would name it; `bytes` are its content.
///
/// The value is there exactly when no problem blocks.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Reading<VerticalManifest> {
    let parsed = parse(Format::Yaml, file, bytes, MAX_BYTES);
    let mut problems: Vec<Problem> = parsed.problems.into_iter().map(advise).collect();
    let Some(document) = parsed.value else {
        return Reading {
            value: None,
            problems,
        };
    };
    let mut findings = Findings::new(&document.source, file, Who::VerticalOwner);
    let value = Field::root(&document)
        .fields(&mut findings)
        .and_then(|top| manifest(&top, &mut findings));
    problems.extend(findings.finish());
    Reading {
        value: value.filter(|_| !problems.iter().any(Problem::blocks)),
        problems,
    }
}

/// What mends a text that is no usable YAML.
fn advise(problem: Problem) -> Problem {
    let hint = match problem.code {
        Code::YamlSyntax => "correct the YAML here",
        Code::NotUtf8 => "save the file as UTF-8",
        Code::TooLarge => "a manifest has no need of this size: keep data in files of its own",
        Code::TooDeep => "flatten what is nested here",
        Code::YamlAlias => "write the value out; a text that begins with `&` or `*` needs quotes",
        Code::EmptyDocument => "write the manifest: it begins with `domain_name`",
        Code::DuplicateKey => "keep one of the two",
        _ => return problem,
    };
    problem.hint(Who::VerticalOwner, hint)
}

fn manifest(top: &Fields<'_>, findings: &mut Findings<'_>) -> Option<VerticalManifest> {
    let domain_name = top
        .required(findings, "domain_name")
        .and_then(|field| domain_name(&field, findings));
    let domain_version = top
        .required(findings, "domain_version")
        .and_then(|field| field.version(findings));
    let status = top
        .required(findings, "status")
        .and_then(|field| status(&field, findings));
    let compatibility = compatibility(top, findings);
    let ownership = top
        .required(findings, "ownership")
        .and_then(|field| field.fields(findings))
        .and_then(|section| ownership(&section, findings));
    let contracts_used = list(top, findings, "contracts_used");
    let upstream = top
        .optional("upstream")
        .and_then(|field| field.fields(findings))
        .map(|section| upstream(&section, findings));
    let notifications = top
        .optional("notifications")
        .and_then(|field| field.fields(findings))
        .map(|section| delivery::notifications(&section, findings));
    let derogations = derogations(top, findings);
    Some(VerticalManifest {
        domain_name: domain_name?,
        domain_version: domain_version?,
        status: status?,
        compatibility: compatibility?,
        ownership: ownership?,
        contracts_used,
        upstream,
        notifications,
        derogations,
    })
}

fn domain_name(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<DomainName> {
    let text = field.string(findings)?;
    let name = DomainName::parse(text).ok();
    if name.is_none() {
        let shown = excerpt(text, SHOWN_CHARS);
        let problem = findings
            .problem(Code::BadName, field, "is not a domain name")
            .evidence(format!("it is `{}`", shown.escape_debug()));
        findings.push_with_hint(
            problem,
            "use 1 to 64 of a-z, 0-9, `_` and `-`, the first a letter or digit",
        );
    }
    name
}

fn status(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<Status> {
    let words = [
        Status::Active,
        Status::Deprecated,
        Status::Experimental,
        Status::Draft,
    ]
    .map(|status| (status.as_str(), status));
    let status = field.word(findings, &words)?;
    if status == Status::Draft {
        let problem = findings.problem(
            Code::StatusDraft,
            field,
            "is `draft`: the vertical is shown and not gated",
        );
        findings.push_with_hint(
            problem,
            "write `experimental`, or `active` once it is in use",
        );
    }
    Some(status)
}

fn compatibility(top: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Compatibility> {
    let outer = top.optional("smoke_tests_timeout");
    let section = top
        .required(findings, "compatibility")
        .and_then(|field| field.fields(findings));
    let inner = section
        .as_ref()
        .and_then(|section| section.optional("smoke_tests_timeout"));
    if let Some(field) = &outer {
        let mut problem = findings.problem(
            Code::TimeoutAtTopLevel,
            field,
            "stands at the top level of the manifest",
        );
        if inner.is_some() {
            problem = problem.evidence("the one under `compatibility` is taken");
        }
        findings.push_with_hint(problem, "move it under `compatibility`");
    }
    let timeout = inner
        .or(outer)
        .map_or(Some(DEFAULT_TIMEOUT_SECONDS), |field| {
            timeout(&field, findings)
        });
    let section = section?;
    let core = range::read(&section, findings);
    let contracts_major = section
        .required(findings, "contracts_major")
        .and_then(|field| field.integer(findings, Code::BadValue, 0..=i64::MAX));
    let words = Channel::ALL.map(|channel| (channel.as_str(), channel));
    let update_channel = section
        .required(findings, "update_channel")
        .and_then(|field| field.word(findings, &words));
    let breaking_changes_allowlist = list(&section, findings, "breaking_changes_allowlist");
    let required_capabilities = list(&section, findings, "required_capabilities");
    Some(Compatibility {
        core: core?,
        contracts_major: u64::try_from(contracts_major?).ok()?,
        update_channel: update_channel?,
        breaking_changes_allowlist,
        required_capabilities,
        smoke_tests_timeout: timeout?,
    })
}

fn timeout(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<u32> {
    let range = i64::from(*TIMEOUT_SECONDS.start())..=i64::from(*TIMEOUT_SECONDS.end());
    field
        .integer(findings, Code::TimeoutOutOfRange, range)
        .and_then(|seconds| u32::try_from(seconds).ok())
}

fn ownership(section: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Ownership> {
    let mut text = |key: &str| {
        let field = section.required(findings, key)?;
        let text = field.string(findings)?.to_owned();
        if key == "contact" && !is_email(&text) {
            let problem = findings
                .problem(Code::ContactNotEmail, &field, "is no e-mail address")
                .evidence(format!("it is `{}`", excerpt(&text, SHOWN_CHARS)));
            findings.push_with_hint(problem, "write an address such as `team@example.org`");
        }
        Some(text)
    };
    let (team, tech_lead, contact) = (text("team"), text("tech_lead"), text("contact"));
    Some(Ownership {
        team: team?,
        tech_lead: tech_lead?,
        contact: contact?,
    })
}

/// A rough look: one `@`, something before it, a host with a dot after it, no white space.
fn is_email(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else {
        return false;
    };
    let host_is_good = host
        .split('.')
        .all(|label| !label.is_empty() && !label.contains('@'));
    !user.is_empty()
        && host.contains('.')
        && host_is_good
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn upstream(section: &Fields<'_>, findings: &mut Findings<'_>) -> Upstream {
    let mut text = |key: &str, good: fn(&str) -> bool, wanted: &str| {
        let field = section.optional(key)?;
        let text = field.string(findings)?;
        if !good(text) {
            let problem = findings
                .problem(Code::BadValue, &field, &format!("is not {wanted}"))
                .evidence(format!("it is `{}`", excerpt(text, SHOWN_CHARS)));
            findings.push_with_hint(problem, format!("write {wanted}"));
            return None;
        }
        Some(text.to_owned())
    };
    Upstream {
        repo: text("repo", is_repository, "`owner/name`"),
        remote_name: text("remote_name", is_word, "the name of a git remote"),
    }
}

/// A word that git takes for a name: never an option, a path that climbs, or a URL.
fn is_word(text: &str) -> bool {
    !text.starts_with(['-', '.'])
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_repository(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    matches!(parts.as_slice(), [owner, name]
        if !owner.is_empty() && !name.is_empty() && is_word(owner) && is_word(name))
}

fn derogations(top: &Fields<'_>, findings: &mut Findings<'_>) -> Vec<Derogation> {
    let items = top
        .optional("derogations")
        .and_then(|field| field.items(findings))
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            let section = item.fields(findings)?;
            let mut text = |key: &str| {
                let field = section.required(findings, key)?;
                field.string(findings).map(str::to_owned)
            };
            let (id, reason, owner) = (text("id"), text("reason"), text("owner"));
            let remediation_plan = text("remediation_plan");
            let expiry = section.required(findings, "expiry_utc");
            let expiry_utc = expiry.and_then(|field| moment(&field, findings));
            Some(Derogation {
                id: id?,
                reason: reason?,
                owner: owner?,
                expiry_utc: expiry_utc?,
                remediation_plan: remediation_plan?,
            })
        })
        .collect()
}

fn moment(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<jiff::Timestamp> {
    let text = field.string(findings)?;
    let moment = time::parse(text);
    if moment.is_none() {
        let problem = findings
            .problem(Code::BadValue, field, "is not a moment")
            .evidence(format!("it is `{}`", excerpt(text, SHOWN_CHARS)));
        findings.push_with_hint(problem, "write UTC, such as `2027-01-31T00:00:00Z`");
    }
    moment
}

/// An optional list of texts.
fn list(section: &Fields<'_>, findings: &mut Findings<'_>, key: &str) -> Vec<String> {
    section
        .optional(key)
        .and_then(|field| field.strings(findings))
        .unwrap_or_default()
}
