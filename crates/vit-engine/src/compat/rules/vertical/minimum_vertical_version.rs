//! The vertical is at least as new as the target asks of it.

use std::cmp::Ordering;

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::vertical::VerticalManifest;

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope, with_guide};

pub(super) const RULE: Rule = Rule {
    name: "minimum_vertical_version",
    codes: &[Code::VerticalTooOld],
    scope: Scope::Manifest(check),
};

fn check(case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    let asked = case
        .target
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.minimum_vertical_version.get(&manifest.domain_name));
    let Some(asked) = asked else { return };
    let own = &manifest.domain_version;
    if own.cmp_precedence(asked) != Ordering::Less {
        return;
    }
    let name = manifest.domain_name.as_str();
    let problem = Problem::new(
        Code::VerticalTooOld,
        name,
        format!("{name} {own} is older than {asked}, which the target asks for"),
    )
    .evidence(format!(
        "minimum_vertical_version {asked} in {}, domain_version {own}",
        case.target.tag
    ))
    .hint(
        Who::VerticalOwner,
        format!("bring the vertical to {asked} or newer"),
    );
    out.push(with_guide(problem, case.target));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, name, version};

    fn found(own: &str, asked_of: &str, asked: &str) -> Vec<Code> {
        let mut world = World::new("1.2.0");
        world.manifest().domain_version = version(own);
        world
            .metadata()
            .minimum_vertical_version
            .insert(name(asked_of), version(asked));
        world.vertical_codes()
    }

    #[test]
    fn holds_for_the_same_newer_and_others() {
        assert_eq!(found("0.2.0", "finance", "0.2.0"), []);
        assert_eq!(found("0.10.0", "finance", "0.9.0"), []);
        assert_eq!(found("0.2.0", "energy", "9.0.0"), []);
        assert_eq!(found("0.2.0", "finance", "0.2.0+build.9"), []);
    }

    #[test]
    fn case_06_an_older_vertical_blocks() {
        assert_eq!(found("0.2.0", "finance", "0.3.0"), [Code::VerticalTooOld]);
        assert_eq!(
            found("0.3.0-beta.1", "finance", "0.3.0"),
            [Code::VerticalTooOld]
        );
    }
}
