//! A list in pages: the first, and the others by the `Link` header alone. No page of another
//! origin is asked for, none twice, and no more than a hundred.

use std::collections::BTreeSet;

use url::Url;

use super::ask::{Ask, Failure};
use crate::http::{Address, Freshness, Got};

/// How many pages are read: with a hundred entries each, ten thousand.
pub(super) const MAX_PAGES: usize = 100;

/// The pages after the first.
pub(super) struct Rest {
    /// In order.
    pub(super) pages: Vec<Got>,
    /// Whether there are more than are read.
    pub(super) more: bool,
}

/// Gets the pages after `first`, at most four at a time.
///
/// # Errors
/// One of them cannot be had, or the links lead elsewhere or in a circle.
pub(super) fn rest(ask: &Ask<'_>, first: &Got, freshness: Freshness) -> Result<Rest, Failure> {
    let mut rest = Rest {
        pages: Vec::new(),
        more: false,
    };
    let Some(next) = ask.next(first)? else {
        return Ok(rest);
    };
    let mut seen = BTreeSet::new();
    let mut last = first;
    if let Some(derived) = ask.last(first)?.and_then(|last| between(&next, &last)) {
        let many: Vec<Address> = derived.into_iter().take(MAX_PAGES - 1).collect();
        seen.extend(many.iter().map(|address| address.url().as_str().to_owned()));
        for got in ask.get_all(&many, freshness) {
            rest.pages.push(got?);
        }
        last = rest.pages.last().unwrap_or(first);
    }
    // One by one; after pages that were known before, for what was published meanwhile.
    let mut next = ask.next(last)?;
    while let Some(address) = next {
        if rest.pages.len() + 1 >= MAX_PAGES {
            rest.more = true;
            break;
        }
        if !seen.insert(address.url().as_str().to_owned()) {
            return Err(Failure::Links {
                why: format!(
                    "page {} links to one that was read before",
                    rest.pages.len() + 1
                ),
            });
        }
        let got = ask.get(&address, freshness)?;
        next = ask.next(&got)?;
        rest.pages.push(got);
    }
    Ok(rest)
}

/// The addresses from `next` to `last`, where they differ in nothing but the number of the page.
pub(super) fn between(next: &Address, last: &Address) -> Option<Vec<Address>> {
    let (from, to) = (number(next.url())?, number(last.url())?);
    let at = |page: usize| {
        let mut url = next.url().clone();
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(key, value)| {
                let value = match &*key {
                    "page" => page.to_string(),
                    _ => value.into_owned(),
                };
                (key.into_owned(), value)
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        Address::parse(url.as_str()).ok()
    };
    // What the server wrote is what is derived, both ends included: else it is not understood.
    if from != 2 || to < from || at(from)? != *next || at(to)? != *last {
        return None;
    }
    (from..=to.min(MAX_PAGES + 1)).map(at).collect()
}

/// The number of the page, where it is named exactly once.
fn number(url: &Url) -> Option<usize> {
    let mut named = url.query_pairs().filter(|(key, _)| key == "page");
    let (_, value) = named.next()?;
    (named.next().is_none() && value.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| value.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn derived(next: &str, last: &str) -> Option<usize> {
        between(&address(next), &address(last)).map(|pages| pages.len())
    }

    #[test]
    fn case_29_github_pages_between_are_derived_only_where_nothing_else_differs() {
        let at = |page| format!("https://a/repositories/1/releases?per_page=100&page={page}");
        assert_eq!(derived(&at(2), &at(4)), Some(3));
        for (next, last) in [
            ("https://a/x?page=2&after=x", "https://a/x?page=9&after=y"),
            ("https://a/x?page=2", "https://a/y?page=9"),
            ("https://a/x?page=2", "https://b/x?page=9"),
            ("https://a/x?page=2", "https://a/x?page=9&z=1"),
            ("https://a/x?page=3", "https://a/x?page=9"),
            ("https://a/x?page=2&page=2", "https://a/x?page=9&page=9"),
            ("https://a/x?page=2", "https://a/x?page=1"),
            ("https://a/x?page=+2", "https://a/x?page=3"),
            (
                "https://a/x?page=2",
                "https://a/x?page=99999999999999999999999",
            ),
            ("https://a/x", "https://a/x"),
        ] {
            assert_eq!(derived(next, last), None, "{next} {last}");
        }
        let many = derived("https://a/x?page=2", "https://a/x?page=4000000000");
        assert_eq!(many, Some(MAX_PAGES));
    }
}
