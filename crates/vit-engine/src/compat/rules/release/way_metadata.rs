//! What the earlier releases on the way change is known; where it is not, somebody should look.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "way_metadata",
    codes: &[Code::MetadataMissing, Code::MetadataNotFetched],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    for release in case.way {
        // The target's own metadata is its reader's and its registry's word.
        if release.tag == case.target.tag || release.metadata.is_some() {
            continue;
        }
        let (code, who, hint) = if release.unread {
            let hint = "ask again without `--offline`".to_owned();
            (Code::MetadataNotFetched, Who::You, hint)
        } else {
            let hint = format!("publish metadata of {} that can be read", release.tag);
            (Code::MetadataMissing, Who::Core, hint)
        };
        let problem = Problem::new(
            code,
            &release.tag,
            format!("what {} changes on the way is not known", release.tag),
        )
        .hint(who, hint);
        let is_why = |p: &&Problem| p.blocks() || (release.unread && p.code == code);
        let why = release.problems.iter().find(is_why);
        out.push(match why.map(|why| (why, why.evidence.as_ref())) {
            // What the registry heard when it asked.
            Some((_, Some(heard))) if release.unread => problem.evidence(heard),
            Some((why, _)) => problem.evidence(&why.message),
            None => problem,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, release};

    #[test]
    fn holds_when_every_release_tells() {
        let mut world = World::new("1.3.0");
        world.before.push(release("1.2.0"));
        assert_eq!(world.release_codes(), []);
    }

    #[test]
    fn what_was_not_asked_for_is_not_said_to_be_missing() {
        let mut world = World::new("1.3.0");
        let mut between = release("1.2.0");
        between.metadata = None;
        between.unread = true;
        world.before.push(between);
        assert_eq!(world.release_codes(), [Code::MetadataNotFetched]);
        assert!(!world.judge().problems().any(Problem::blocks));
    }

    #[test]
    fn warns_of_a_silent_release_on_the_way() {
        let mut world = World::new("1.3.0");
        let mut between = release("1.2.0");
        between.metadata = None;
        world.before.push(between);
        assert_eq!(world.release_codes(), [Code::MetadataMissing]);
        assert!(!world.judge().problems().any(Problem::blocks));
    }
}
