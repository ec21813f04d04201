//! Where a redirect leads, and where none may lead. No I/O.

use super::address::{Address, BadAddress, Nearness};
use super::client::Request;

/// How many redirects a request follows.
const MAX_REDIRECTS: usize = 5;

/// Whether a status sends elsewhere.
pub(super) const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The way of a request through redirects.
pub(super) struct Trail {
    stations: Vec<Address>,
}

impl Trail {
    /// Begins at an address.
    pub(super) fn new(start: &Address) -> Self {
        Self {
            stations: vec![start.clone()],
        }
    }

    /// Where the request is now.
    pub(super) fn here(&self) -> &Address {
        self.stations.last().expect("a trail has a start")
    }

    /// Whether it never left the origin that it was meant for: else neither credentials nor
    /// headers of that origin go along, not even when it comes back.
    pub(super) fn at_home(&self) -> bool {
        let start = self.stations.first().expect("a trail has a start");
        self.stations
            .iter()
            .all(|station| station.same_origin(start))
    }

    /// Goes where `location` says; `near` is how near the server is that says so.
    pub(super) fn follow(
        &mut self,
        location: Option<&str>,
        near: Nearness,
        request: &Request,
    ) -> Result<(), BadAddress> {
        let here = self.here();
        let bad = |why: &str| BadAddress {
            shown: here.to_string(),
            why: why.to_owned(),
        };
        let location = location.ok_or_else(|| bad("it redirects and does not say where"))?;
        // Above all, no redirect of a web server leads into the file system.
        let next = match here.named_from(location, near) {
            Ok(next) => next,
            Err(refused) => match request.also_named(location) {
                Some(named) if !here.is_file() => named,
                _ => {
                    return Err(BadAddress {
                        why: format!("{here} redirects there, and {}", refused.why),
                        ..refused
                    });
                }
            },
        };
        if self.stations.contains(&next) {
            return Err(bad("it redirects in a circle"));
        }
        if self.stations.len() > MAX_REDIRECTS {
            return Err(bad(&format!(
                "it redirects more than {MAX_REDIRECTS} times"
            )));
        }
        self.stations.push(next);
        Ok(())
    }
}

impl Request {
    /// The target of a redirect where the settings name its very origin: then it may be near, but
    /// never be plain where the request was not.
    fn also_named(&self, location: &str) -> Option<Address> {
        let target = Address::configured(location).ok()?;
        let downgrade = self.address.url().scheme() == "https" && target.url().scheme() != "https";
        let named = self
            .also
            .iter()
            .any(|named| named.same_origin(&target) && !named.is_file());
        (named && !downgrade).then_some(target)
    }
}

#[cfg(test)]
mod tests;
