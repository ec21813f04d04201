//! The target lies within the vertical's `min_core_version ..= max_core_version`.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::range::Fit;
use vit_contract::vertical::VerticalManifest;

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope, with_guide};

pub(super) const RULE: Rule = Rule {
    name: "core_range",
    codes: &[Code::CoreBelowMinimum, Code::CoreAboveMaximum],
    scope: Scope::Manifest(check),
};

fn check(case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    let range = &manifest.compatibility.core;
    let target = &case.target.version;
    let name = manifest.domain_name.as_str();
    let evidence = format!("target {target}, accepted range {range}");
    match range.fit(target) {
        Fit::Inside => {}
        Fit::Below => out.push(
            Problem::new(
                Code::CoreBelowMinimum,
                name,
                format!("Core {target} is below min_core_version {}", range.min),
            )
            .evidence(evidence)
            .hint(
                Who::You,
                format!("choose a target of {} or newer", range.min),
            ),
        ),
        Fit::Above => out.push(with_guide(
            Problem::new(
                Code::CoreAboveMaximum,
                name,
                format!("Core {target} is above max_core_version {}", range.max),
            )
            .evidence(evidence)
            .hint(
                Who::VerticalOwner,
                format!("test the vertical against Core {target}, then raise max_core_version"),
            ),
            case.target,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, codes};

    #[test]
    fn holds_inside_the_bounds() {
        for (min, max, target) in [
            ("1.0.0", "2.x.x", "1.5.0"),
            ("1.0.0", "1.5.x", "1.4.0"),
            ("1.0.0", "1.4.0", "1.4.0"),
        ] {
            let mut world = World::new(target);
            world.manifest().compatibility.core = crate::compat::fixture::range(min, max);
            assert_eq!(world.vertical_codes(), [], "{min}..={max} {target}");
        }
    }

    /// CASES.md 4 and 5: pre-releases stand outside both ends.
    #[test]
    fn case_04_pre_releases_outside_both_ends() {
        for (min, max, target, code) in [
            ("1.0.0", "1.x.x", "2.0.0-beta.1", Code::CoreAboveMaximum),
            ("2.0.0", "2.x.x", "2.0.0-beta.1", Code::CoreBelowMinimum),
            (
                "1.0.0",
                "1.0.0-experimental.1",
                "1.0.0",
                Code::CoreAboveMaximum,
            ),
        ] {
            let mut world = World::new(target);
            world.manifest().compatibility.core = crate::compat::fixture::range(min, max);
            world.case_channel = vit_contract::channel::Channel::Canary;
            let verdict = world.judge();
            assert_eq!(codes(&verdict.verticals[0].problems), [code], "{target}");
        }
    }
}
