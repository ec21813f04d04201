//! No two manifests of an installation bear the same domain name.

use std::collections::BTreeMap;

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use crate::compat::Vertical;
use crate::compat::rules::{Rule, Scope};

pub(super) const RULE: Rule = Rule {
    name: "duplicate_domain",
    codes: &[Code::DuplicateDomain],
    scope: Scope::Installation(check),
};

fn check(verticals: &[Vertical]) -> Vec<(usize, Problem)> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, vertical) in verticals.iter().enumerate() {
        if let Some(manifest) = &vertical.manifest {
            by_name
                .entry(manifest.domain_name.as_str())
                .or_default()
                .push(index);
        }
    }
    let mut out = Vec::new();
    for (name, indices) in by_name.into_iter().filter(|(_, all)| all.len() > 1) {
        let mut paths: Vec<&str> = indices
            .iter()
            .map(|&index| verticals[index].manifest_path.as_str())
            .collect();
        paths.sort_unstable();
        let more = paths.len().saturating_sub(SHOWN);
        paths.truncate(SHOWN);
        let mut evidence = paths.join(", ");
        if more > 0 {
            evidence.push_str(&format!(" and {more} more"));
        }
        out.extend(indices.into_iter().map(|index| {
            let problem = Problem::new(
                Code::DuplicateDomain,
                name,
                format!("domain name `{name}` is borne by more than one manifest"),
            )
            .evidence(evidence.clone())
            .hint(Who::VerticalOwner, "rename one of them, or remove the copy");
            (index, problem)
        }));
    }
    out
}

/// How many paths the evidence names: every namesake carries it, so it must not grow with them.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixture::World;

    #[test]
    fn holds_for_different_names() {
        let mut world = World::new("1.2.0");
        world.add("energy");
        assert_eq!(world.vertical_codes(), []);
    }

    #[test]
    fn blocks_on_both() {
        let mut world = World::new("1.2.0");
        world.add("finance");
        world.verticals[1].manifest_path = "examples/verticals/f/vertical_manifest.yaml".into();
        let verdict = world.judge();
        for vertical in &verdict.verticals {
            assert_eq!(vertical.problems[0].code, Code::DuplicateDomain);
            assert_eq!(
                vertical.problems[0].evidence.as_deref(),
                Some(
                    "domains/finance/vertical_manifest.yaml, \
                     examples/verticals/f/vertical_manifest.yaml"
                )
            );
        }
    }
}
