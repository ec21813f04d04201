//! Reports as a person reads them: pure functions from a report to text, one file a report.
//!
//! Every text that comes from outside passes [`visible`] on its way, also where its
//! type makes harm unlikely.

use anstyle::{AnsiColor, Style};
use vit_contract::output::{SmokeOutcome, SmokeResult};
use vit_contract::text::visible;
use vit_contract::verdict::Answer;

pub mod bisect;
pub mod bundle;
pub mod cache;
pub mod channel;
pub mod checks;
mod environment;
pub mod explain;
pub mod explain_markdown;
pub mod failure;
pub mod history;
pub mod hold;
#[cfg(test)]
mod hostile;
pub mod ledger;
pub mod markdown;
pub mod mirror;
pub mod plan;
pub mod problems;
pub mod quarantine;
pub mod rehearsal;
pub mod release;
#[cfg(test)]
pub(crate) mod samples;
pub mod snapshots;
pub mod source;
pub mod status;
pub mod steps;
pub mod table;
pub mod topics;
pub mod transaction;
pub mod trust;
pub mod update;
pub mod why;

/// How a stream is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// Its colours.
    pub paint: Paint,
    /// Its width in columns, where it is a terminal.
    pub width: Option<usize>,
    /// Whether somebody wants to know more (`--verbose`).
    pub verbose: bool,
}

/// How a text is coloured.
pub type Coloring = fn(Paint, &str) -> String;

/// Colours, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    /// Whether there are any.
    pub color: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn fg(self, color: AnsiColor, text: &str) -> String {
        self.with(color.on_default(), text)
    }

    /// What should be seen first.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// What need not be seen.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// Well.
    #[must_use]
    pub fn green(self, text: &str) -> String {
        self.fg(AnsiColor::Green, text)
    }

    /// Look at it.
    #[must_use]
    pub fn yellow(self, text: &str) -> String {
        self.fg(AnsiColor::Yellow, text)
    }

    /// Not well.
    #[must_use]
    pub fn red(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// Something to type.
    #[must_use]
    pub fn cyan(self, text: &str) -> String {
        self.fg(AnsiColor::Cyan, text)
    }

    /// An answer in its colour.
    #[must_use]
    pub fn answer(self, answer: Answer) -> String {
        match answer {
            Answer::Compatible => self.green("ok"),
            Answer::CompatibleWithWarnings => self.yellow("warning"),
            Answer::Blocked => self.red("blocked"),
        }
    }
}

/// The line that says what to type next.
#[must_use]
pub fn next(view: View, command: &str) -> String {
    format!(
        "\n{} {}\n",
        view.paint.dim("next:"),
        view.paint.cyan(&visible(command))
    )
}

/// A list of names, or a word for none.
#[must_use]
pub fn names<T: AsRef<str>>(names: &[T], none: &str) -> String {
    if names.is_empty() {
        return none.to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| visible(name.as_ref())).collect();
    names.join(", ")
}

/// A count with its noun: `1 file`, `3 files`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A duration: `0.1s`, `42s`, `2m 05s`, `1h 02m`.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    if seconds.is_nan() || seconds < 0.0 {
        return "?".to_owned();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1}s");
    }
    // More than any time that is shown; the cast saturates.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and saturation is what is wanted"
    )]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m {:02}s", whole / 60, whole % 60),
        _ => format!("{}h {:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// A size: `512 B`, `3.2 MiB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let exponent = (bytes.ilog2() / 10) as usize;
    // Tenths by integers: no float is as wide as a size.
    let tenths = (u128::from(bytes) * 10) >> (10 * exponent);
    let unit = UNITS[exponent - 1];
    if tenths < 1000 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

/// The beginning of a git object id, enough for a person.
#[must_use]
pub fn short(oid: &str) -> String {
    visible(&oid.chars().take(10).collect::<String>())
}

/// A branch's name as a person knows it, or that there is none.
#[must_use]
pub fn branch(name: Option<&str>) -> String {
    name.map_or_else(
        || "detached".to_owned(),
        |name| visible(name.strip_prefix("refs/heads/").unwrap_or(name)),
    )
}

/// A time, to the second.
#[must_use]
pub fn time(time: jiff::Timestamp) -> String {
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
    zoned.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A date.
#[must_use]
pub fn date(time: jiff::Timestamp) -> String {
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
    zoned.strftime("%Y-%m-%d").to_string()
}

/// How a smoke test ended, in words.
#[must_use]
pub fn outcome_words(result: &SmokeResult) -> String {
    match (result.outcome, result.exit_status, result.signal) {
        (SmokeOutcome::Pass, ..) => "pass".to_owned(),
        (SmokeOutcome::Timeout, ..) => "not done in its time".to_owned(),
        (SmokeOutcome::CouldNotRun, Some(status), _) => format!("could not run (exit {status})"),
        (SmokeOutcome::CouldNotRun, None, _) => "could not run".to_owned(),
        (SmokeOutcome::Fail, Some(status), _) => format!("fail (exit {status})"),
        (SmokeOutcome::Fail, None, Some(signal)) => format!("fail (signal {signal})"),
        (SmokeOutcome::Fail, None, None) => "fail".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_short() {
        let shown = [
            0.04,
            0.1,
            9.94,
            9.96,
            59.4,
            59.6,
            125.0,
            3720.0,
            -1.0,
            f64::NAN,
        ];
        assert_eq!(
            shown.map(seconds),
            [
                "0.0s", "0.1s", "9.9s", "10s", "59s", "1m 00s", "2m 05s", "1h 02m", "?", "?"
            ]
        );
        let sizes = [0, 1023, 1024, 3_355_443, 104_857_600, u64::MAX];
        assert_eq!(
            sizes.map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "3.1 MiB", "100 MiB", "15.9 EiB"]
        );
    }
}
