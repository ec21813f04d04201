//! A plan, short enough to be read before a yes.

use vit_contract::plan::{ContractState, EstimateBasis, Kind, Plan, ReleaseChanges, RiskLevel};
use vit_contract::release::Change;
use vit_contract::verdict::Answer;

use super::table::{Cell, Table};
use super::update::answer_cell;
use super::{Paint, View, branch, bytes, count, names, next, problems, seconds, short};
use crate::shim::visible;

/// How many changes of a kind are shown.
const SHOWN: usize = 5;

/// The plan as text.
#[must_use]
pub fn plan(plan: &Plan, view: View) -> String {
    let parts = [
        headline(plan, view),
        changes(&plan.changes, view),
        verticals(plan, view),
        contracts(plan, view),
        terms(plan, view),
        problems::problems(plan.problems(), view),
        next(view, &plan.next),
    ];
    parts.concat()
}

fn version(version: Option<&semver::Version>) -> String {
    version.map_or_else(|| "unknown".to_owned(), |v| visible(&v.to_string()))
}

fn headline(plan: &Plan, view: View) -> String {
    let what = match plan.kind {
        Kind::Upgrade => "upgrade",
        Kind::Rollback => "rollback",
    };
    let (from, to) = (&plan.from, &plan.to);
    let way = format!(
        "{} → {}",
        version(from.version.as_ref()),
        version(to.version.as_ref())
    );
    let mut out = format!(
        "{what} {}   channel {}   {}\n",
        view.paint.bold(&way),
        plan.channel,
        view.paint.answer(plan.answer)
    );
    let end = |end: &vit_contract::plan::End| {
        format!(
            "{} {}",
            short(&end.position.commit),
            branch(end.position.branch.as_deref())
        )
    };
    let mut line = format!("{} → {}", end(from), end(to));
    if let Some(tag) = &plan.target_tag {
        line.push_str(&format!(" at {}", visible(tag)));
    }
    line.push_str(&format!(", {} change", count(plan.files_changed, "file")));
    if plan.files_changed == 1 {
        line.push('s');
    }
    out.push_str(&format!("  {}\n", view.paint.dim(&line)));
    out
}

/// The kinds of changes, worst first.
fn kinds(release: &ReleaseChanges) -> [(&'static str, fn(Paint, &str) -> String, &[Change]); 5] {
    let changes = &release.changes;
    [
        ("breaking", Paint::red, &changes.breaking),
        ("deprecated", Paint::yellow, &changes.deprecated),
        ("features", Paint::green, &changes.features),
        ("fixes", Paint::bold, &changes.fixes),
        ("documentation", Paint::dim, &changes.documentation),
    ]
}

fn changes(releases: &[ReleaseChanges], view: View) -> String {
    let mut out = String::new();
    for release in releases {
        if release.changes.is_empty() {
            continue;
        }
        let name = visible(&release.version.to_string());
        out.push_str(&format!("\nchanges in {}\n", view.paint.bold(&name)));
        for (kind, paint, list) in kinds(release) {
            if list.is_empty() {
                continue;
            }
            out.push_str(&format!("  {}\n", paint(view.paint, kind)));
            for change in list.iter().take(SHOWN) {
                out.push_str(&format!("    - {}\n", one_change(change, view)));
            }
            if let Some(more) = list.len().checked_sub(SHOWN).filter(|&more| more > 0) {
                let line = format!("    +{more} more, all with --json");
                out.push_str(&format!("{}\n", view.paint.dim(&line)));
            }
        }
        if let Some(url) = &release.migration_guide_url {
            out.push_str(&format!("  migration guide: {}\n", visible(url)));
        }
    }
    out
}

fn one_change(change: &Change, view: View) -> String {
    let mut text = visible(&change.text);
    if let Some(removal) = &change.removal {
        text.push_str(&format!(" (removed in {})", visible(removal)));
    }
    if let Some(id) = &change.id {
        let id = format!(" [{}]", visible(id));
        text.push_str(&view.paint.dim(&id));
    }
    text
}

fn verticals(plan: &Plan, view: View) -> String {
    if plan.verdict.verticals.is_empty() {
        return "\nno vertical is declared: nothing is smoke-tested\n".to_owned();
    }
    let mut table = Table::new(&["vertical", "answer", "smoke test"]).indent(2);
    for vertical in &plan.verdict.verticals {
        let test = plan
            .smoke_tests
            .iter()
            .find(|test| test.vertical == vertical.vertical);
        let test = test.map_or_else(
            || Cell::new("none").paint(Paint::dim),
            |test| Cell::new(format!("at most {}", seconds(test.timeout_seconds.into()))),
        );
        table.row(vec![
            Cell::new(&vertical.vertical),
            answer_cell(vertical.answer),
            test,
        ]);
    }
    format!("\n{}", table.draw(view))
}

fn contracts(plan: &Plan, view: View) -> String {
    if plan.contracts.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["contract", "in the target", "used by"]).indent(2);
    for contract in &plan.contracts {
        let state = match contract.state {
            ContractState::Exported => Cell::new("exported").paint(Paint::green),
            ContractState::Missing => Cell::new("missing").paint(Paint::red),
            ContractState::Unknown => Cell::new("unknown").paint(Paint::yellow),
        };
        table.row(vec![
            Cell::new(&contract.contract),
            state,
            Cell::new(names(&contract.used_by, "nobody")),
        ]);
    }
    format!("\n{}", table.draw(view))
}

/// Time, disk, risk, the way back: what a yes depends on.
fn terms(plan: &Plan, view: View) -> String {
    let basis = match plan.duration.basis {
        EstimateBasis::History => "from earlier upgrades here",
        EstimateBasis::Estimate => "an estimate: nothing was measured here yet",
    };
    let label = |name: &str| Cell::new(name).paint(Paint::dim);
    let mut table = Table::bare(0);
    let time = format!("about {} ({basis})", seconds(plan.duration.seconds));
    table.row(vec![label("time"), Cell::new(time)]);
    let disk = format!(
        "{} needed, {} free",
        bytes(plan.disk.needed_bytes),
        bytes(plan.disk.free_bytes)
    );
    table.row(vec![label("disk"), Cell::new(disk)]);
    let (risk, paint): (_, fn(Paint, &str) -> String) = match plan.risk.level {
        RiskLevel::Low => ("low", Paint::green),
        RiskLevel::Medium => ("medium", Paint::yellow),
        RiskLevel::High => ("HIGH", Paint::red),
    };
    table.row(vec![label("risk"), Cell::new(risk).paint(paint)]);
    for reason in &plan.risk.reasons {
        table.row(vec![label(""), Cell::new(format!("- {reason}"))]);
    }
    for (index, step) in plan.rollback.iter().enumerate() {
        let name = if index == 0 { "way back" } else { "" };
        let step = format!("{}. {step}", index + 1);
        table.row(vec![label(name), Cell::new(step)]);
    }
    for accepted in &plan.accepted {
        let subjects = names(&accepted.subjects, "nothing");
        let text = format!("{} for {subjects}", accepted.code);
        table.row(vec![label("accepted"), Cell::new(text)]);
    }
    // These lines are read, not scanned: nothing of them is cut.
    let whole = View {
        width: None,
        ..view
    };
    format!("\n{}", table.draw(whole))
}

/// Why a plan cannot be carried out, as a sentence; for the line after a blocked plan.
#[must_use]
pub fn refusal(plan: &Plan) -> Option<String> {
    (plan.answer == Answer::Blocked).then(|| {
        let number = plan.problems().filter(|problem| problem.blocks()).count();
        let verb = if number == 1 { "blocks" } else { "block" };
        format!("nothing was changed: {} {verb}", count(number, "problem"))
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn an_upgrade_with_warnings() {
        assert_snapshot!(plan(&samples::plan(), View::default()), @"");
    }

    #[test]
    fn a_blocked_plan_names_files_and_commands() {
        assert_snapshot!(plan(&samples::blocked_plan(), View::default()), @"");
        assert_eq!(
            refusal(&samples::blocked_plan()).as_deref(),
            Some("nothing was changed: 2 problems block")
        );
        assert_eq!(refusal(&samples::plan()), None);
    }

    #[test]
    fn in_colour_on_a_narrow_terminal() {
        let view = View {
            paint: Paint { color: true },
            width: Some(60),
        };
        let drawn = plan(&samples::plan(), view).replace('\u{1b}', "^");
        assert_snapshot!(drawn, @"");
    }
}
