//! The target's contracts package exports every name that the vertical says it uses.

use std::collections::BTreeSet;

use vit_contract::code::Code;
use vit_contract::plan::ContractState;
use vit_contract::problem::{Problem, Who};
use vit_contract::vertical::VerticalManifest;

use crate::compat::Case;
use crate::compat::rules::{Rule, Scope, with_guide};
use crate::contracts;

pub(super) const RULE: Rule = Rule {
    name: "contracts_used",
    codes: &[Code::ContractNotExported],
    scope: Scope::Manifest(check),
};

fn check(case: &Case<'_>, manifest: &VerticalManifest, out: &mut Vec<Problem>) {
    let used: BTreeSet<&str> = manifest.contracts_used.iter().map(String::as_str).collect();
    for contract in used {
        match contracts::lookup(case.exports, contract) {
            ContractState::Exported | ContractState::Unknown => {}
            ContractState::Missing => out.push(with_guide(
                Problem::new(
                    Code::ContractNotExported,
                    manifest.domain_name.as_str(),
                    format!("`{contract}` is not exported by the target's contracts"),
                )
                .evidence(format!(
                    "contracts of {} as read from source",
                    case.target.tag
                ))
                .hint(
                    Who::VerticalOwner,
                    format!("move to what replaces `{contract}`, then correct contracts_used"),
                ),
                case.target,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::{World, exports};

    fn found(used: &[&str]) -> Vec<Code> {
        let mut world = World::new("1.2.0");
        world.exports = exports(
            &[
                ("contracts", &["GraphPlugin", "events", "loose"]),
                ("contracts.events", &["Bus"]),
                ("contracts.loose", &[]),
            ],
            &["contracts.loose"],
        );
        world.manifest().contracts_used = used.iter().map(|&name| name.to_owned()).collect();
        world.vertical_codes()
    }

    #[test]
    fn holds_for_names_deeper_names_and_open_modules() {
        let used = [
            "contracts.GraphPlugin",
            "vitruvyan_core.contracts.GraphPlugin",
            "contracts.events",
            "contracts.events.Bus",
            "contracts.loose.Anything",
        ];
        assert_eq!(found(&used), []);
    }

    #[test]
    fn missing_names_block_once_each() {
        assert_eq!(
            found(&["contracts.Gone", "contracts.Gone", "contracts.events.Gone"]),
            [Code::ContractNotExported, Code::ContractNotExported]
        );
    }
}
