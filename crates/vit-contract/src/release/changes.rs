//! The `changes` of a release: canonical, as a flat list, and with the keys of the wild.

use super::{Change, Changes};
use crate::code::Code;
use crate::document::Value;
use crate::document::cursor::{Field, Fields};
use crate::document::findings::Findings;
use crate::text::excerpt;

/// The longest text of one change, in characters.
const LONGEST_CHANGE: usize = 4096;
/// The longest id and version of one change, in characters.
const LONGEST_ID: usize = 256;

/// Reads the field `changes`.
pub(super) fn read(field: &Field<'_>, findings: &mut Findings<'_>) -> Option<Changes> {
    if matches!(field.node.value, Value::Seq(_)) {
        let problem = findings.problem(
            Code::ChangesFlatList,
            field,
            "is a flat list: read as features",
        );
        findings.push_with_hint(
            problem,
            "sort the changes under `breaking`, `features`, `fixes` and `deprecated`",
        );
        return Some(Changes {
            features: list(field, findings, false),
            ..Changes::default()
        });
    }
    let section = field.fields(findings)?;
    let mut breaking = of(&section, findings, "breaking", true);
    if let Some(field) = section.optional("breaking_changes") {
        let problem = findings.problem(
            Code::BreakingChangesKey,
            &field,
            "is read as `changes.breaking`",
        );
        findings.push_with_hint(problem, "rename the key to `breaking`");
        for change in list(&field, findings, true) {
            if !breaking.contains(&change) {
                breaking.push(change);
            }
        }
    }
    let documentation = of(&section, findings, "documentation", false);
    if let Some(field) = section.optional("documentation") {
        let problem = findings.problem(
            Code::ChangesDocumentation,
            &field,
            "is read and shown apart",
        );
        findings.push(problem);
    }
    Some(Changes {
        breaking,
        features: of(&section, findings, "features", false),
        fixes: of(&section, findings, "fixes", false),
        deprecated: of(&section, findings, "deprecated", false),
        documentation,
    })
}

fn of(section: &Fields<'_>, findings: &mut Findings<'_>, key: &str, keep: bool) -> Vec<Change> {
    section
        .optional(key)
        .map(|field| list(&field, findings, keep))
        .unwrap_or_default()
}

/// Reads a list. With `keep`, an entry that cannot be read still stands for a change: a breaking
/// change must not vanish because its text is malformed.
fn list(field: &Field<'_>, findings: &mut Findings<'_>, keep: bool) -> Vec<Change> {
    let items = field.items(findings).unwrap_or_default();
    let mut changes = Vec::with_capacity(items.len());
    for item in &items {
        match change(item, findings) {
            Some(change) => changes.push(change),
            None => {
                let problem = findings.problem(
                    Code::ChangeUnreadable,
                    item,
                    "is neither a text nor an object with a `text`",
                );
                findings.push(problem);
                if keep {
                    changes.push(plain(format!("(unreadable: {})", item.path)));
                }
            }
        }
    }
    changes
}

const fn plain(text: String) -> Change {
    Change {
        id: None,
        text,
        since: None,
        removal: None,
    }
}

fn change(item: &Field<'_>, findings: &mut Findings<'_>) -> Option<Change> {
    let pairs = match &item.node.value {
        Value::String { text, .. } if !text.trim().is_empty() => {
            return Some(plain(cut(text, LONGEST_CHANGE, item, findings)));
        }
        Value::Map(pairs) => pairs,
        _ => return None,
    };
    let mut part = |key: &str, longest: usize| {
        let pair = pairs
            .iter()
            .find(|pair| matches!(&pair.key.value, Value::String { text, .. } if text == key))?;
        match &pair.value.value {
            Value::String { text, .. } if !text.trim().is_empty() => {
                Some(cut(text, longest, item, findings))
            }
            _ => None,
        }
    };
    Some(Change {
        text: part("text", LONGEST_CHANGE)?,
        id: part("id", LONGEST_ID),
        since: part("since", LONGEST_ID),
        removal: part("removal", LONGEST_ID),
    })
}

fn cut(text: &str, longest: usize, item: &Field<'_>, findings: &mut Findings<'_>) -> String {
    let kept = excerpt(text, longest);
    if kept.len() != text.len() {
        let message = format!("is longer than {longest} characters and is cut");
        let problem = findings.problem(Code::ChangeUnreadable, item, &message);
        findings.push(problem);
    }
    kept
}
