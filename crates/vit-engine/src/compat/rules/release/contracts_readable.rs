//! The target's contracts package can be read, if any vertical wants to know; said once.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};
use crate::contracts::Exports;

pub(super) const RULE: Rule = Rule {
    name: "contracts_readable",
    codes: &[Code::ContractsUnreadable],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, verticals: &[Vertical], out: &mut Vec<Problem>) {
    let Exports::Unreadable(why) = case.exports else {
        return;
    };
    let users: Vec<&str> = verticals
        .iter()
        .filter(|v| {
            v.manifest
                .as_ref()
                .is_some_and(|m| !m.contracts_used.is_empty())
        })
        .map(Vertical::name)
        .collect();
    if users.is_empty() {
        return;
    }
    out.push(
        Problem::new(
            Code::ContractsUnreadable,
            &case.target.tag,
            format!(
                "contracts_used of {} {} is not checked",
                users.len(),
                if users.len() == 1 {
                    "vertical"
                } else {
                    "verticals"
                }
            ),
        )
        .evidence(why)
        .hint(
            Who::You,
            "name the package's folder in vit.toml (contracts_package) if it has moved",
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    #[test]
    fn holds_when_nobody_asks() {
        let mut world = World::new("1.2.0");
        world.exports = Exports::Unreadable("no such folder".into());
        assert_eq!(world.release_codes(), []);
    }

    #[test]
    fn warns_once_for_all() {
        let mut world = World::new("1.2.0");
        world.add("energy");
        for vertical in &mut world.verticals {
            vertical.manifest.as_mut().unwrap().contracts_used = vec!["contracts.A".into()];
        }
        world.exports = Exports::Unreadable("no such folder".into());
        assert_eq!(world.release_codes(), [Code::ContractsUnreadable]);
        assert_eq!(world.vertical_codes(), []);
    }
}
