//! Every release on the way that breaks something says how to migrate.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope, guide, way_metadata};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "migration_guide",
    codes: &[Code::MigrationGuideMissing],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    for (release, metadata) in way_metadata(case) {
        let Some(first) = metadata.changes.breaking.first() else {
            continue;
        };
        if guide(metadata).is_some() {
            continue;
        }
        let more = metadata.changes.breaking.len() - 1;
        let others = if more == 0 {
            String::new()
        } else {
            format!(" (and {more} more)")
        };
        out.push(
            Problem::new(
                Code::MigrationGuideMissing,
                &release.tag,
                format!(
                    "{} breaks something and has no migration guide",
                    release.tag
                ),
            )
            .evidence(format!("breaking: {}{others}", first.text))
            .hint(
                Who::Core,
                format!(
                    "publish migration_guide_url in the metadata of {}",
                    release.tag
                ),
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, change, release};

    #[test]
    fn holds_with_a_guide_or_nothing_broken() {
        let mut world = World::new("1.3.0");
        assert_eq!(world.release_codes(), []);
        world.metadata().changes.breaking = vec![change(None, "x")];
        world.metadata().migration_guide_url = Some("https://example.org/1.3".into());
        assert_eq!(world.release_codes(), []);
    }

    #[test]
    fn every_release_on_the_way_needs_one() {
        let mut world = World::new("1.3.0");
        world.metadata().changes.breaking = vec![change(None, "x"), change(None, "y")];
        world.metadata().migration_guide_url = Some("  ".into());
        let mut between = release("1.2.0");
        between.metadata.as_mut().unwrap().changes.breaking = vec![change(None, "z")];
        world.before.push(between);
        let subjects: Vec<String> = world
            .judge()
            .release
            .into_iter()
            .map(|p| format!("{} {}", p.code, p.subject))
            .collect();
        assert_eq!(
            subjects,
            [
                "migration_guide_missing v1.2.0",
                "migration_guide_missing v1.3.0"
            ]
        );
    }

    #[test]
    fn the_readers_word_on_the_target_is_not_repeated() {
        let mut world = World::new("1.3.0");
        world.metadata().changes.breaking = vec![change(None, "x")];
        let mut between = release("1.2.0");
        between.metadata.as_mut().unwrap().changes.breaking = vec![change(None, "z")];
        world.before.push(between);
        let read = Problem::new(Code::MigrationGuideMissing, "releases.json", "x");
        world.target().problems.push(read);
        let subjects: Vec<String> = world
            .judge()
            .release
            .into_iter()
            .map(|p| p.subject)
            .collect();
        assert_eq!(subjects, ["releases.json", "v1.2.0"]);
    }
}
