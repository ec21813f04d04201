//! Reading an index: what is wrong with one entry stays that entry's problem.

use std::collections::BTreeMap;

use semver::Version;

use super::place::{bad_repository, is_inside};
use super::{Index, IndexedFile, IndexedRelease, MAX_BYTES, SCHEMA};
use crate::channel::Channel;
use crate::code::Code;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::{Findings, MAX_PROBLEMS, SHOWN_CHARS};
use crate::document::{Format, Reading, Value, parse};
use crate::problem::{Problem, Severity, Who};
use crate::text::excerpt;
use crate::{release, time, version};

/// Reads an index that stands at `file`. The value is absent only where the whole cannot be
/// read (a key that stands twice is such a case: which value counts would be anybody's guess);
/// an entry that cannot be used is a problem of its release where it says which one that is, else
/// a warning.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Reading<Index> {
    let parsed = parse(Format::Json, file, bytes, MAX_BYTES);
    let Some(document) = parsed.value else {
        return failed(parsed.problems);
    };
    let mut findings = Findings::new(&document.source, file, Who::Core);
    let Some(top) = Field::root(&document).fields(&mut findings) else {
        return failed(findings.finish());
    };
    let entries = head(&top, &mut findings);
    let problems = findings.finish();
    let Some(entries) = entries.filter(|_| problems.is_empty()) else {
        return failed(problems);
    };
    let mut noticed = Vec::new();
    let repository = repository(&top, file, &mut noticed);
    let releases = releases(&entries, &document.source, &mut noticed);
    let text = |key: &str| text_of(top.optional(key)?);
    Reading {
        value: Some(Index {
            schema: SCHEMA.to_owned(),
            generated: text("generated").and_then(time::parse),
            repository,
            releases,
        }),
        problems: noticed,
    }
}

fn failed(problems: Vec<Problem>) -> Reading<Index> {
    Reading {
        value: None,
        problems,
    }
}

/// What must be right for anything else to mean something: the schema, and a list of releases.
fn head<'n>(top: &Fields<'n>, findings: &mut Findings<'_>) -> Option<Vec<Field<'n>>> {
    if let Some(field) = top.required(findings, "schema")
        && let Some(text) = field.string(findings)
        && text != SCHEMA
    {
        let problem = findings
            .problem(Code::BadValue, &field, "is not the schema of this index")
            .evidence(format!(
                "`{}`; `{SCHEMA}` is read",
                excerpt(text, SHOWN_CHARS)
            ));
        findings.push_with_hint(problem, "use a vit that knows this schema");
    }
    top.required(findings, "releases")?.items(findings)
}

fn repository(top: &Fields<'_>, file: &str, noticed: &mut Vec<Problem>) -> Option<String> {
    let field = top.optional("repository")?;
    let text = text_of(field).unwrap_or_default();
    let Some(why) = bad_repository(text) else {
        return Some(text.to_owned());
    };
    noticed.push(
        Problem::new(Code::BadValue, file, "`repository` is not used")
            .severity(Severity::Warning)
            .evidence(why)
            .hint(
                Who::Core,
                "name a git URL without credentials, or a path below the index",
            ),
    );
    None
}

fn releases(
    entries: &[Field<'_>],
    source: &crate::document::Source,
    noticed: &mut Vec<Problem>,
) -> Vec<IndexedRelease> {
    let mut found: BTreeMap<Version, IndexedRelease> = BTreeMap::new();
    for entry in entries {
        let mut findings = Findings::new(source, "", Who::Core);
        let read = release(entry, &mut findings);
        let mut problems = findings.finish();
        let Some(mut release) = read else {
            if noticed.len() < MAX_PROBLEMS {
                noticed.push(lost(&entry.path, &problems));
            }
            continue;
        };
        if !problems.is_empty() {
            let why = reasons(&problems);
            problems = vec![unreadable(&release.tag, &why)];
        }
        release.problems = problems;
        match found.get_mut(&release.version) {
            None => {
                found.insert(release.version.clone(), release);
            }
            Some(first) => {
                let twice = unreadable(&first.tag, "the version stands twice in the index");
                first.problems = vec![twice];
            }
        }
    }
    found.into_values().collect()
}

/// Reads an entry; without a version and its tag it is nothing.
fn release(entry: &Field<'_>, findings: &mut Findings<'_>) -> Option<IndexedRelease> {
    let fields = entry.fields(findings)?;
    let version = fields.required(findings, "version")?.version(findings)?;
    let tag = version::tag_of(&version);
    if let Some(field) = fields.required(findings, "tag")
        && field.string(findings).is_some_and(|text| text != tag)
    {
        push(findings, &field, "is not `v` and the version");
    }
    Some(IndexedRelease {
        commit: object_id(&fields, "commit", findings),
        tree: object_id(&fields, "tree", findings),
        channel: fields
            .optional("channel")
            .and_then(text_of)
            .and_then(|text| text.parse::<Channel>().ok()),
        date: fields
            .optional("date")
            .and_then(text_of)
            .and_then(time::parse),
        metadata: fields
            .optional("metadata")
            .and_then(|field| metadata(&field, findings)),
        withdrawn: fields
            .optional("withdrawn")
            .and_then(|field| field.string(findings).map(str::to_owned)),
        tag,
        version,
        problems: Vec::new(),
    })
}

fn metadata(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<IndexedFile> {
    let fields = field.fields(findings)?;
    let path = fields.required(findings, "path")?;
    let text = path.string(findings)?;
    if !is_inside(text) {
        push(findings, &path, "does not lead to a file below the index");
        return None;
    }
    let hash = fields.required(findings, "sha256")?;
    let sha256 = hash.string(findings)?;
    if !is_hex(sha256, &[64]) {
        push(findings, &hash, "is not a SHA-256 in lowercase hex");
        return None;
    }
    let most = i64::try_from(release::MAX_BYTES).unwrap_or(i64::MAX);
    let length =
        fields
            .required(findings, "length")?
            .integer(findings, Code::BadValue, 0..=most)?;
    Some(IndexedFile {
        path: text.to_owned(),
        sha256: sha256.to_owned(),
        length: u64::try_from(length).unwrap_or_default(),
    })
}

fn object_id(fields: &Fields<'_>, key: &str, findings: &mut Findings<'_>) -> Option<String> {
    let field = fields.optional(key)?;
    let text = field.string(findings)?;
    if is_hex(text, &[40, 64]) {
        return Some(text.to_owned());
    }
    push(findings, &field, "is not the id of a git object");
    None
}

fn is_hex(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn push(findings: &mut Findings<'_>, field: &Field<'_>, message: &str) {
    let problem = findings.problem(Code::BadValue, field, message);
    findings.push_with_hint(problem, "write the index again");
}

fn text_of(field: Field<'_>) -> Option<&str> {
    match &field.node.value {
        Value::String { text, .. } => Some(text),
        _ => None,
    }
}

/// What is wrong, in one line.
fn reasons(problems: &[Problem]) -> String {
    let one = |problem: &Problem| match &problem.evidence {
        Some(evidence) => format!("{} ({evidence})", problem.message),
        None => problem.message.clone(),
    };
    let all: Vec<String> = problems.iter().map(one).collect();
    excerpt(&all.join("; "), 300)
}

fn unreadable(tag: &str, why: &str) -> Problem {
    Problem::new(
        Code::MetadataUnreadable,
        tag,
        "the release's entry in the index cannot be used",
    )
    .evidence(why)
    .hint(Who::Core, "write the index again: `vit mirror index`")
}

fn lost(path: &str, problems: &[Problem]) -> Problem {
    Problem::new(
        Code::MetadataUnreadable,
        path,
        "an entry of the index does not say which release it is",
    )
    .severity(Severity::Warning)
    .evidence(reasons(problems))
    .hint(Who::Core, "write the index again: `vit mirror index`")
}

#[cfg(test)]
mod tests;
