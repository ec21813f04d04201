//! A manifest that cannot be used blocks under its own name and hides no other vertical.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "manifest",
    codes: &[Code::FileUnreadable],
    scope: Scope::Vertical(check),
};

/// The reader's problems are passed through by `judge`; this is the net under it, so that a
/// manifest without a value never passes for a vertical without problems.
fn check(_case: &Case<'_>, vertical: &Vertical, out: &mut Vec<Problem>) {
    if vertical.manifest.is_some() || vertical.problems.iter().any(Problem::blocks) {
        return;
    }
    out.push(
        Problem::new(
            Code::FileUnreadable,
            &vertical.manifest_path,
            "the manifest cannot be used",
        )
        .hint(Who::VerticalOwner, correct(vertical)),
    );
}

/// Gives a blocking problem of a vertical that comes without advice the one that always holds.
pub(in crate::compat) fn complete(problem: &mut Problem, vertical: &Vertical) {
    if !problem.blocks() {
        return;
    }
    if problem.hint.is_none() {
        problem.hint = Some(correct(vertical));
    }
    problem.who.get_or_insert(Who::VerticalOwner);
}

fn correct(vertical: &Vertical) -> String {
    format!("correct {}", vertical.manifest_path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, range};

    #[test]
    fn holds_for_a_manifest_with_warnings() {
        let mut world = World::new("1.2.0");
        world.verticals[0].problems = vec![Problem::new(Code::ContactNotEmail, "finance", "x")];
        assert_eq!(world.vertical_codes(), [Code::ContactNotEmail]);
        assert!(!world.judge().problems().any(Problem::blocks));
    }

    /// CASES.md 18: one invalid manifest does not hide the incompatible others.
    #[test]
    fn case_18_an_unusable_manifest_blocks_beside_the_others() {
        let mut world = World::new("2.0.0");
        world.manifest().compatibility.core = range("1.0.0", "1.x.x");
        world.add("energy");
        world.verticals[1].manifest = None;
        world.verticals[1].problems = vec![Problem::new(Code::UnquotedVersion, "e", "1.0")];
        let verdict = world.judge();
        let seen: Vec<_> = verdict
            .verticals
            .iter()
            .map(|v| (v.vertical.as_str(), v.problems[0].code))
            .collect();
        assert_eq!(
            seen,
            [
                (
                    "domains/energy/vertical_manifest.yaml",
                    Code::UnquotedVersion
                ),
                ("finance", Code::CoreAboveMaximum),
            ]
        );
        let advice = &verdict.verticals[0].problems[0];
        assert_eq!(
            advice.hint.as_deref(),
            Some("correct domains/energy/vertical_manifest.yaml")
        );
    }

    #[test]
    fn an_unusable_manifest_without_a_reason_still_blocks() {
        let mut world = World::new("1.2.0");
        world.verticals[0].manifest = None;
        assert_eq!(world.vertical_codes(), [Code::FileUnreadable]);
    }
}
