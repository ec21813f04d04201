//! A derogation whose day is past no longer counts, and says so.

use jiff::tz::TimeZone;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::vertical::VerticalManifest;

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope};

pub(super) const RULE: Rule = Rule {
    name: "derogations",
    codes: &[Code::DerogationExpired],
    scope: Scope::Manifest(check),
};

fn check(case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    for derogation in &manifest.derogations {
        let last = TimeZone::UTC.to_datetime(derogation.expiry_utc).date();
        if last >= case.today {
            continue;
        }
        out.push(
            Problem::new(
                Code::DerogationExpired,
                manifest.domain_name.as_str(),
                format!("derogation `{}` expired on {last}", derogation.id),
            )
            .evidence(format!(
                "expiry_utc {}, owner {}, reason: {}",
                derogation.expiry_utc, derogation.owner, derogation.reason
            ))
            .hint(
                Who::VerticalOwner,
                format!(
                    "carry out its plan ({}), then remove it, or renew it",
                    derogation.remediation_plan
                ),
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use vit_contract::vertical::Derogation;

    use super::*;
    use crate::compat::fixture::World;

    fn found(expiry: &str) -> Vec<Code> {
        let mut world = World::new("1.2.0");
        world.today = "2026-06-02".parse().unwrap();
        world.manifest().derogations.push(Derogation {
            id: "D-1".into(),
            reason: "legacy bus".into(),
            owner: "team".into(),
            expiry_utc: expiry.parse().unwrap(),
            remediation_plan: "port it".into(),
        });
        world.vertical_codes()
    }

    #[test]
    fn holds_through_its_last_day() {
        assert_eq!(found("2026-06-02T00:00:00Z"), []);
        assert_eq!(found("2027-01-01T00:00:00Z"), []);
    }

    #[test]
    fn warns_from_the_day_after() {
        assert_eq!(found("2026-06-01T23:59:59Z"), [Code::DerogationExpired]);
    }
}
