//! Ctrl-C and its kin while a transaction runs: they ask it to stop at the next safe point and
//! never cut it short. Reading commands leave the signals as they are.

use std::io::Write as _;
use std::sync::atomic::Ordering;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use vit_engine::cancel::Cancel;

use crate::error::Failure;

/// From here on, SIGINT, SIGTERM and SIGHUP set `cancel`, and a line says so. A second one does
/// not abandon the undo.
///
/// # Errors
/// The handlers cannot be installed: then nothing should be started.
pub fn watch(cancel: &Cancel) -> Result<(), Failure> {
    let flag = cancel.flag();
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| Failure::internal("signals cannot be handled").because(&error))?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            let again = flag.swap(true, Ordering::SeqCst);
            let message = if again {
                "\nalready stopping; what is being undone is undone to its end\n"
            } else {
                "\nstopping at the next safe point\n"
            };
            let _ = std::io::stderr().lock().write_all(message.as_bytes());
        }
    });
    Ok(())
}
