//! What the releases on the way announce to go away is told, briefly.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Change;

use crate::compat::rules::{Rule, Scope, way_metadata, with_guide};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "deprecations",
    codes: &[Code::DeprecatedInRelease],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    for (release, metadata) in way_metadata(case) {
        for change in &metadata.changes.deprecated {
            let problem = Problem::new(
                Code::DeprecatedInRelease,
                &release.tag,
                match &change.removal {
                    Some(removal) => format!("deprecated, to be removed in {removal}"),
                    None => "deprecated".to_owned(),
                },
            )
            .evidence(text(change))
            .hint(Who::VerticalOwner, "stop using it before it is removed");
            out.push(with_guide(problem, release));
        }
    }
}

fn text(change: &Change) -> String {
    match &change.since {
        Some(since) => format!("{} (since {since})", change.text),
        None => change.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, change, release};

    #[test]
    fn holds_when_nothing_is_deprecated() {
        assert_eq!(World::new("1.2.0").release_codes(), []);
    }

    #[test]
    fn warns_for_every_release_on_the_way() {
        let mut world = World::new("1.3.0");
        let mut between = release("1.2.0");
        let mut old = change(None, "the v1 bus");
        old.removal = Some("2.0.0".into());
        between.metadata.as_mut().unwrap().changes.deprecated = vec![old];
        world.before.push(between);
        world.metadata().changes.deprecated = vec![change(None, "Foo")];
        let verdict = world.judge();
        let seen: Vec<_> = verdict
            .release
            .iter()
            .map(|p| (p.subject.as_str(), p.message.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("v1.2.0", "deprecated, to be removed in 2.0.0"),
                ("v1.3.0", "deprecated")
            ]
        );
        assert!(!verdict.problems().any(Problem::blocks));
    }
}
