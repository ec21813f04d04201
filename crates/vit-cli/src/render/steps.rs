//! The steps of the installation's own in a plan.

use vit_contract::plan::{CommandStep, Plan, Step, command_text};

use super::table::{Cell, Table};
use super::{Paint, View, seconds};

/// The steps in the order in which they run; nothing where there are none.
#[must_use]
pub fn own_steps(plan: &Plan, view: View) -> String {
    let steps: Vec<&CommandStep> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Command(command) => Some(command),
            _ => None,
        })
        .collect();
    if steps.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["steps", "command", "at most", "undo"]).indent(2);
    for step in steps {
        table.row(vec![
            Cell::new(name(step)),
            Cell::new(command_text(&step.run)),
            Cell::new(seconds(step.timeout_seconds.into())),
            match &step.undo {
                Some(undo) => Cell::new(command_text(undo)),
                None => Cell::new("cannot be undone").paint(Paint::red),
            },
        ]);
    }
    // What is about to be run is read whole before a yes.
    format!(
        "\n{}",
        table.draw(View {
            width: None,
            ..view
        })
    )
}

/// A step that is taken back is told with the upgrade that ran it.
fn name(step: &CommandStep) -> String {
    let name = step.own_name();
    match &step.origin {
        Some(origin) if step.backward => format!(
            "undo {name} ({} → {})",
            origin.from_version, origin.to_version
        ),
        Some(origin) => format!("{name} ({} → {})", origin.from_version, origin.to_version),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use vit_contract::plan::StepOrigin;

    use super::*;
    use crate::render::samples;

    #[test]
    fn case_30_every_step_is_shown_with_what_undoes_it() {
        let step = CommandStep {
            name: "migrate".into(),
            run: vec!["scripts/migrate".into(), "a \u{1b}[2J b".into()],
            undo: Some(vec![
                "/bin/sh".into(),
                "-c".into(),
                "scripts/migrate --back".into(),
            ]),
            verify: None,
            timeout_seconds: 300,
            leaves_processes: false,
            backward: false,
            origin: None,
        };
        let irreversible = CommandStep {
            name: "warm-up".into(),
            undo: None,
            ..step.clone()
        };
        let backward = CommandStep {
            name: "migrate@t1".into(),
            backward: true,
            origin: Some(StepOrigin {
                transaction: "t1".into(),
                from_version: "1.0.0".into(),
                to_version: "1.1.0".into(),
            }),
            ..step.clone()
        };
        let mut plan = samples::plan();
        plan.steps
            .extend([step, irreversible, backward].map(Step::Command));
        assert_snapshot!(own_steps(&plan, View::default()), @r"
        steps                         command                        at most  undo
        migrate                       scripts/migrate 'a \x1b[2J b'  5m 00s   scripts/migrate --back
        warm-up                       scripts/migrate 'a \x1b[2J b'  5m 00s   cannot be undone
        undo migrate (1.0.0 → 1.1.0)  scripts/migrate 'a \x1b[2J b'  5m 00s   scripts/migrate --back
        ");
    }
}
