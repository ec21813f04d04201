//! The target still offers every capability that the vertical requires.
//!
//! What the releases on the way say adds up: an earlier one's removal counts until a later one
//! lists the capability again; a release that lists nothing changes nothing.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::vertical::VerticalManifest;

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope, with_guide};

pub(super) const RULE: Rule = Rule {
    name: "capabilities",
    codes: &[Code::CapabilityMissing, Code::CapabilityRemoved],
    scope: Scope::Manifest(check),
};

fn check(case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    let way = if case.way.is_empty() {
        std::slice::from_ref(&case.target)
    } else {
        case.way
    };
    let name = manifest.domain_name.as_str();
    for capability in &manifest.compatibility.required_capabilities {
        let last = way
            .iter()
            .rev()
            .find_map(|release| say(release, capability));
        match last {
            None | Some(Said::Offered) => {}
            Some(Said::Removed(release)) => out.push(with_guide(
                Problem::new(
                    Code::CapabilityRemoved,
                    name,
                    format!("capability `{capability}` is removed by {}", release.tag),
                )
                .evidence(format!(
                    "removed_capabilities of {} names `{capability}`",
                    release.tag
                ))
                .hint(
                    Who::VerticalOwner,
                    "replace it, then take it out of compatibility.required_capabilities",
                ),
                release,
            )),
            Some(Said::Missing(release, offered)) => out.push(with_guide(
                Problem::new(
                    Code::CapabilityMissing,
                    name,
                    format!(
                        "capability `{capability}` is not offered by {}",
                        release.tag
                    ),
                )
                .evidence(format!(
                    "{} offers {}",
                    release.tag,
                    if offered.is_empty() {
                        "none".to_owned()
                    } else {
                        offered.join(", ")
                    }
                ))
                .hint(
                    Who::Core,
                    "offer it again, or list it in the release's capabilities",
                ),
                release,
            )),
        }
    }
}

enum Said<'a> {
    Offered,
    Removed(&'a Release),
    Missing(&'a Release, &'a [String]),
}

fn say<'a>(release: &'a Release, capability: &String) -> Option<Said<'a>> {
    let metadata = release.metadata.as_ref()?;
    if metadata.removed_capabilities.contains(capability) {
        return Some(Said::Removed(release));
    }
    let offered = metadata.capabilities.as_ref()?;
    Some(if offered.contains(capability) {
        Said::Offered
    } else {
        Said::Missing(release, offered)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, release};

    fn world() -> World {
        let mut world = World::new("1.3.0");
        world.manifest().compatibility.required_capabilities = vec!["bus".into()];
        world
    }

    #[test]
    fn holds_when_offered_or_not_told() {
        let mut world = world();
        assert_eq!(world.vertical_codes(), []);
        world.metadata().capabilities = Some(vec!["bus".into(), "graph".into()]);
        assert_eq!(world.vertical_codes(), []);
    }

    #[test]
    fn missing_and_removed_block() {
        let mut world = world();
        world.metadata().capabilities = Some(vec!["graph".into()]);
        assert_eq!(world.vertical_codes(), [Code::CapabilityMissing]);
        world.metadata().removed_capabilities = vec!["bus".into()];
        assert_eq!(world.vertical_codes(), [Code::CapabilityRemoved]);
    }

    #[test]
    fn a_removal_on_the_way_counts_until_it_is_offered_again() {
        let mut world = world();
        let mut between = release("1.2.0");
        between.metadata.as_mut().unwrap().removed_capabilities = vec!["bus".into()];
        world.before.push(between);
        assert_eq!(world.vertical_codes(), [Code::CapabilityRemoved]);
        world.metadata().capabilities = Some(vec!["bus".into()]);
        assert_eq!(world.vertical_codes(), []);
    }

    #[test]
    fn going_down_the_target_alone_counts() {
        let mut world = world();
        world.down = true;
        world.metadata().capabilities = Some(Vec::new());
        assert_eq!(world.vertical_codes(), [Code::CapabilityMissing]);
    }
}
