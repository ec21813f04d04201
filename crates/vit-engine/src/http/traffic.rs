//! What this process has sent, and what servers said of it.

use std::sync::atomic::{AtomicU32, Ordering};

/// Requests of a process.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU32,
}

impl Traffic {
    /// Counts a request.
    pub(super) fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were sent, redirects and revalidations included.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }
}
