//! Named points at which a test can make the engine fail or die.
//!
//! Without the feature `faults` this is nothing: no variable is read, no point can be hit. With
//! it (only test builds turn it on), `VIT_FAULT` holds `POINT=ACTION` pairs joined by `,`, and
//! `VIT_FAULT_TRACE` names a file that collects every point passed, one a line. Actions: `kill`
//! (SIGKILL to ourselves), `interrupt` (SIGINT to ourselves), `eio`, `enospc`, `erofs`.
//! `VIT_TEST_BOOT` is the machine's boot id.

use std::io;

#[cfg(feature = "faults")]
use crate::environment::Environment;

/// The faults asked for.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    #[cfg(feature = "faults")]
    rules: Vec<(String, String)>,
    #[cfg(feature = "faults")]
    trace: Option<std::path::PathBuf>,
    #[cfg(feature = "faults")]
    boot: Option<String>,
}

#[cfg(not(feature = "faults"))]
impl Faults {
    /// No faults.
    #[must_use]
    pub fn new(_environment: &crate::environment::Environment) -> Self {
        Self::default()
    }

    /// The boot id that a test wants the machine to have.
    #[inline]
    #[must_use]
    pub fn boot(&self) -> Option<&str> {
        None
    }

    /// Passes a point.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn at(&self, _point: std::fmt::Arguments<'_>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "faults")]
impl Faults {
    /// Reads `VIT_FAULT` and `VIT_FAULT_TRACE`.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        let text = |name| {
            environment
                .get(name)
                .map(|value| value.to_string_lossy().into_owned())
        };
        let rules = text("VIT_FAULT").unwrap_or_default();
        Self {
            rules: rules
                .split(',')
                .filter_map(|rule| rule.split_once('='))
                .map(|(point, action)| (point.to_owned(), action.to_owned()))
                .collect(),
            trace: text("VIT_FAULT_TRACE").map(Into::into),
            boot: text("VIT_TEST_BOOT"),
        }
    }

    /// The boot id that a test wants the machine to have.
    #[must_use]
    pub fn boot(&self) -> Option<&str> {
        self.boot.as_deref()
    }

    /// Passes a point: dies or fails where a rule says so.
    ///
    /// # Errors
    /// The error that the rule asks for.
    pub fn at(&self, point: std::fmt::Arguments<'_>) -> io::Result<()> {
        use std::io::Write as _;

        if self.rules.is_empty() && self.trace.is_none() {
            return Ok(());
        }
        let point = point.to_string();
        if let Some(path) = &self.trace {
            let mut file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)?;
            writeln!(file, "{point}")?;
        }
        let action = self
            .rules
            .iter()
            .find(|(at, _)| *at == point)
            .map(|(_, act)| act.as_str());
        let errno = match action {
            None => return Ok(()),
            Some(signal @ ("kill" | "interrupt")) => {
                let signal = match signal {
                    "kill" => rustix::process::Signal::KILL,
                    _ => rustix::process::Signal::INT,
                };
                let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
                return Ok(());
            }
            Some("enospc") => rustix::io::Errno::NOSPC,
            Some("erofs") => rustix::io::Errno::ROFS,
            Some(_) => rustix::io::Errno::IO,
        };
        Err(errno.into())
    }
}
