//! Reading release metadata in every shape found in the wild, each named by a problem code.

use std::collections::BTreeMap;

use jiff::civil::Date;
use semver::Version;

use super::{MAX_BYTES, ReleaseMetadata, changes};
use crate::channel::Channel;
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::{Findings, SHOWN_CHARS};
use crate::document::{Format, Reading, Value, parse};
use crate::name::DomainName;
use crate::problem::{Problem, Who};
use crate::release::Checksum;
use crate::text::excerpt;
use crate::time;
use crate::version::tag_of;

/// The longest URL and capability name, in characters.
const LONGEST_TEXT: usize = 2048;

/// Reads metadata that stands at `file` for the release tagged `tag`.
///
/// The value is there exactly when no problem blocks. A version that differs from the tag is
/// `metadata_version_mismatch`.
#[must_use]
pub fn read(file: &str, bytes: &[u8], tag: &Version) -> Reading<ReleaseMetadata> {
    let name = tag_of(tag);
    let parsed = parse(Format::Json, file, bytes, MAX_BYTES);
    let Some(document) = parsed.value else {
        let problems = parsed.problems.into_iter();
        return Reading {
            value: None,
            problems: problems.map(|problem| unreadable(problem, &name)).collect(),
        };
    };
    if !matches!(document.root.value, Value::Map(_)) {
        let kind = document.root.kind();
        let problem = Problem::new(Code::WrongType, &name, "")
            .evidence(format!("an object is needed at the top, not {kind}"))
            .at(document.source.place_of(document.root.at));
        return Reading {
            value: None,
            problems: vec![unreadable(problem, &name)],
        };
    }
    let mut findings = Findings::new(&document.source, name, Who::Core);
    let value = Field::root(&document)
        .fields(&mut findings)
        .and_then(|top| metadata(&top, tag, &mut findings));
    let problems = findings.finish();
    Reading {
        value: value.filter(|_| !problems.iter().any(Problem::blocks)),
        problems,
    }
}

/// Whatever keeps the text from being read is one problem to the user: the evidence says which.
fn unreadable(problem: Problem, subject: &str) -> Problem {
    let mut evidence = problem.message;
    if let Some(more) = problem.evidence {
        evidence = if evidence.is_empty() {
            more
        } else {
            format!("{evidence} ({more})")
        };
    }
    if let Some(place) = &problem.place
        && let (Some(line), Some(column)) = (place.line, place.column)
    {
        evidence = format!("line {line}, column {column}: {evidence}");
    }
    let mut unreadable = Problem::new(
        Code::MetadataUnreadable,
        subject,
        "the release's metadata cannot be read",
    )
    .evidence(evidence)
    .hint(Who::Core, "publish the release again with correct metadata");
    unreadable.place = problem.place;
    unreadable
}

fn metadata(
    top: &Fields<'_>,
    tag: &Version,
    findings: &mut Findings<'_>,
) -> Option<ReleaseMetadata> {
    let version = top
        .required(findings, "version")
        .and_then(|field| version(&field, tag, findings));
    let release_date = release_date(top, findings);
    let channel = channel(top, tag, findings);
    let contracts_version = contracts_version(top, findings);
    let changes = top
        .required(findings, "changes")
        .and_then(|field| changes::read(&field, findings));
    let capabilities = top
        .optional("capabilities")
        .and_then(|field| field.strings(findings));
    let removed_capabilities = top
        .optional("removed_capabilities")
        .and_then(|field| field.strings(findings));
    let lts = top
        .optional("lts")
        .and_then(|field| field.boolean(findings));
    let metadata = ReleaseMetadata {
        version: version?,
        release_date,
        channel,
        contracts_version,
        changes: changes?,
        migration_guide_url: bounded(top, findings, "migration_guide_url"),
        minimum_vertical_version: minimum_versions(top, findings),
        capabilities,
        removed_capabilities: removed_capabilities.unwrap_or_default(),
        lts: lts.unwrap_or(false),
        support_until: support_until(top, findings),
        // A value that is there and wrong blocks: taken for absent, a release would be installed
        // from where there is no way to it.
        requires_from: top
            .optional("requires_from")
            .and_then(|field| field.version(findings)),
        checksum: checksum(top, findings),
    };
    Some(metadata)
}

fn version(field: &Field<'_>, tag: &Version, findings: &mut Findings<'_>) -> Option<Version> {
    let version = field.version(findings)?;
    if version != *tag {
        let problem = findings
            .problem(
                Code::MetadataVersionMismatch,
                field,
                "is not the version of the tag",
            )
            .evidence(format!("tag {}, metadata {version}", tag_of(tag)));
        findings.push_with_hint(
            problem,
            "publish the release again with its own metadata; a tag is never moved",
        );
    }
    Some(version)
}

fn release_date(top: &Fields<'_>, findings: &mut Findings<'_>) -> Option<jiff::Timestamp> {
    let Some(field) = top.optional("release_date") else {
        let problem = findings.problem_at(
            Code::ReleaseDateUnknown,
            None,
            "`release_date` is missing".to_owned(),
        );
        findings.push(problem);
        return None;
    };
    let moment = match &field.node.value {
        Value::String { text, .. } => time::parse(text),
        _ => None,
    };
    if moment.is_none() {
        let problem = findings
            .problem(Code::ReleaseDateUnknown, &field, "is not a date")
            .evidence(shown(&field));
        findings.push(problem);
    }
    moment
}

fn channel(top: &Fields<'_>, tag: &Version, findings: &mut Findings<'_>) -> Channel {
    let by_version = Channel::of_version(tag);
    let Some(field) = top.optional("channel") else {
        let problem = findings
            .problem_at(
                Code::ChannelAssumed,
                None,
                "`channel` is missing".to_owned(),
            )
            .evidence(format!("the version says {by_version}"));
        findings.push(problem);
        return by_version;
    };
    let named = match &field.node.value {
        Value::String { text, .. } => text.parse::<Channel>().ok(),
        _ => None,
    };
    let Some(named) = named else {
        let problem = findings
            .problem(Code::ChannelAssumed, &field, "is no channel that is known")
            .evidence(format!("{}; the version says {by_version}", shown(&field)));
        findings.push(problem);
        return by_version;
    };
    // A release without a pre-release part may call itself anything, `lts` included.
    if by_version != Channel::Stable && named < by_version {
        let problem = findings
            .problem(
                Code::ChannelCalmerThanVersion,
                &field,
                "is calmer than the version's pre-release part allows",
            )
            .evidence(format!("`{named}` for {tag}; {by_version} is taken"));
        findings.push(problem);
        return by_version;
    }
    named
}

fn contracts_version(top: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Version> {
    match top.optional("contracts_version") {
        // A value that is there and wrong blocks: taken for unknown, a release of another
        // contracts major would pass with a warning.
        Some(field) => field.version(findings),
        None => {
            let problem = findings.problem_at(
                Code::ContractsVersionUnknown,
                None,
                "`contracts_version` is missing".to_owned(),
            );
            findings.push_with_hint(problem, "name the contracts version in the metadata");
            None
        }
    }
}

fn minimum_versions(
    top: &Fields<'_>,
    findings: &mut Findings<'_>,
) -> BTreeMap<DomainName, Version> {
    let Some(section) = top
        .optional("minimum_vertical_version")
        .and_then(|field| field.fields(findings))
    else {
        return BTreeMap::new();
    };
    let mut versions = BTreeMap::new();
    for (key, field) in section.all() {
        let version = field.version(findings);
        match DomainName::parse(&key) {
            Ok(name) => versions.extend(version.map(|version| (name, version))),
            Err(_) => {
                let problem = findings.problem(Code::BadName, &field, "does not name a vertical");
                findings.push(problem);
            }
        }
    }
    versions
}

fn support_until(top: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Date> {
    let field = top.optional("support_until")?;
    let text = field.string(findings)?;
    let day = time::date(text).or_else(|| {
        let moment = time::parse(text)?;
        Some(moment.to_zoned(jiff::tz::TimeZone::UTC).date())
    });
    if day.is_none() {
        let problem = findings
            .problem(Code::BadValue, &field, "is not a date")
            .evidence(shown(&field));
        findings.push_with_hint(problem, "write a day such as `2027-02-01`");
    }
    day
}

fn bounded(top: &Fields<'_>, findings: &mut Findings<'_>, key: &str) -> Option<String> {
    let field = top.optional(key)?;
    let text = field.string(findings)?;
    if text.chars().count() > LONGEST_TEXT {
        let message = format!("is longer than {LONGEST_TEXT} characters");
        let problem = findings.problem(Code::BadValue, &field, &message);
        findings.push(problem);
        return None;
    }
    Some(text.to_owned())
}

fn checksum(top: &Fields<'_>, findings: &mut Findings<'_>) -> Option<Checksum> {
    let field = top.optional("checksum")?;
    let part = |key: &str| {
        let Value::Map(pairs) = &field.node.value else {
            return None;
        };
        let is_key = |name: Option<String>| name.as_deref() == Some(key);
        let pair = pairs.iter().find(|pair| is_key(pair.key.key_text()))?;
        pair.value.key_text()
    };
    let kind = part("type").or_else(|| part("algorithm"));
    let value = part("value").or_else(|| field.node.key_text());
    if let (Some("git_commit_sha"), Some(value)) = (kind.as_deref(), &value)
        && matches!(value.len(), 40 | 64)
        && value.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Some(Checksum::GitCommitSha(value.to_ascii_lowercase()));
    }
    let found = match (kind.as_deref(), value) {
        // The form in which such a checksum is written back: it stays what it was.
        (Some("unverifiable") | None, Some(value)) => value,
        (Some(kind), Some(value)) => format!("{kind}:{value}"),
        (_, None) => "no value".to_owned(),
    };
    let found = excerpt(&found, SHOWN_CHARS * 2);
    let problem = findings
        .problem(
            Code::ChecksumUnverifiable,
            &field,
            "is nothing that a commit can be compared with",
        )
        .evidence(format!("it is `{found}`"));
    findings.push_with_hint(
        problem,
        "write `{\"type\": \"git_commit_sha\", \"value\": \"<commit>\"}`",
    );
    Some(Checksum::Unverifiable(found))
}

/// What stands in a field, for evidence.
fn shown(field: &Field<'_>) -> String {
    field.node.key_text().map_or_else(
        || format!("it is {}", field.node.kind()),
        |text| format!("it is `{}`", excerpt(&text, SHOWN_CHARS)),
    )
}
