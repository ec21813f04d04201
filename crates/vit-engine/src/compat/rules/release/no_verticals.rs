//! An installation that declares no vertical is told that nothing was judged.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "no_verticals",
    codes: &[Code::NoVerticals],
    scope: Scope::Release(check),
};

fn check(_case: &Case<'_>, verticals: &[Vertical], out: &mut Vec<Problem>) {
    if verticals.is_empty() {
        out.push(
            Problem::new(
                Code::NoVerticals,
                "installation",
                "no vertical is declared: nothing is judged and nothing is smoke-tested",
            )
            .hint(
                Who::VerticalOwner,
                "add a vertical_manifest.yaml to the vertical's folder",
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    #[test]
    fn holds_with_one() {
        assert_eq!(World::new("1.2.0").release_codes(), []);
    }

    #[test]
    fn tells_when_there_is_none() {
        let mut world = World::new("1.2.0");
        world.verticals.clear();
        assert_eq!(world.release_codes(), [Code::NoVerticals]);
        assert!(!world.judge().problems().any(Problem::blocks));
    }
}
