//! Every breaking change on the way, not only the target's own, is in the vertical's allowlist.

use std::collections::HashSet;

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::{Change, Release};
use vit_contract::vertical::VerticalManifest;

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope, way_metadata, with_guide};

pub(super) const RULE: Rule = Rule {
    name: "breaking_changes",
    codes: &[Code::BreakingChange],
    scope: Scope::Manifest(check),
};

fn check(case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    let allowed: HashSet<&str> = manifest
        .compatibility
        .breaking_changes_allowlist
        .iter()
        .map(String::as_str)
        .collect();
    for (release, metadata) in way_metadata(case) {
        for change in &metadata.changes.breaking {
            let by_id = change.id.as_deref().is_some_and(|id| allowed.contains(id));
            if !by_id && !allowed.contains(change.text.as_str()) {
                out.push(with_guide(problem(manifest, release, change), release));
            }
        }
    }
}

fn problem(manifest: &VerticalManifest, release: &Release, change: &Change) -> Problem {
    let (message, entry) = match &change.id {
        Some(id) => (
            format!("breaking change `{id}` of {} is not accepted", release.tag),
            format!("`{id}`"),
        ),
        None => (
            format!("a breaking change of {} is not accepted", release.tag),
            "its exact text".to_owned(),
        ),
    };
    Problem::new(Code::BreakingChange, manifest.domain_name.as_str(), message)
        .evidence(format!("{}: {}", release.tag, change.text))
        .hint(
            Who::VerticalOwner,
            format!(
                "adapt the vertical, then add {entry} to compatibility.breaking_changes_allowlist"
            ),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, change, release};

    fn world() -> World {
        let mut world = World::new("1.3.0");
        let mut between = release("1.2.0");
        let metadata = between.metadata.as_mut().unwrap();
        metadata.changes.breaking = vec![change(Some("drop-v1"), "the v1 bus is gone")];
        metadata.migration_guide_url = Some("https://example.org/1.2".into());
        world.before.push(between);
        world.metadata().changes.breaking = vec![change(None, "renamed Foo")];
        world.metadata().migration_guide_url = Some("https://example.org/1.3".into());
        world
    }

    #[test]
    fn holds_when_allowed_by_id_or_text() {
        let mut world = world();
        world.manifest().compatibility.breaking_changes_allowlist =
            vec!["drop-v1".into(), "renamed Foo".into()];
        assert_eq!(world.vertical_codes(), []);
    }

    #[test]
    fn case_06_every_release_on_the_way_counts() {
        let problems = world().judge().verticals[0].problems.clone();
        let seen: Vec<_> = problems
            .iter()
            .map(|p| (p.evidence.as_deref().unwrap(), p.url.as_deref().unwrap()))
            .collect();
        assert_eq!(
            seen,
            [
                ("v1.3.0: renamed Foo", "https://example.org/1.3"),
                ("v1.2.0: the v1 bus is gone", "https://example.org/1.2"),
            ]
        );
    }

    #[test]
    fn a_part_of_the_text_is_not_enough() {
        let mut world = world();
        world.manifest().compatibility.breaking_changes_allowlist =
            vec!["drop-v".into(), "renamed".into()];
        assert_eq!(
            world.vertical_codes(),
            [Code::BreakingChange, Code::BreakingChange]
        );
    }

    #[test]
    fn going_down_has_no_way() {
        let mut world = world();
        world.down = true;
        assert_eq!(world.vertical_codes(), []);
    }
}
