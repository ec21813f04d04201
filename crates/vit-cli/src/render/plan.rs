//! A plan, short enough to be read before a yes.

use vit_contract::duration;
use vit_contract::output::Source;
use vit_contract::plan::{
    ContractState, EstimateBasis, Kind, Plan, ReleaseChanges, RiskLevel, Step, Strategy,
};
use vit_contract::release::Change;
use vit_contract::text::visible;
use vit_contract::verdict::Answer;

use super::rehearsal;
use super::source::{is_fresh, source};
use super::table::{Cell, Table};
use super::update::answer_cell;
use super::{
    Coloring, Paint, View, branch, bytes, count, environment, names, next, problems, seconds,
    short, steps,
};

/// How many changes of a kind are shown.
const SHOWN: usize = 5;

/// The plan as text, with the next command to type.
#[must_use]
pub fn plan(plan: &Plan, view: View) -> String {
    let mut out = without_next(plan, view);
    out.push_str(&next(view, &plan.next));
    out
}

/// The plan as text where it is about to be carried out: nothing is to be typed.
#[must_use]
pub fn without_next(plan: &Plan, view: View) -> String {
    let parts = [
        headline(plan, view),
        changes(&plan.changes, view),
        verticals(plan, view),
        contracts(plan, view),
        steps::own_steps(plan, view),
        rehearsal::rehearsal(plan, view),
        terms(plan, view),
        problems::problems(plan.problems(), view),
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
        Kind::Repair => "repair",
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
    let tag = plan.target_tag.as_deref().map(visible);
    let mut line = match (plan.strategy, &tag) {
        (Strategy::Package, Some(tag)) => pinned(plan, &end(from), tag),
        (Strategy::Merge, Some(tag)) => merged(plan, &end(from), tag),
        (Strategy::Submodule, Some(tag)) => moved(plan, &end(from), tag),
        (_, Some(tag)) => format!("{} → {} at {tag}", end(from), end(to)),
        (_, None) => format!("{} → {}", end(from), end(to)),
    };
    // What a merge or an edit that does not go would change is not known.
    if !matches!(plan.strategy, Strategy::Merge | Strategy::Package)
        || plan.answer != Answer::Blocked
    {
        line.push_str(&format!(", {} change", count(plan.files_changed, "file")));
        if plan.files_changed == 1 {
            line.push('s');
        }
    }
    out.push_str(&format!("  {}\n", view.paint.dim(&line)));
    for edit in &plan.pins {
        let (from, to) = (pin(&edit.from), pin(&edit.to));
        out.push_str(&format!("  edits {}: {from} → {to}\n", visible(&edit.file)));
    }
    if let Some(signed_by) = &plan.signed_by {
        let line = format!("signed by {}", visible(&signed_by.to_string()));
        out.push_str(&format!("  {line}\n"));
    }
    if !plan.then.is_empty() {
        let then: Vec<String> = plan.then.iter().map(ToString::to_string).collect();
        let line = format!(
            "then → {}: there is no direct way; each is an upgrade of its own, proven before the next",
            names(&then, "").replace(", ", " → ")
        );
        out.push_str(&format!("  {line}\n"));
    }
    // Asked just now is what one expects.
    let old = |from: &&Source| view.verbose || !is_fresh(from, plan.created);
    if let Some(from) = plan.source.as_ref().filter(old) {
        let line = format!("releases from {}", source(from, plan.created, view));
        out.push_str(&format!("  {}\n", view.paint.dim(&line)));
    }
    if let Some(reason) = &plan.retry_reason {
        let line = format!("tried again: {}", visible(reason));
        out.push_str(&format!("  {}\n", view.paint.yellow(&line)));
    }
    out
}

/// What a pin names: a commit is abbreviated.
fn pin(text: &str) -> String {
    if text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        short(text)
    } else {
        visible(text)
    }
}

/// New pins are one commit; what blocks them was found without making it.
fn pinned(plan: &Plan, from: &str, tag: &str) -> String {
    let name = branch(plan.to.position.branch.as_deref());
    if plan.answer == Answer::Blocked {
        return format!("{from}, {tag} to be pinned");
    }
    let commit = short(&plan.to.position.commit);
    format!("{from} → {commit} {name}, {tag} pinned as one commit")
}

/// A merge adds one commit to the branch; what blocks it was found without making that commit.
fn merged(plan: &Plan, from: &str, tag: &str) -> String {
    let name = branch(plan.to.position.branch.as_deref());
    if plan.answer == Answer::Blocked {
        return format!("{from}, {tag} to be merged into {name}");
    }
    let commit = short(&plan.to.position.commit);
    format!("{from} → {commit}, {tag} merged into {name} as one commit")
}

/// A submodule's pointer moves with one commit.
fn moved(plan: &Plan, from: &str, tag: &str) -> String {
    let path = plan.steps.iter().find_map(|step| match step {
        Step::SwitchSubmodule(switch) => Some(visible(&switch.path)),
        _ => None,
    });
    let path = path.unwrap_or_else(|| "Core".to_owned());
    let commit = short(&plan.to.position.commit);
    let name = branch(plan.to.position.branch.as_deref());
    format!("{from} → {commit} {name}, the submodule {path} at {tag}")
}

/// The kinds of changes, worst first.
fn kinds(release: &ReleaseChanges) -> [(&'static str, Coloring, &[Change]); 5] {
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
    if plan.kind != Kind::Upgrade {
        return smoke_tests(plan, view);
    }
    // That there is none is a problem of its own and a reason of the risk.
    if plan.verdict.verticals.is_empty() {
        return String::new();
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

/// A way back judges nobody; its smoke tests tell, they do not decide.
fn smoke_tests(plan: &Plan, view: View) -> String {
    if plan.smoke_tests.is_empty() {
        return "\nno smoke test runs\n".to_owned();
    }
    let mut table = Table::new(&["vertical", "smoke test, told and not deciding"]).indent(2);
    for test in &plan.smoke_tests {
        let time = format!("at most {}", seconds(test.timeout_seconds.into()));
        table.row(vec![Cell::new(&test.vertical), Cell::new(time)]);
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
    if let Some(soak) = plan.soak_seconds {
        let text = format!(
            "the smoke tests repeat for {} after the upgrade; `vit confirm` ends that early",
            duration::text(soak)
        );
        table.row(vec![label("soak"), Cell::new(text)]);
    }
    let disk = format!(
        "{} needed, {} free",
        bytes(plan.disk.needed_bytes),
        bytes(plan.disk.free_bytes)
    );
    table.row(vec![label("disk"), Cell::new(disk)]);
    for (index, line) in environment::lines(plan).into_iter().enumerate() {
        let name = if index == 0 { "environment" } else { "" };
        table.row(vec![label(name), Cell::new(line)]);
    }
    let (risk, paint): (_, Coloring) = match plan.risk.level {
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
mod tests;
