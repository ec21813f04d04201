//! What this process has sent, what is under way, and which hosts said stop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::cancel::Cancel;

/// How many requests are under way to one host at once.
pub const AT_ONCE: usize = 4;
/// How long a wait for a free place is before it is looked whether to stop.
const SLICE: Duration = Duration::from_millis(100);

/// Requests of a process. A host is named with its port where that is not the scheme's own.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU32,
    hosts: Mutex<BTreeMap<String, Host>>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Host {
    under_way: usize,
    limited: Option<Timestamp>,
}

impl Traffic {
    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request.
    pub(super) fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were sent, redirects and revalidations included.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Until when a host said that it answers no more, by this machine's clock; it may be past.
    #[must_use]
    pub fn limited(&self, host: &str) -> Option<Timestamp> {
        self.hosts().get(host)?.limited
    }

    /// Notes that a host answers no more until then: no request goes there before. For what an
    /// earlier process was told, too. The later of two times counts.
    pub fn limit(&self, host: &str, until: Timestamp) {
        let mut hosts = self.hosts();
        let noted = &mut hosts.entry(host.to_owned()).or_default().limited;
        *noted = (*noted).max(Some(until));
    }

    /// Every host that said so, and until when: for the next process.
    #[must_use]
    pub fn limits(&self) -> Vec<(String, Timestamp)> {
        let hosts = self.hosts();
        hosts
            .iter()
            .filter_map(|(name, host)| Some((name.clone(), host.limited?)))
            .collect()
    }

    /// Forgets a limit that was waited for.
    pub(super) fn waited(&self, host: &str, until: Timestamp) {
        let mut hosts = self.hosts();
        if let Some(host) = hosts.get_mut(host)
            && host.limited <= Some(until)
        {
            host.limited = None;
        }
    }

    /// Waits for one of the [`AT_ONCE`] places of a host. Nothing when it was asked to stop
    /// meanwhile.
    pub(super) fn place(&self, host: &str, cancel: &Cancel) -> Option<Place<'_>> {
        let mut hosts = self.hosts();
        loop {
            let entry = hosts.entry(host.to_owned()).or_default();
            if cancel.is_set() {
                return None;
            }
            if entry.under_way < AT_ONCE {
                entry.under_way += 1;
                return Some(Place {
                    traffic: self,
                    host: host.to_owned(),
                });
            }
            let (again, _) = self
                .freed
                .wait_timeout(hosts, SLICE)
                .unwrap_or_else(PoisonError::into_inner);
            hosts = again;
        }
    }
}

/// A place among the requests that are under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    traffic: &'a Traffic,
    host: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(host) = self.traffic.hosts().get_mut(&self.host) {
            host.under_way = host.under_way.saturating_sub(1);
        }
        self.traffic.freed.notify_all();
    }
}
