//! The search itself, without knowing what is asked: binary, past those that cannot tell, the way
//! git's bisection skips a commit.

/// What one of them says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It works.
    Good,
    /// It breaks.
    Bad,
    /// It cannot tell.
    Unsure,
    /// It is not to be asked at all.
    Skipped,
}

/// What is known in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Found {
    /// The last that works before the first that breaks.
    pub good: Option<usize>,
    /// The first that breaks.
    pub bad: Option<usize>,
    /// Those between the two that could not tell, in order; behind `good` where none breaks.
    pub unsure: Vec<usize>,
}

/// Asks as few as possible of `0..count`, taking for granted that from the first that breaks on
/// all do. The last one that can tell is asked first: where it works, none breaks.
pub(super) fn search<E>(
    count: usize,
    mut ask: impl FnMut(usize) -> Result<Told, E>,
) -> Result<Found, E> {
    let mut told: Vec<Option<Told>> = vec![None; count];
    let mut found = Found::default();
    for at in (0..count).rev() {
        let answer = ask(at)?;
        told[at] = Some(answer);
        match answer {
            Told::Good => found.good = Some(at),
            Told::Bad => found.bad = Some(at),
            Told::Unsure | Told::Skipped => continue,
        }
        break;
    }
    if let Some(mut bad) = found.bad {
        loop {
            let first = found.good.map_or(0, |good| good + 1);
            let open: Vec<usize> = (first..bad).filter(|&at| told[at].is_none()).collect();
            let Some(&at) = open.get(open.len() / 2) else {
                break;
            };
            let answer = ask(at)?;
            told[at] = Some(answer);
            match answer {
                Told::Good => found.good = Some(at),
                Told::Bad => bad = at,
                Told::Unsure | Told::Skipped => {}
            }
        }
        found.bad = Some(bad);
    }
    let first = found.good.map_or(0, |good| good + 1);
    found.unsure = (first..found.bad.unwrap_or(count))
        .filter(|&at| told[at] == Some(Told::Unsure))
        .collect();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches where `line` is what each says: `g`, `b`, `?`, `-`. What was found, and how many
    /// were asked.
    fn go(line: &str) -> (Found, usize) {
        let mut asked = Vec::new();
        let found = search(line.len(), |at| {
            assert!(!asked.contains(&at), "asked twice");
            asked.push(at);
            Ok::<_, ()>(match line.as_bytes()[at] {
                b'g' => Told::Good,
                b'b' => Told::Bad,
                b'?' => Told::Unsure,
                _ => Told::Skipped,
            })
        });
        (found.unwrap(), asked.len())
    }

    #[test]
    fn finds_the_first_of_any_number() {
        for count in 1..40_usize {
            for bad in 0..count {
                let line = "g".repeat(bad) + &"b".repeat(count - bad);
                let (found, asked) = go(&line);
                assert_eq!(found.bad, Some(bad), "{line}");
                assert_eq!(found.good, bad.checked_sub(1), "{line}");
                assert_eq!(found.unsure, [0; 0]);
                assert!(asked <= 2 + count.ilog2() as usize, "{line}: {asked}");
            }
        }
    }

    #[test]
    fn where_the_last_works_nothing_else_is_asked() {
        let expected = Found {
            good: Some(3),
            ..Found::default()
        };
        assert_eq!(go("gggg"), (expected, 1));
        assert_eq!(go(""), (Found::default(), 0));
    }

    #[test]
    fn past_those_that_cannot_tell() {
        let found = |good, bad, unsure: &[usize]| Found {
            good,
            bad,
            unsure: unsure.to_vec(),
        };
        assert_eq!(go("g?b").0, found(Some(0), Some(2), &[1]));
        assert_eq!(go("gg-bb").0, found(Some(1), Some(3), &[]));
        assert_eq!(go("ggbb??").0, found(Some(1), Some(2), &[]));
        assert_eq!(go("gg??").0, found(Some(1), None, &[2, 3]));
        assert_eq!(go("????").0, found(None, None, &[0, 1, 2, 3]));
        assert_eq!(go("?b").0, found(None, Some(1), &[0]));
        assert_eq!(go("----").0, Found::default());
    }
}
