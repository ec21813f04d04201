//! `vit verify`, `vit history verify`, `vit doctor`: every check, and the fix for what is not well.

use vit_contract::output::{CheckReport, CheckState};
use vit_contract::text::visible;

use super::table::{Cell, Table};
use super::{Coloring, Paint, View, count};

/// The checks as text.
#[must_use]
pub fn checks(report: &CheckReport, view: View) -> String {
    let mut out = String::new();
    let width = report.checks.iter().map(|check| check.name.chars().count());
    let width = width.max().unwrap_or(0);
    for check in &report.checks {
        let (mark, paint): (_, Coloring) = match check.state {
            CheckState::Ok => ("ok", Paint::green),
            CheckState::Warning => ("warn", Paint::yellow),
            CheckState::Failed => ("FAIL", Paint::red),
        };
        let mut table = Table::bare(0);
        table.row(vec![
            Cell::new(format!("{mark:<4}")).paint(paint),
            Cell::new(format!("{:<width$}", check.name)),
            Cell::new(&check.found),
        ]);
        // What was found may be long, and is why somebody reads this: not cut.
        out.push_str(&table.draw(View {
            width: None,
            ..view
        }));
        if let (Some(fix), CheckState::Warning | CheckState::Failed) = (&check.fix, check.state) {
            for line in fix.lines() {
                let label = view.paint.cyan("fix:");
                out.push_str(&format!("      {label} {}\n", visible(line)));
            }
        }
    }
    let failed = report
        .checks
        .iter()
        .filter(|check| check.state == CheckState::Failed);
    let warnings = report
        .checks
        .iter()
        .filter(|check| check.state == CheckState::Warning)
        .count();
    let summary = match (report.ok, failed.count()) {
        (true, _) if warnings > 0 => view
            .paint
            .yellow(&format!("nothing failed, {}", count(warnings, "warning"))),
        (true, _) => view.paint.green("all is well"),
        (false, failed) => view
            .paint
            .red(&format!("{} failed", count(failed, "check"))),
    };
    out.push_str(&format!("\n{summary}\n"));
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn each_with_its_fix() {
        assert_snapshot!(checks(&samples::checks(), View::default()), @"
        ok    tree         2041 files equal v1.1.0
        warn  history      moved aside: history.damaged-1
              fix: do this
              fix: then that
        FAIL  release tag  v1.1.0 points elsewhere
              fix: do this
              fix: then that

        1 check failed
        ");
    }
}
