//! A history entry as GitHub-flavoured Markdown, for a ticket.
//!
//! Content is never Markdown: short texts stand in code spans, long ones in fences longer than
//! any run of backticks in them, so that nothing in a test's output or a version's name can
//! become a link, a mention or a heading.

use vit_contract::history::{Entry, Outcome, Proof};
use vit_contract::text::visible;

use super::history::{kind, who};
use super::{branch, seconds, time};

/// The entry as Markdown. `evidence` is the folder with the evidence, absolute.
#[must_use]
pub fn entry(entry: &Entry, evidence: Option<&str>) -> String {
    let mut out = format!(
        "## Core {} {} → {}: {}\n\n",
        kind(entry.kind),
        span(&entry.from_version),
        span(&entry.to_version),
        entry.status.as_str().replace('_', " ")
    );
    out.push_str(meaning(entry.status));
    out.push_str("\n\n| | |\n|---|---|\n");
    let mut row = |name: &str, value: &str| {
        // A pipe would end the cell, in a code span too.
        let value = value.replace('|', "\\|");
        out.push_str(&format!("| {name} | {value} |\n"));
    };
    row("Transaction", &span(&entry.id));
    row("When", &time(entry.timestamp));
    row("Who", &span(&who(entry)));
    if let Some(duration) = entry.duration {
        row("Took", &seconds(duration));
    }
    if let Some(result) = &entry.smoke_tests_result {
        let took = entry.smoke_tests_duration.map(seconds);
        let took = took.map_or_else(String::new, |took| format!(" in {took}"));
        row("Smoke tests", &format!("{}{took}", span(result)));
    }
    if let Some(tag) = &entry.snapshot_tag {
        row("Snapshot", &span(tag));
    }
    for accepted in &entry.accepted {
        let subjects: Vec<String> = accepted.subjects.iter().map(|s| span(s)).collect();
        let text = format!(
            "{} for {}",
            span(accepted.code.as_str()),
            subjects.join(", ")
        );
        row("Accepted", &text);
    }
    if let Some(folder) = evidence {
        row("Evidence", &span(folder));
    }
    if let Some(cause) = &entry.rollback_reason {
        out.push_str(&format!("\n### First cause\n\n{}", fence(cause)));
    }
    out.push_str(&proof(entry.proof.as_ref(), &chain(entry)));
    out.push_str(&format!("\n### Next steps\n\n{}", steps(entry, evidence)));
    out
}

const fn meaning(status: Outcome) -> &'static str {
    match status {
        Outcome::Success => "It was committed and proven.",
        Outcome::RollbackExecuted => {
            "It failed. The previous state is back, and it was verified by content."
        }
        Outcome::Failed => "It stopped before it changed anything.",
        Outcome::Inconsistent => {
            "It failed, and the previous state **could not be verified**. The installation needs \
             `vit repair` before anything else."
        }
    }
}

/// The proof as a section; `more` are further points of its list.
pub(super) fn proof(proof: Option<&Proof>, more: &str) -> String {
    let Some(proof) = proof else {
        return String::new();
    };
    let verdict = if proof.verified {
        "verified"
    } else {
        "**not verified**"
    };
    let mut out = format!("\n### Proof: {verdict}\n\n");
    out.push_str(&format!("- HEAD {}\n", span(&proof.head)));
    out.push_str(&format!(
        "- branch {}\n",
        span(&branch(proof.branch.as_deref()))
    ));
    out.push_str(&format!("- tree {}\n{more}", span(&proof.tree)));
    if !proof.mismatches.is_empty() {
        out.push_str(&format!(
            "\nWhat does not agree:\n\n{}",
            fence(&proof.mismatches.join("\n"))
        ));
    }
    out
}

fn chain(entry: &Entry) -> String {
    if entry.hash.is_empty() {
        return String::new();
    }
    format!("- history entry {}\n", span(&entry.hash))
}

fn steps(entry: &Entry, evidence: Option<&str>) -> String {
    let mut out = String::new();
    let mut add = |step: &str| out.push_str(&format!("- [ ] {step}\n"));
    match entry.status {
        Outcome::Success => add("nothing; `vit rollback` goes back"),
        Outcome::Failed => add("mend the cause, then `vit plan` again"),
        Outcome::RollbackExecuted => {
            add(if evidence.is_some() {
                "look at the outputs in the evidence folder"
            } else {
                "look at the first cause"
            });
            add("tell the owner of what failed");
            add("`vit plan` again once it is mended");
        }
        Outcome::Inconsistent => {
            add("`vit repair`, then `vit verify`");
            add("keep the evidence folder until the cause is known");
        }
    }
    out
}

/// A short text as a code span that nothing in it can end.
pub(super) fn span(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return "-".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    // A backtick at an end needs a space between it and the span's own.
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A long text as a fenced block that nothing in it can end.
pub(super) fn fence(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    let body = lines.join("\n");
    let ticks = "`".repeat(longest_run(&body).max(2) + 1);
    format!("{ticks}text\n{body}\n{ticks}\n")
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn a_failed_upgrade_for_a_ticket() {
        let text = entry(
            &samples::failed_entry(),
            Some("/srv/core/.git/vit/evidence/t2"),
        );
        assert_snapshot!(text, @"
        ## Core upgrade `1.0.0` → `1.2.0`: rollback executed

        It failed. The previous state is back, and it was verified by content.

        | | |
        |---|---|
        | Transaction | `20260302-090000-2c` |
        | When | 2026-03-01 08:00:03Z |
        | Who | `ana@db1` |
        | Took | 3.4s |
        | Smoke tests | `fail` in 2.1s |
        | Snapshot | `pre-upgrade-20260301-080000` |
        | Accepted | `contact_not_email` for `energy` |
        | Evidence | `/srv/core/.git/vit/evidence/t2` |

        ### First cause

        ```text
        energy: the smoke test failed (exit 1)
        ```

        ### Proof: verified

        - HEAD `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb`
        - branch `detached`
        - tree `eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee`
        - history entry `ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff`

        ### Next steps

        - [ ] look at the outputs in the evidence folder
        - [ ] tell the owner of what failed
        - [ ] `vit plan` again once it is mended
        ");
    }

    #[test]
    fn case_30_content_cannot_become_markdown() {
        let hostile = Entry {
            rollback_reason: Some("````\n# heading\n@everyone <script>\u{1b}[2J".into()),
            actor: Some("`a` | b".into()),
            to_version: "`[x](http://evil)``".into(),
            ..samples::failed_entry()
        };
        let text = entry(&hostile, None);
        assert!(text.contains("`````text\n````\n# heading\n@everyone <script>\\x1b[2J\n`````\n"));
        assert!(text.contains("``` `[x](http://evil)`` ```"), "{text}");
        assert!(text.contains("| Who | `` `a` \\| b@db1 `` |"), "{text}");
    }
}
