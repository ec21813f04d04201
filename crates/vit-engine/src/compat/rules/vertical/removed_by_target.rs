//! Switching to the target does not take a vertical away.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "removed_by_target",
    codes: &[Code::VerticalRemovedByTarget],
    scope: Scope::Vertical(check),
};

fn check(case: &Case<'_>, vertical: &Vertical, out: &mut Vec<Problem>) {
    let removed =
        case.removed.contains(&vertical.manifest_path) || case.removed.contains(vertical.name());
    if !removed {
        return;
    }
    out.push(
        Problem::new(
            Code::VerticalRemovedByTarget,
            vertical.name(),
            format!("{} does not carry this vertical", case.target.tag),
        )
        .evidence(format!(
            "git tracks {} now; it is not in the tree of {}",
            vertical.manifest_path, case.target.tag
        ))
        .hint(
            Who::VerticalOwner,
            "keep the vertical in a repository of its own, or retire it before the upgrade",
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    #[test]
    fn holds_when_another_goes() {
        let mut world = World::new("1.2.0");
        world
            .removed
            .insert("domains/energy/vertical_manifest.yaml".into());
        assert_eq!(world.vertical_codes(), []);
    }

    #[test]
    fn blocks_by_path_or_name() {
        for key in ["domains/finance/vertical_manifest.yaml", "finance"] {
            let mut world = World::new("1.2.0");
            world.removed.insert(key.into());
            assert_eq!(world.vertical_codes(), [Code::VerticalRemovedByTarget]);
        }
    }
}
