//! `vit ledger`: what releases were when they were first seen.

use vit_contract::output::{
    LedgerAcceptReport, LedgerEntry, LedgerNote, LedgerReport, LedgerState,
};
use vit_contract::text::visible;
use vit_engine::ops::ledger::Pending;

use super::table::{Cell, Table};
use super::{Paint, View, next, problems, short, time};

/// The table, and what was noted below it.
#[must_use]
pub fn show(report: &LedgerReport, view: View) -> String {
    let mut out = String::new();
    if report.releases.is_empty() {
        out.push_str("no release was seen yet: `vit update` asks for them\n");
    } else {
        let heading = [
            "version",
            "commit",
            "tree",
            "metadata",
            "first seen",
            "from",
            "",
        ];
        let mut table = Table::new(&heading);
        for entry in &report.releases {
            table.row(row(entry));
        }
        out.push_str(&table.draw(view));
    }
    for entry in report
        .releases
        .iter()
        .filter(|entry| !entry.notes.is_empty())
    {
        out.push_str(&format!("\n{}\n", view.paint.bold(&visible(&entry.tag))));
        for note in &entry.notes {
            out.push_str(&format!("  {}\n", noted(note)));
        }
    }
    let chain = if report.ok {
        view.paint.green("the chain holds")
    } else {
        view.paint.red("the chain is broken")
    };
    out.push_str(&format!("\n{} lines: {chain}\n", report.lines));
    out.push_str(&problems::problems(report.problems.iter(), view));
    out
}

fn row(entry: &LedgerEntry) -> Vec<Cell> {
    let id = |id: &Option<String>| Cell::new(id.as_deref().map_or_else(|| "-".to_owned(), short));
    let last = entry.notes.last();
    let mark = match last {
        Some(note) if note.accepted => Cell::new("accepted").paint(Paint::yellow),
        Some(note) if !note.text.ends_with("as_first_seen") => {
            Cell::new(&note.text).paint(Paint::red)
        }
        _ => Cell::new(""),
    };
    vec![
        Cell::new(entry.version.to_string()).paint(Paint::bold),
        id(&entry.counts.commit),
        id(&entry.counts.tree),
        id(&entry.counts.metadata_sha256),
        Cell::new(time(entry.first_seen)),
        Cell::new(&entry.source),
        mark,
    ]
}

fn noted(note: &LedgerNote) -> String {
    let mut text = format!("{} ", time(note.time));
    if note.accepted {
        let by = |part: &Option<String>| part.as_deref().map(visible).unwrap_or_default();
        text.push_str(&format!(
            "accepted by {} on {}: {}",
            by(&note.actor),
            by(&note.host),
            visible(&note.text)
        ));
    } else {
        text.push_str(&visible(&note.text));
    }
    let parts = parts(&note.state);
    if !parts.is_empty() {
        text.push_str(&format!(": {}", parts.join(", ")));
    }
    text
}

fn parts(state: &LedgerState) -> Vec<String> {
    [
        ("commit", &state.commit),
        ("tree", &state.tree),
        ("metadata", &state.metadata_sha256),
    ]
    .into_iter()
    .filter_map(|(name, id)| Some(format!("{name} {}", short(id.as_deref()?))))
    .collect()
}

/// What would be accepted, before the question.
#[must_use]
pub fn pending(pending: &Pending, view: View) -> String {
    let mut out = format!("{}\n", view.paint.bold(&visible(&pending.tag)));
    out.push_str(&from_to(&pending.was, &pending.is));
    if pending.was.commit == pending.is.commit && pending.was == pending.is {
        out.push_str("  the tag object was made anew, for the same commit\n");
    }
    out
}

fn from_to(was: &LedgerState, is: &LedgerState) -> String {
    let line = |name: &str, was: &Option<String>, is: &Option<String>| {
        let text = |id: &Option<String>| id.as_deref().map_or("-".to_owned(), visible);
        format!("  {name}: {} → {}\n", text(was), text(is))
    };
    let mut out = String::new();
    if was.commit != is.commit {
        out.push_str(&line("commit", &was.commit, &is.commit));
    }
    if was.tree != is.tree {
        out.push_str(&line("tree", &was.tree, &is.tree));
    }
    if was.metadata_sha256 != is.metadata_sha256 && is.metadata_sha256.is_some() {
        out.push_str(&line("metadata", &was.metadata_sha256, &is.metadata_sha256));
    }
    out
}

/// What was accepted.
#[must_use]
pub fn accepted(report: &LedgerAcceptReport, view: View) -> String {
    format!(
        "{}\n{}  reason: {}\n{}",
        view.paint.green(&visible(&report.details)),
        from_to(&report.was, &report.is),
        visible(&report.reason),
        next(view, &report.next)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(digit: char) -> LedgerState {
        let id = |length: usize| Some(digit.to_string().repeat(length));
        LedgerState {
            commit: id(40),
            tree: id(40),
            metadata_sha256: id(64),
        }
    }

    fn report() -> LedgerReport {
        let note = |accepted, text: &str| LedgerNote {
            time: "2026-03-02T08:00:00Z".parse().unwrap(),
            accepted,
            text: text.into(),
            state: LedgerState {
                metadata_sha256: None,
                ..state('b')
            },
            actor: accepted.then(|| "eve\u{1b}[2J".into()),
            host: accepted.then(|| "box".into()),
        };
        let entry = |version: &str, notes| LedgerEntry {
            version: version.parse().unwrap(),
            tag: format!("v{version}"),
            first_seen: "2026-03-01T08:00:00Z".parse().unwrap(),
            source: "git origin".into(),
            counts: state('a'),
            notes,
        };
        LedgerReport {
            schema: "vit.ledger/1".into(),
            ok: true,
            lines: 4,
            releases: vec![
                entry("1.0.0", Vec::new()),
                entry("1.1.0", vec![note(false, "tag_moved")]),
                entry(
                    "1.2.0",
                    vec![note(false, "tag_moved"), note(true, "the team said so")],
                ),
            ],
            problems: Vec::new(),
        }
    }

    #[test]
    fn case_30_what_was_noted_stands_below_the_table() {
        let text = show(&report(), View::default());
        assert!(!text.contains('\u{1b}'));
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let seen = "aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa 2026-03-01 08:00:00Z git origin";
        assert_eq!(
            lines,
            [
                "version commit tree metadata first seen from",
                &format!("1.0.0 {seen}"),
                &format!("1.1.0 {seen} tag_moved"),
                &format!("1.2.0 {seen} accepted"),
                "",
                "v1.1.0",
                "2026-03-02 08:00:00Z tag_moved: commit bbbbbbbbbb, tree bbbbbbbbbb",
                "",
                "v1.2.0",
                "2026-03-02 08:00:00Z tag_moved: commit bbbbbbbbbb, tree bbbbbbbbbb",
                &format!(
                    "2026-03-02 08:00:00Z accepted by {} on box: the team said so: \
                     commit bbbbbbbbbb, tree bbbbbbbbbb",
                    visible("eve\u{1b}[2J")
                ),
                "",
                "4 lines: the chain holds",
            ]
        );
    }
}
