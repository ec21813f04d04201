//! `vit history` and `vit history show`.

use vit_contract::history::{Entry, Outcome};
use vit_contract::output::HistoryReport;
use vit_contract::plan::Kind;
use vit_contract::text::visible;

use super::quarantine;
use super::table::{Cell, Table};
use super::transaction::proof_lines;
use super::{Paint, View, names, problems, seconds, time};

/// The list as text.
#[must_use]
pub fn history(report: &HistoryReport, view: View) -> String {
    let mut out = if report.history.is_empty() {
        "nothing stands in the history\n".to_owned()
    } else {
        let mut table = Table::new(&["id", "when", "what", "from → to", "outcome", "took", "who"]);
        for entry in &report.history {
            table.row(row(entry));
        }
        table.draw(view)
    };
    if !report.quarantine.is_empty() {
        out.push_str("\nin quarantine: not offered until something that they depend on changes\n");
    }
    for release in &report.quarantine {
        let line = format!("  {}", quarantine::line(release));
        out.push_str(&format!("{}\n", view.paint.yellow(&line)));
    }
    if !report.verified {
        let line = "the chain of hashes does not hold: `vit history verify`";
        out.push_str(&format!("{}\n", view.paint.red(line)));
    }
    out.push_str(&problems::problems(&report.problems, view));
    out
}

fn row(entry: &Entry) -> Vec<Cell> {
    vec![
        Cell::new(&entry.id).paint(Paint::cyan),
        Cell::new(time(entry.timestamp)),
        Cell::new(kind(entry.kind)),
        Cell::new(format!("{} → {}", entry.from_version, entry.to_version)),
        outcome_cell(entry.status, entry.status.as_str().replace('_', " ")),
        Cell::new(entry.duration.map_or_else(|| "-".to_owned(), seconds)),
        Cell::new(who(entry)),
    ]
}

/// What a transaction was.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Upgrade => "upgrade",
        Kind::Rollback => "rollback",
        Kind::Repair => "repair",
    }
}

/// Who did it, and where.
pub(super) fn who(entry: &Entry) -> String {
    match (&entry.actor, &entry.host) {
        (Some(actor), Some(host)) => format!("{actor}@{host}"),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (None, None) => "-".to_owned(),
    }
}

/// A text in the colour of an outcome.
pub(super) fn outcome_cell(outcome: Outcome, text: impl AsRef<str>) -> Cell {
    let paint = match outcome {
        Outcome::Success => Paint::green,
        Outcome::RollbackExecuted | Outcome::Failed => Paint::yellow,
        Outcome::Inconsistent => Paint::red,
    };
    Cell::new(text).paint(paint)
}

/// One entry as text. `evidence` is the folder with the evidence, absolute.
#[must_use]
pub fn entry(entry: &Entry, evidence: Option<&str>, view: View) -> String {
    let label = |name: &str| Cell::new(name).paint(Paint::dim);
    let mut out = format!(
        "{} {} {}\n",
        kind(entry.kind),
        view.paint.bold(&format!(
            "{} → {}",
            visible(&entry.from_version),
            visible(&entry.to_version)
        )),
        entry.status.as_str().replace('_', " ")
    );
    let mut table = Table::bare(2);
    let mut add = |name: &str, value: &str| table.row(vec![label(name), Cell::new(value)]);
    add("id", &entry.id);
    add("when", &time(entry.timestamp));
    add("who", &who(entry));
    if let Some(duration) = entry.duration {
        add("took", &seconds(duration));
    }
    if let Some(result) = &entry.smoke_tests_result {
        let took = entry.smoke_tests_duration.map(seconds);
        let took = took.map_or_else(String::new, |took| format!(" ({took})"));
        add("smoke tests", &format!("{result}{took}"));
    }
    if let Some(reason) = &entry.rollback_reason {
        add("cause", reason);
    }
    if let Some(tag) = &entry.snapshot_tag {
        add("snapshot", tag);
    }
    for accepted in &entry.accepted {
        let subjects = names(&accepted.subjects, "nothing");
        add("accepted", &format!("{} for {subjects}", accepted.code));
    }
    if let Some(reason) = &entry.retry_reason {
        add("tried again", reason);
    }
    if let Some(proof) = &entry.proof {
        let state = if proof.verified {
            "verified by content"
        } else {
            "NOT verified"
        };
        add("proof", state);
        for (name, value) in proof_lines(proof) {
            add(name, &value);
        }
        for mismatch in &proof.mismatches {
            add("mismatch", mismatch);
        }
    }
    if let Some(folder) = evidence {
        add("evidence", folder);
    }
    if !entry.hash.is_empty() {
        add("hash", &entry.hash);
    }
    out.push_str(&table.draw(View {
        width: None,
        ..view
    }));
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn a_list() {
        assert_snapshot!(history(&samples::history(), View::default()), @"
        id                  when                  what     from → to      outcome            took  who
        20260302-090000-2c  2026-03-01 08:00:03Z  upgrade  1.0.0 → 1.2.0  rollback executed  3.4s  ana@db1
        20260301-080000-1f  2026-03-01 08:00:03Z  upgrade  1.0.0 → 1.1.0  success            3.4s  ana@db1

        in quarantine: not offered until something that they depend on changes
          1.2.0: failed 3 times, last on 2026-03-01 08:00:03Z: smoke_test_failed: energy: the smoke test failed (exit 1) (transaction 20260302-090000-2c)
        ");
    }

    #[test]
    fn an_empty_and_a_broken_one() {
        let report = HistoryReport {
            history: Vec::new(),
            quarantine: Vec::new(),
            verified: false,
            ..samples::history()
        };
        assert_snapshot!(history(&report, View::default()), @"
        nothing stands in the history
        the chain of hashes does not hold: `vit history verify`
        ");
    }

    #[test]
    fn one_entry() {
        let text = entry(
            &samples::failed_entry(),
            Some("/srv/core/.git/vit/evidence/t2"),
            View::default(),
        );
        assert_snapshot!(text, @"
        upgrade 1.0.0 → 1.2.0 rollback executed
          id           20260302-090000-2c
          when         2026-03-01 08:00:03Z
          who          ana@db1
          took         3.4s
          smoke tests  fail (2.1s)
          cause        energy: the smoke test failed (exit 1)
          snapshot     pre-upgrade-20260301-080000
          accepted     contact_not_email for energy
          proof        verified by content
          head         bbbbbbbbbb
          branch       detached
          tree         eeeeeeeeee
          evidence     /srv/core/.git/vit/evidence/t2
          hash         ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
        ");
    }
}
