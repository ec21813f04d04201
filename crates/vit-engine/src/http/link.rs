//! The `Link` header (RFC 8288): where the next page is. No I/O.

use super::address::{Address, BadAddress};
use super::transport::Headers;

/// The largest `Link` header that is read, in bytes.
const MAX_HEADER: usize = 64 * 1024;

/// A link: its target as it stands there, and what it is to the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The target, perhaps relative.
    pub target: String,
    /// The relations, in lower case.
    pub rels: Vec<String>,
}

/// The address of the next page, on the very server that was asked.
///
/// # Errors
/// It is on another server, or no address at all.
pub fn next(headers: &Headers, base: &Address) -> Result<Option<Address>, BadAddress> {
    related(headers, base, "next")
}

/// The address of the last page, on the very server that was asked.
///
/// # Errors
/// It is on another server, or no address at all.
pub fn last(headers: &Headers, base: &Address) -> Result<Option<Address>, BadAddress> {
    related(headers, base, "last")
}

fn related(headers: &Headers, base: &Address, rel: &str) -> Result<Option<Address>, BadAddress> {
    let mut links = headers.all("link").flat_map(parse);
    let Some(link) = links.find(|link| link.rels.iter().any(|have| have == rel)) else {
        return Ok(None);
    };
    let target = base.named(&link.target)?;
    if !target.same_origin(base) || target.url().scheme() != base.url().scheme() {
        return Err(BadAddress::new(
            &link.target,
            format!("the {rel} page of {base} must be on the same server"),
        ));
    }
    Ok(Some(target))
}

/// The links of a header. What cannot be read ends the list: what stands before it counts.
#[must_use]
pub fn parse(header: &str) -> Vec<Link> {
    let mut links = Vec::new();
    if header.len() > MAX_HEADER {
        return links;
    }
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some((target, after)) = rest.strip_prefix('<').and_then(|r| r.split_once('>')) else {
            return links;
        };
        let mut link = Link {
            target: target.trim().to_owned(),
            rels: Vec::new(),
        };
        let mut seen_rel = false;
        rest = after;
        while let Some((name, value, after)) = parameter(rest) {
            // Only the first `rel` counts.
            if name.eq_ignore_ascii_case("rel") && !seen_rel {
                seen_rel = true;
                link.rels = value
                    .split_ascii_whitespace()
                    .map(str::to_ascii_lowercase)
                    .collect();
            }
            rest = after;
        }
        links.push(link);
        // Whatever else stands before the comma was no parameter.
        rest = rest.trim_start_matches([' ', '\t', ';']);
        if !rest.starts_with(',') {
            return links;
        }
    }
}

/// The next `; name=value` or `; name="value"`, and what follows it.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let text = text.trim_start_matches([' ', '\t']).strip_prefix(';')?;
    let text = text.trim_start_matches([' ', '\t', ';']);
    let end = text
        .find(|c: char| "=;, \t".contains(c))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    let rest = rest.trim_start_matches([' ', '\t']);
    let Some(value) = rest.strip_prefix('=') else {
        return Some((name, String::new(), rest));
    };
    let value = value.trim_start_matches([' ', '\t']);
    match value.strip_prefix('"') {
        Some(quoted) => {
            let (value, rest) = unquote(quoted)?;
            Some((name, value, rest))
        }
        None => {
            let end = value
                .find(|c: char| ";, \t".contains(c))
                .unwrap_or(value.len());
            Some((name, value[..end].to_owned(), &value[end..]))
        }
    }
}

/// The text up to the closing quote, `\` before a character taken away, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests;
