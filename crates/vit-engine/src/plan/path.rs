//! Chains of releases: where there is no direct way, the shortest one through others.

use std::collections::{BTreeMap, BTreeSet};

/// How far is looked.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The longest chain, in hops.
    pub hops: usize,
    /// How many hops are judged at most.
    pub judgements: usize,
}

/// What an installation can be asked for: judging a hop reads trees, so it is not asked for ever.
pub const BOUNDS: Bounds = Bounds {
    hops: 8,
    judgements: 400,
};

/// Finds a chain from what is installed (`None`) to the release `goal` through releases of a list
/// that is ordered oldest first. `possible` judges a hop. The chain names every release on it, the
/// goal last: one with the fewest hops and, among those, the newest releases first.
///
/// # Errors
/// A hop could not be judged.
pub fn search<E>(
    goal: usize,
    bounds: Bounds,
    possible: &mut dyn FnMut(Option<usize>, usize) -> Result<bool, E>,
) -> Result<Option<Vec<usize>>, E> {
    let mut search = Search {
        goal,
        left: bounds.judgements,
        judged: BTreeMap::new(),
        dead: BTreeSet::new(),
        possible,
    };
    for hops in 1..=bounds.hops {
        let mut chain = Vec::new();
        if search.reach(None, hops, &mut chain)? {
            return Ok(Some(chain));
        }
        if search.left == 0 {
            break;
        }
    }
    Ok(None)
}

struct Search<'p, E> {
    goal: usize,
    left: usize,
    judged: BTreeMap<(Option<usize>, usize), bool>,
    /// Releases from which the goal is not that many hops away.
    dead: BTreeSet<(Option<usize>, usize)>,
    possible: &'p mut dyn FnMut(Option<usize>, usize) -> Result<bool, E>,
}

impl<E> Search<'_, E> {
    /// Whether the goal is exactly `hops` hops from `from`; `chain` then ends with the way.
    fn reach(
        &mut self,
        from: Option<usize>,
        hops: usize,
        chain: &mut Vec<usize>,
    ) -> Result<bool, E> {
        if hops == 1 {
            let there = self.judge(from, self.goal)?;
            if there {
                chain.push(self.goal);
            }
            return Ok(there);
        }
        if self.dead.contains(&(from, hops)) {
            return Ok(false);
        }
        let first = from.map_or(0, |from| from + 1);
        for next in (first..self.goal).rev() {
            if !self.judge(from, next)? {
                continue;
            }
            chain.push(next);
            if self.reach(Some(next), hops - 1, chain)? {
                return Ok(true);
            }
            chain.pop();
        }
        self.dead.insert((from, hops));
        Ok(false)
    }

    fn judge(&mut self, from: Option<usize>, to: usize) -> Result<bool, E> {
        if let Some(&known) = self.judged.get(&(from, to)) {
            return Ok(known);
        }
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let answer = (self.possible)(from, to)?;
        self.judged.insert((from, to), answer);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    type Hops = BTreeSet<(Option<usize>, usize)>;

    fn find(goal: usize, hops: &Hops, bounds: Bounds) -> (Option<Vec<usize>>, usize) {
        let mut asked = 0;
        let found = search::<Infallible>(goal, bounds, &mut |from, to| {
            asked += 1;
            Ok(hops.contains(&(from, to)))
        });
        (found.unwrap_or_default(), asked)
    }

    /// The fewest hops by brute force: how far every release is.
    fn fewest(goal: usize, hops: &Hops) -> Option<usize> {
        let mut far: BTreeMap<Option<usize>, usize> = [(None, 0)].into();
        for to in 0..=goal {
            let before: Vec<(Option<usize>, usize)> = far.iter().map(|(k, v)| (*k, *v)).collect();
            let best = before
                .into_iter()
                .filter(|(from, _)| hops.contains(&(*from, to)))
                .map(|(_, far)| far + 1)
                .min();
            if let Some(best) = best {
                far.insert(Some(to), best);
            }
        }
        far.get(&Some(goal)).copied()
    }

    #[test]
    fn the_newest_of_the_shortest_chains() {
        let hops = [
            (None, 0),
            (None, 1),
            (Some(0), 3),
            (Some(1), 3),
            (None, 2),
            (Some(2), 1),
        ];
        let (chain, _) = find(3, &hops.into(), BOUNDS);
        assert_eq!(chain, Some(vec![1, 3]));
        let (chain, asked) = find(3, &[(None, 3)].into(), BOUNDS);
        assert_eq!(
            (chain, asked),
            (Some(vec![3]), 1),
            "the direct way is asked for first"
        );
    }

    #[test]
    fn it_ends_at_its_bounds() {
        let all: Hops = (0..60)
            .flat_map(|to| {
                (0..to)
                    .map(move |from| (Some(from), to))
                    .chain([(None, to)])
            })
            .filter(|(_, to)| *to != 59)
            .collect();
        let few = Bounds {
            hops: 8,
            judgements: 50,
        };
        let (chain, asked) = find(59, &all, few);
        assert_eq!((chain, asked), (None, 50));
        let line: Hops = (0..9).map(|to: usize| (to.checked_sub(1), to)).collect();
        assert_eq!(find(8, &line, BOUNDS).0, None, "nine hops are too many");
        assert_eq!(find(7, &line, BOUNDS).0.map(|chain| chain.len()), Some(8));
    }

    proptest! {
        /// A chain that is found is possible hop by hop and ends at the goal; one is found
        /// exactly when there is one; and it is one of the shortest.
        #[test]
        fn a_chain_is_found_exactly_when_there_is_one(
            goal in 0..9usize,
            hops in prop::collection::btree_set((prop::option::of(0..9usize), 0..9usize), 0..50),
        ) {
            let bounds = Bounds { hops: 9, judgements: 1000 };
            let hops: Hops = hops
                .into_iter()
                .filter(|(from, to)| from.is_none_or(|from| from < *to))
                .collect();
            let (chain, asked) = find(goal, &hops, bounds);
            prop_assert!(asked <= 45);
            prop_assert_eq!(chain.as_ref().map(Vec::len), fewest(goal, &hops));
            if let Some(chain) = chain {
                prop_assert_eq!(chain.last(), Some(&goal));
                let mut from = None;
                for to in chain {
                    prop_assert!(hops.contains(&(from, to)));
                    from = Some(to);
                }
            }
        }
    }
}
