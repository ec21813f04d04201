//! Names become addresses here: what may not be reached is refused before anything connects, and
//! what was looked at is what is connected to.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::super::address::Nearness;
use super::TransportError;

/// How near the hosts are that were resolved so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<BTreeMap<String, Nearness>>>);

impl Known {
    /// How near a host was found to be.
    pub(super) fn get(&self, host: &str) -> Option<Nearness> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(host).copied()
    }

    fn set(&self, host: &str, near: Nearness) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(host.to_owned(), near);
    }
}

/// Resolves names of hosts no nearer than `reach`.
pub(super) struct Guard {
    pub(super) reach: Nearness,
    pub(super) known: Known,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({:?})", self.reach)
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        // A proxy was configured by a person, and stands where it stands.
        if config.proxy().is_some_and(|proxy| proxy.uri() == uri) {
            return Ok(found);
        }
        let host = uri.host().unwrap_or_default();
        let near = nearest(&found);
        self.known.set(host, near);
        // One bad address among good ones is enough: which of them is taken is not known before.
        if near > self.reach {
            return Err(ureq::Error::Other(Box::new(TransportError::Inside {
                host: vit_contract::text::visible(host),
                what: near.what(),
            })));
        }
        Ok(found)
    }
}

fn nearest(found: &[SocketAddr]) -> Nearness {
    found
        .iter()
        .map(|address| Nearness::of_ip(address.ip()))
        .max()
        .unwrap_or(Nearness::Public)
}
