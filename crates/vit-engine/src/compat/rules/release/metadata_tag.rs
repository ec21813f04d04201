//! The metadata is about the version that the tag names.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "metadata_tag",
    codes: &[Code::MetadataVersionMismatch],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    let release = case.target;
    let Some(metadata) = &release.metadata else {
        return;
    };
    if metadata.version == release.version {
        return;
    }
    out.push(
        Problem::new(
            Code::MetadataVersionMismatch,
            &release.tag,
            format!(
                "the metadata of {} is about {}",
                release.tag, metadata.version
            ),
        )
        .evidence(format!(
            "tag {}, metadata {}",
            release.tag, metadata.version
        ))
        .hint(
            Who::Core,
            format!("publish the metadata of {} under its tag", release.version),
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, version};

    #[test]
    fn holds_for_the_same_version() {
        assert_eq!(World::new("9.9.9").release_codes(), []);
    }

    #[test]
    fn case_07_metadata_of_another_version_blocks() {
        let mut world = World::new("9.9.9");
        world.metadata().version = version("1.0.0");
        assert_eq!(world.release_codes(), [Code::MetadataVersionMismatch]);
    }
}
