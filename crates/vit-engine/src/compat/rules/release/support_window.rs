//! The target is supported today, and for three months more.

use jiff::ToSpan;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "support_window",
    codes: &[Code::SupportEnded, Code::SupportEnding],
    scope: Scope::Release(check),
};

/// How long before the end a warning begins.
const WARN_MONTHS: i32 = 3;

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    let until = case
        .target
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.support_until);
    let Some(until) = until else { return };
    let (code, message) = if until < case.today {
        (Code::SupportEnded, format!("support ended on {until}"))
    } else if until <= case.today.saturating_add(WARN_MONTHS.months()) {
        (Code::SupportEnding, format!("support ends on {until}"))
    } else {
        return;
    };
    out.push(
        Problem::new(code, &case.target.tag, message)
            .evidence(format!("support_until {until}, today {}", case.today))
            .hint(Who::You, "choose a release that is supported for longer"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    fn found(today: &str, until: &str) -> Vec<Code> {
        let mut world = World::new("1.2.0");
        world.today = today.parse().unwrap();
        world.metadata().support_until = Some(until.parse().unwrap());
        world.release_codes()
    }

    #[test]
    fn holds_for_longer_than_three_months() {
        assert_eq!(found("2026-01-31", "2026-05-01"), []);
    }

    #[test]
    fn the_last_day_is_still_supported() {
        assert_eq!(found("2026-02-01", "2026-01-31"), [Code::SupportEnded]);
        assert_eq!(found("2026-01-31", "2026-01-31"), [Code::SupportEnding]);
        assert_eq!(found("2026-01-31", "2026-04-30"), [Code::SupportEnding]);
    }
}
