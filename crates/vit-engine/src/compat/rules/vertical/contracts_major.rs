//! The target's contracts have the major that the vertical is written against.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::vertical::VerticalManifest;

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope, with_guide};

pub(super) const RULE: Rule = Rule {
    name: "contracts_major",
    codes: &[Code::ContractsMajorMismatch],
    scope: Scope::Manifest(check),
};

fn check(case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    let offered = case
        .target
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.contracts_version.as_ref());
    let Some(offered) = offered else {
        return; // told once for the release, by `contracts_version`
    };
    let wanted = manifest.compatibility.contracts_major;
    if offered.major == wanted {
        return;
    }
    let problem = Problem::new(
        Code::ContractsMajorMismatch,
        manifest.domain_name.as_str(),
        format!("contracts {offered} do not have major {wanted}"),
    )
    .evidence(format!(
        "contracts_version {offered} in {}, contracts_major {wanted} in the manifest",
        case.target.tag
    ))
    .hint(
        Who::VerticalOwner,
        format!(
            "port the vertical to contracts {}, then set contracts_major: {}",
            offered.major, offered.major
        ),
    );
    out.push(with_guide(problem, case.target));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, version};

    #[test]
    fn holds_on_the_same_major() {
        let mut world = World::new("1.2.0");
        world.metadata().contracts_version = Some(version("1.9.3"));
        assert_eq!(world.vertical_codes(), []);
    }

    #[test]
    fn case_06_another_major_blocks() {
        let mut world = World::new("1.2.0");
        world.metadata().contracts_version = Some(version("2.0.0"));
        assert_eq!(world.vertical_codes(), [Code::ContractsMajorMismatch]);
    }
}
