//! The installed version is new enough for a direct upgrade to the target.

use std::cmp::Ordering;

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope, with_guide};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "requires_from",
    codes: &[Code::RequiresIntermediate],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    let wanted = case
        .target
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.requires_from.as_ref());
    let (Some(wanted), Some(installed)) = (wanted, case.installed) else {
        return;
    };
    if installed.cmp_precedence(wanted) != Ordering::Less {
        return;
    }
    let problem = Problem::new(
        Code::RequiresIntermediate,
        &case.target.tag,
        format!("there is no direct way from {installed}: {wanted} or newer comes first"),
    )
    .evidence(format!(
        "requires_from {wanted} in {}, installed {installed}",
        case.target.tag
    ))
    .hint(
        Who::You,
        format!("upgrade to a release from {wanted} on first: `vit why` lists them"),
    );
    out.push(with_guide(problem, case.target));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, version};

    fn found(installed: &str, wanted: &str) -> Vec<Code> {
        let mut world = World::new("2.0.0");
        world.installed = Some(version(installed));
        world.metadata().requires_from = Some(version(wanted));
        world.release_codes()
    }

    #[test]
    fn holds_from_the_version_on() {
        assert_eq!(found("1.5.0", "1.5.0"), []);
        assert_eq!(found("1.10.0", "1.9.0"), []);
        assert_eq!(found("1.5.0+build.1", "1.5.0+build.2"), []);
    }

    #[test]
    fn blocks_below_it() {
        assert_eq!(found("1.4.9", "1.5.0"), [Code::RequiresIntermediate]);
        assert_eq!(found("1.5.0-rc.1", "1.5.0"), [Code::RequiresIntermediate]);
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        let mut world = World::new("2.0.0");
        world.installed = None;
        world.metadata().requires_from = Some(version("1.5.0"));
        assert_eq!(world.release_codes(), []);
    }
}
