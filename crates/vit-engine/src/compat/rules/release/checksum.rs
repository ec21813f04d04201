//! The tag's commit is the one that the metadata names.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Checksum;

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "checksum",
    codes: &[Code::ChecksumMismatch, Code::ChecksumUnverifiable],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    let release = case.target;
    let checksum = release
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.checksum.as_ref());
    match (checksum, &release.commit) {
        (Some(Checksum::GitCommitSha(named)), Some(commit))
            if !named.eq_ignore_ascii_case(commit) =>
        {
            out.push(
                Problem::new(
                    Code::ChecksumMismatch,
                    &release.tag,
                    format!("{} is not the commit that its metadata names", release.tag),
                )
                .evidence(format!("metadata {named}, tag {commit}"))
                .hint(
                    Who::Core,
                    "say which of the two is right: correct the metadata or restore the tag",
                ),
            );
        }
        (Some(Checksum::Unverifiable(what)), _) => out.push(
            Problem::new(
                Code::ChecksumUnverifiable,
                &release.tag,
                "the metadata's checksum cannot be checked",
            )
            .evidence(what)
            .hint(Who::Core, "publish a checksum of type git_commit_sha"),
        ),
        // Without the commit's id there is nothing to compare: the objects are asked for elsewhere.
        (Some(Checksum::GitCommitSha(_)) | None, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    fn found(checksum: Checksum) -> Vec<Code> {
        let mut world = World::new("1.2.0");
        world.metadata().checksum = Some(checksum);
        world.release_codes()
    }

    #[test]
    fn holds_for_the_commit_in_either_case() {
        let commit = World::new("1.2.0").target().commit.clone().unwrap();
        assert_eq!(found(Checksum::GitCommitSha(commit.to_uppercase())), []);
        assert_eq!(World::new("1.2.0").release_codes(), []);
    }

    #[test]
    fn case_06_another_commit_blocks() {
        let other = "0".repeat(40);
        assert_eq!(
            found(Checksum::GitCommitSha(other)),
            [Code::ChecksumMismatch]
        );
    }

    #[test]
    fn what_cannot_be_checked_warns_once() {
        let checksum = Checksum::Unverifiable("sha256 TBD".into());
        assert_eq!(found(checksum.clone()), [Code::ChecksumUnverifiable]);
        let mut world = World::new("1.2.0");
        world.metadata().checksum = Some(checksum);
        let read = Problem::new(Code::ChecksumUnverifiable, "releases.json", "x");
        world.target().problems.push(read);
        assert_eq!(world.release_codes(), [Code::ChecksumUnverifiable]);
    }
}
