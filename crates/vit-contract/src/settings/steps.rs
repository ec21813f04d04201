//! Reading `[[step]]` and `[soak]`.

use super::read::unknown_keys;
use super::{SoakSettings, StepSettings, default_step_timeout};
use crate::code::Code;
use crate::constraint::Constraints;
use crate::document::Value;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::{Findings, SHOWN_CHARS};
use crate::text::excerpt;

/// The keys of `[[step]]`.
const STEP_KEYS: [&str; 7] = [
    "name",
    "run",
    "undo",
    "verify",
    "timeout",
    "releases",
    "leaves_processes",
];
/// The keys of `[soak]`.
const SOAK_KEYS: [&str; 1] = ["interval"];
/// The longest a command of a step may run, in seconds: a day.
const MAX_TIMEOUT: i64 = 86_400;
/// The longest name, in bytes.
const MAX_NAME: usize = 64;
/// How many steps there may be: more is a slip or an attack.
const MAX_STEPS: usize = 100;

/// The `[[step]]` tables, in their order.
pub(super) fn steps(field: &Field<'_>, findings: &mut Findings<'_>) -> Vec<StepSettings> {
    let items = field.items(findings).unwrap_or_default();
    if items.len() > MAX_STEPS {
        let problem = findings
            .problem(Code::BadValue, field, "holds too many steps")
            .evidence(format!("{} of at most {MAX_STEPS}", items.len()));
        findings.push_with_hint(problem, "let one step run a script");
        return Vec::new();
    }
    let mut steps: Vec<StepSettings> = Vec::new();
    for item in &items {
        let Some(section) = item.fields(findings) else {
            continue;
        };
        unknown_keys(&section, &STEP_KEYS, findings);
        if let Some(step) = step(&section, &steps, findings) {
            steps.push(step);
        }
    }
    steps
}

fn step(
    section: &Fields<'_>,
    before: &[StepSettings],
    findings: &mut Findings<'_>,
) -> Option<StepSettings> {
    let name = section
        .required(findings, "name")
        .and_then(|field| name(&field, before, findings));
    let run = section
        .required(findings, "run")
        .and_then(|field| command(&field, findings));
    let mut optional = |key: &str| {
        section
            .optional(key)
            .and_then(|field| command(&field, findings))
    };
    let (undo, verify) = (optional("undo"), optional("verify"));
    let timeout = section
        .optional("timeout")
        .and_then(|field| field.integer(findings, Code::BadValue, 1..=MAX_TIMEOUT))
        .and_then(|seconds| u32::try_from(seconds).ok());
    let releases = section
        .optional("releases")
        .and_then(|field| constraints(&field, findings));
    let leaves_processes = section
        .optional("leaves_processes")
        .and_then(|field| field.boolean(findings));
    Some(StepSettings {
        name: name?,
        run: run?,
        undo,
        verify,
        timeout: timeout.unwrap_or_else(default_step_timeout),
        releases,
        leaves_processes: leaves_processes.unwrap_or_default(),
    })
}

/// A name becomes part of journal records and of files of evidence.
fn name(field: &Field<'_>, before: &[StepSettings], findings: &mut Findings<'_>) -> Option<String> {
    let text = field.string(findings)?;
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = text.len() <= MAX_NAME
        && text.bytes().next().is_some_and(letter)
        && text
            .bytes()
            .all(|byte| letter(byte) || b"_-".contains(&byte));
    let (message, hint) = if !fits {
        (
            "is no name for a step",
            "write at most 64 of a-z, 0-9, `_` and `-`, a letter or digit first",
        )
    } else if before.iter().any(|step| step.name == text) {
        (
            "is the name of an earlier step too",
            "give every step a name of its own",
        )
    } else {
        return Some(text.to_owned());
    };
    let problem = findings
        .problem(Code::BadValue, field, message)
        .evidence(shown(text));
    findings.push_with_hint(problem, hint);
    None
}

/// A list with the program first, or one text for a shell.
fn command(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<Vec<String>> {
    if let Value::String { .. } = &field.node.value {
        let text = field.string(findings)?;
        let whole = plain(text, field, findings)?;
        return Some(vec!["/bin/sh".into(), "-c".into(), whole]);
    }
    if !matches!(field.node.value, Value::Seq(_)) {
        let problem = findings.problem(Code::WrongType, field, "must be a list or a text");
        findings.push_with_hint(
            problem,
            "write [\"program\", \"argument\"], or a text for /bin/sh",
        );
        return None;
    }
    let items = field.items(findings)?;
    if items.is_empty() {
        let problem = findings.problem(Code::BadValue, field, "is empty");
        findings.push_with_hint(problem, "name a program");
        return None;
    }
    let mut words = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let word = match &item.node.value {
            // An argument may be empty; a program may not.
            Value::String { text, .. } if index > 0 => text,
            _ => item.string(findings)?,
        };
        words.push(plain(word, item, findings)?);
    }
    Some(words)
}

/// No program can be handed a NUL.
fn plain(text: &str, field: &Field<'_>, findings: &mut Findings<'_>) -> Option<String> {
    if !text.contains('\0') {
        return Some(text.to_owned());
    }
    let problem = findings
        .problem(Code::BadValue, field, "holds a NUL")
        .evidence(shown(text));
    findings.push_with_hint(problem, "leave it out: no program can be given one");
    None
}

fn constraints(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<Constraints> {
    let text = field.string(findings)?;
    match text.parse() {
        Ok(constraints) => Some(constraints),
        Err(error) => {
            let problem = findings
                .problem(Code::BadValue, field, "is no constraint on versions")
                .evidence(format!(
                    "`{}`: {}",
                    excerpt(&error.text, SHOWN_CHARS).escape_debug(),
                    excerpt(&error.reason, SHOWN_CHARS)
                ));
            let hint = match &error.suggestion {
                Some(text) => format!("write `\"{}\"`", excerpt(text, SHOWN_CHARS)),
                None => "write one such as `\">=1.2.0,<2.0.0\"`".to_owned(),
            };
            findings.push_with_hint(problem, hint);
            None
        }
    }
}

fn shown(text: &str) -> String {
    format!("it is `{}`", excerpt(text, SHOWN_CHARS).escape_debug())
}

/// The `[soak]` table.
pub(super) fn soak(field: &Field<'_>, findings: &mut Findings<'_>) -> SoakSettings {
    let Some(section) = field.fields(findings) else {
        return SoakSettings::default();
    };
    unknown_keys(&section, &SOAK_KEYS, findings);
    SoakSettings {
        interval: section
            .optional("interval")
            .and_then(|field| field.integer(findings, Code::BadValue, 1..=MAX_TIMEOUT))
            .and_then(|seconds| u32::try_from(seconds).ok()),
    }
}
