//! The vertical has a smoke test that can run, so that an upgrade is proven for it.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::rules::{Rule, Scope};
use crate::compat::{Case, SmokeTestFile, Vertical};

pub(super) const RULE: Rule = Rule {
    name: "smoke_test",
    codes: &[Code::SmokeTestMissing, Code::SmokeTestNotExecutable],
    scope: Scope::Vertical(check),
};

fn check(_case: &Case<'_>, vertical: &Vertical, out: &mut Vec<Problem>) {
    let path = if vertical.root.is_empty() {
        "smoke_tests/run.sh".to_owned()
    } else {
        format!("{}/smoke_tests/run.sh", vertical.root)
    };
    out.push(match vertical.smoke_test {
        SmokeTestFile::Ready => return,
        SmokeTestFile::Missing => Problem::new(
            Code::SmokeTestMissing,
            vertical.name(),
            "there is no smoke test: the upgrade is not proven for this vertical",
        )
        .evidence(format!("no {path}"))
        .hint(Who::VerticalOwner, format!("add {path}")),
        SmokeTestFile::NotExecutable => Problem::new(
            Code::SmokeTestNotExecutable,
            vertical.name(),
            "the smoke test is not executable",
        )
        .evidence(&path)
        .hint(
            Who::VerticalOwner,
            format!("git update-index --chmod=+x {path}, then commit and check it out"),
        ),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    #[test]
    fn holds_when_it_can_run() {
        assert_eq!(World::new("1.2.0").vertical_codes(), []);
    }

    #[test]
    fn missing_warns_and_not_executable_blocks() {
        let mut world = World::new("1.2.0");
        world.verticals[0].smoke_test = SmokeTestFile::Missing;
        assert_eq!(world.vertical_codes(), [Code::SmokeTestMissing]);
        assert!(!world.judge().problems().any(Problem::blocks));
        world.verticals[0].smoke_test = SmokeTestFile::NotExecutable;
        assert_eq!(world.vertical_codes(), [Code::SmokeTestNotExecutable]);
        assert!(world.judge().problems().any(Problem::blocks));
    }
}
