//! The target is not riskier than the channel in force; a target named explicitly only warns.

use vit_contract::channel::Channel;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Severity, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "channel",
    codes: &[Code::ChannelMismatch],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    let release = case.target;
    let (own, in_force) = (release.channel(), case.channel);
    if in_force.sees(own, release.lts()) {
        return;
    }
    let message = if in_force == Channel::Lts {
        "the release is not on the lts track, which is in force".to_owned()
    } else {
        format!("the release's channel {own} is riskier than {in_force}, which is in force")
    };
    let said = release.metadata.as_ref().map(|metadata| metadata.channel);
    let evidence = match said {
        Some(said) if said < own => format!(
            "{}: the metadata says {said}, the version's pre-release part says {own}",
            release.tag
        ),
        Some(_) | None => format!("{} is {own}", release.tag),
    };
    let mut problem = Problem::new(Code::ChannelMismatch, &release.tag, message)
        .evidence(evidence)
        .hint(
            Who::You,
            format!("choose a release that {in_force} sees, or `vit channel {own}`"),
        );
    if case.explicit {
        problem = problem.severity(Severity::Warning);
    }
    out.push(problem);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    fn world(version: &str, said: Channel, in_force: Channel) -> World {
        let mut world = World::new(version);
        world.metadata().channel = said;
        world.case_channel = in_force;
        world.verticals.clear();
        world
    }

    fn found(world: &World) -> Vec<(Code, Severity)> {
        world
            .judge()
            .release
            .iter()
            .filter(|p| p.code != Code::NoVerticals)
            .map(|p| (p.code, p.severity))
            .collect()
    }

    #[test]
    fn holds_at_or_below_the_risk() {
        use Channel::{Beta, Canary, Lts, Stable};
        for (version, said, in_force) in [
            ("1.2.0", Stable, Stable),
            ("1.2.0", Stable, Beta),
            ("1.2.0-beta.1", Beta, Canary),
            ("1.2.0", Lts, Lts),
            ("1.2.0", Lts, Stable),
        ] {
            assert_eq!(found(&world(version, said, in_force)), [], "{version}");
        }
    }

    #[test]
    fn case_04_a_pre_release_that_says_stable_is_not_stable() {
        let world = world("2.0.0-beta.1", Channel::Stable, Channel::Stable);
        assert_eq!(found(&world), [(Code::ChannelMismatch, Severity::Blocked)]);
    }

    #[test]
    fn riskier_blocks_and_an_explicit_target_warns() {
        let mut world = world("1.2.0", Channel::Canary, Channel::Beta);
        assert_eq!(found(&world), [(Code::ChannelMismatch, Severity::Blocked)]);
        world.explicit = true;
        assert_eq!(found(&world), [(Code::ChannelMismatch, Severity::Warning)]);
    }

    #[test]
    fn lts_is_a_track() {
        let mut world = world("1.2.0", Channel::Stable, Channel::Lts);
        assert_eq!(found(&world), [(Code::ChannelMismatch, Severity::Blocked)]);
        world.metadata().lts = true;
        assert_eq!(found(&world), []);
    }
}
