//! The target says which version its contracts have; said once, not once a vertical.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "contracts_version",
    codes: &[Code::ContractsVersionUnknown],
    scope: Scope::Release(check),
};

fn check(case: &Case<'_>, _verticals: &[Vertical], out: &mut Vec<Problem>) {
    let known = case
        .target
        .metadata
        .as_ref()
        .is_some_and(|metadata| metadata.contracts_version.is_some());
    // An unusable release has worse to say than this.
    if known || !case.target.is_usable() {
        return;
    }
    out.push(
        Problem::new(
            Code::ContractsVersionUnknown,
            &case.target.tag,
            "the release does not say its contracts version: contracts_major is not checked",
        )
        .hint(Who::Core, "publish the metadata with contracts_version"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    #[test]
    fn holds_where_it_is_said() {
        assert_eq!(World::new("1.2.0").release_codes(), []);
    }

    #[test]
    fn warns_once_however_many_verticals() {
        let mut world = World::new("1.2.0");
        world.add("energy");
        world.metadata().contracts_version = None;
        assert_eq!(world.release_codes(), [Code::ContractsVersionUnknown]);
        assert_eq!(world.vertical_codes(), []);
    }

    #[test]
    fn does_not_repeat_the_reader() {
        let mut world = World::new("1.2.0");
        world.metadata().contracts_version = None;
        let read = Problem::new(Code::ContractsVersionUnknown, "release_metadata.json", "x");
        world.target().problems.push(read);
        assert_eq!(world.release_codes(), [Code::ContractsVersionUnknown]);
    }
}
