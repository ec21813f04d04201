//! A vertical that is on its way out or being tried says so, because its problems do not block.
//!
//! A draft's own note (`status_draft`) comes from the manifest's reader.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::vertical::{Status, VerticalManifest};

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope};

pub(super) const RULE: Rule = Rule {
    name: "lifecycle",
    codes: &[Code::VerticalDeprecated, Code::VerticalExperimental],
    scope: Scope::Manifest(check),
};

fn check(_case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    let (code, message) = match manifest.status {
        Status::Active | Status::Draft => return,
        Status::Deprecated => (
            Code::VerticalDeprecated,
            "the vertical is deprecated: its problems warn and do not block",
        ),
        Status::Experimental => (
            Code::VerticalExperimental,
            "the vertical is experimental: its problems are shown and do not block",
        ),
    };
    out.push(
        Problem::new(code, manifest.domain_name.as_str(), message)
            .evidence(format!("status: {}", manifest.status.as_str()))
            .hint(
                Who::VerticalOwner,
                "set status: active where its problems should block",
            ),
    );
}

#[cfg(test)]
mod tests {
    use vit_contract::problem::Severity;
    use vit_contract::verdict::Answer;

    use super::*;
    use crate::compat::fixture::{World, range};

    #[test]
    fn holds_for_an_active_one() {
        assert_eq!(World::new("1.2.0").vertical_codes(), []);
    }

    #[test]
    fn case_20_deprecated_warns_active_blocks_experimental_and_draft_are_shown() {
        for (status, code, severity, answer) in [
            (Status::Active, None, Severity::Blocked, Answer::Blocked),
            (
                Status::Deprecated,
                Some(Code::VerticalDeprecated),
                Severity::Warning,
                Answer::CompatibleWithWarnings,
            ),
            (
                Status::Experimental,
                Some(Code::VerticalExperimental),
                Severity::Info,
                Answer::Compatible,
            ),
            (Status::Draft, None, Severity::Info, Answer::Compatible),
        ] {
            let mut world = World::new("2.0.0");
            world.manifest().status = status;
            world.manifest().compatibility.core = range("1.0.0", "1.x.x");
            let verdict = world.judge();
            let problems = &verdict.verticals[0].problems;
            let expected: Vec<Code> = [Some(Code::CoreAboveMaximum), code]
                .into_iter()
                .flatten()
                .collect();
            assert_eq!(
                problems.iter().map(|p| p.code).collect::<Vec<_>>(),
                expected
            );
            assert!(problems.iter().all(|p| p.severity == severity));
            assert_eq!(verdict.answer, answer, "{}", status.as_str());
        }
    }
}
