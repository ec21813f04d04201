//! `vit rollback --list`.

use vit_contract::output::SnapshotReport;

use super::table::{Cell, Table};
use super::{Paint, View, branch, short, time};

/// The list as text.
#[must_use]
pub fn snapshots(report: &SnapshotReport, view: View) -> String {
    if report.snapshots.is_empty() {
        return "no snapshots: nothing was upgraded here yet\n".to_owned();
    }
    let mut table = Table::new(&["", "snapshot", "taken", "Core", "head", "branch"]);
    for snapshot in &report.snapshots {
        table.row(vec![
            Cell::new(if snapshot.next { "→" } else { "" }).paint(Paint::green),
            Cell::new(&snapshot.tag).paint(Paint::cyan),
            Cell::new(time(snapshot.timestamp)),
            Cell::new(snapshot.version.as_deref().unwrap_or("unknown")),
            Cell::new(short(&snapshot.position.commit)),
            Cell::new(branch(snapshot.position.branch.as_deref())),
        ]);
    }
    let mut out = table.draw(view);
    if report.snapshots.iter().any(|snapshot| snapshot.next) {
        let line = "→ is where `vit rollback` goes; another one: `vit rollback --to SNAPSHOT`";
        out.push_str(&format!("\n{}\n", view.paint.dim(line)));
    }
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn the_next_one_is_marked() {
        assert_snapshot!(snapshots(&samples::snapshots(), View::default()), @"
           snapshot                     taken                 Core     head        branch
        →  pre-upgrade-20260301-080000  2026-03-01 08:00:00Z  1.0.0    aaaaaaaaaa  main
           pre-upgrade-20260219-164500  2026-03-01 08:00:00Z  unknown  aaaaaaaaaa  detached

        → is where `vit rollback` goes; another one: `vit rollback --to SNAPSHOT`
        ");
    }
}
