//! Waiting for a server in short slices, so that a request to stop is heard meanwhile. Stands
//! between TCP and TLS.

use std::time::Duration;

use ureq::unversioned::transport::time::Duration as Wait;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::TransportError;
use crate::cancel::Cancel;

/// How long a wait is before it is looked whether to stop.
const SLICE: Duration = Duration::from_millis(100);

/// Lets connections hear of [`Cancel`].
#[derive(Debug)]
pub(super) struct Watch(pub(super) Cancel);

impl<In: Transport> Connector<In> for Watch {
    type Out = Watched<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| Watched {
            inner,
            cancel: self.0.clone(),
        }))
    }
}

/// A connection that hears of it.
#[derive(Debug)]
pub(super) struct Watched<In> {
    inner: In,
    cancel: Cancel,
}

impl<In: Transport> Transport for Watched<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let whole = timeout.for_read();
        let mut left = match whole.after {
            Wait::Exact(left) => left,
            Wait::NotHappening => Duration::MAX,
        };
        loop {
            if self.cancel.is_set() {
                return Err(ureq::Error::Other(Box::new(TransportError::Stopped)));
            }
            let slice = left.min(SLICE);
            let short = NextTimeout {
                after: Wait::Exact(slice),
                per_read: None,
                ..whole
            };
            match self.inner.await_input(short) {
                Err(ureq::Error::Timeout(_)) if left > slice => left -= slice,
                answer => return answer,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
