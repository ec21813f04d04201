//! What happens while the engine works, shown as it happens: a step list with a spinner on a
//! terminal, plain lines elsewhere. Everything here goes to standard error.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use vit_contract::output::SmokeOutcome;
use vit_contract::problem::Severity;
use vit_contract::text::visible;
use vit_engine::event::{Event, Reporter, Stage};

use crate::render::{Paint, outcome_words, seconds, time};
use crate::ui::{Ui, Verbosity};

/// How often the spinner moves.
const TICK: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Silent,
    Plain,
    Live,
}

/// Shows events.
pub struct Progress<'a> {
    ui: &'a Ui,
    mode: Mode,
    bar: Mutex<Option<ProgressBar>>,
    /// What the spinner says between two rounds of a soak.
    soak: Mutex<Option<String>>,
}

impl<'a> Progress<'a> {
    /// Nothing with `--quiet`, a moving display on a terminal, else lines.
    #[must_use]
    pub fn new(ui: &'a Ui) -> Self {
        let mode = match (ui.verbosity, ui.animated) {
            (Verbosity::Quiet, _) => Mode::Silent,
            (Verbosity::Normal | Verbosity::Verbose, true) => Mode::Live,
            (Verbosity::Normal | Verbosity::Verbose, false) => Mode::Plain,
        };
        Self {
            ui,
            mode,
            bar: Mutex::new(None),
            soak: Mutex::new(None),
        }
    }

    /// Takes the spinner away, so that something else can be printed.
    pub fn settle(&self) {
        let bar = self.slot().take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }

    fn soak(&self) -> MutexGuard<'_, Option<String>> {
        self.soak.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A soak may go on for days: what ends it stays on the screen, and of its rounds only the
    /// spinner tells, until one fails. Whether the event needs no line of its own.
    fn soaking(&self, event: &Event) -> bool {
        match event {
            Event::SoakBegun { .. } | Event::SoakRound { .. } => {
                *self.soak() = spinner_text(event).map(|(text, _)| text);
            }
            Event::StageDone { .. } | Event::StageFailed { .. } => *self.soak() = None,
            Event::SmokeDone { result } if result.outcome == SmokeOutcome::Pass => {
                let between = self.soak().clone();
                if let Some(text) = between {
                    self.spin(&text, false);
                    return true;
                }
            }
            _ => {}
        }
        false
    }

    fn slot(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, line: &str) {
        match self.slot().as_ref() {
            Some(bar) => bar.println(line),
            None => self.ui.say(&format!("{line}\n")),
        }
    }

    /// Sets the spinner's text; where it begins anew, its clock too.
    fn spin(&self, text: &str, anew: bool) {
        if anew {
            self.settle();
        }
        let mut slot = self.slot();
        let bar = slot.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            bar.set_style(style);
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(text.to_owned());
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.settle();
    }
}

impl Reporter for Progress<'_> {
    fn report(&self, event: Event) {
        if self.mode == Mode::Silent {
            return;
        }
        if self.mode == Mode::Live {
            if self.soaking(&event) {
                return;
            }
            if let Some((text, anew)) = spinner_text(&event) {
                self.spin(&text, anew);
                if !matches!(event, Event::SoakBegun { .. }) {
                    return;
                }
            }
            if matches!(event, Event::StageDone { .. } | Event::StageFailed { .. }) {
                self.settle();
            }
        }
        let lines = Lines {
            paint: self.ui.err.paint,
            live: self.mode == Mode::Live,
            verbose: self.ui.verbosity == Verbosity::Verbose,
        };
        if let Some(line) = lines.of(&event) {
            self.line(&line);
        }
    }
}

/// What the spinner says, and whether its clock begins anew.
fn spinner_text(event: &Event) -> Option<(String, bool)> {
    match event {
        Event::RegistryAsked { location } => Some((format!("ask {}", visible(location)), true)),
        Event::StageBegun { stage } => Some((stage.title().to_owned(), true)),
        Event::SmokeBegun {
            vertical,
            timeout_seconds,
        } => Some((
            format!(
                "{}: {} (at most {timeout_seconds} s)",
                Stage::Probe.title(),
                visible(vertical)
            ),
            false,
        )),
        Event::OwnStepBegun { step, .. } => Some((
            format!("{}: {}", Stage::OwnStep.title(), visible(step)),
            false,
        )),
        Event::SoakBegun { .. } => Some((Stage::Soak.title().to_owned(), false)),
        Event::SoakRound { round, left } => Some((
            format!(
                "{}: round {round}, {} left",
                Stage::Soak.title(),
                seconds(left.as_secs_f64())
            ),
            false,
        )),
        Event::Begun { .. }
        | Event::OwnStepLine { .. }
        | Event::Rehearsing { .. }
        | Event::StageDone { .. }
        | Event::StageFailed { .. }
        | Event::SmokeLine { .. }
        | Event::EnvironmentLine { .. }
        | Event::SmokeDone { .. }
        | Event::Noticed { .. }
        | Event::Recovering { .. } => None,
    }
}

/// How events look as lines.
#[derive(Debug, Clone, Copy)]
struct Lines {
    paint: Paint,
    live: bool,
    verbose: bool,
}

impl Lines {
    fn of(self, event: &Event) -> Option<String> {
        let line = match event {
            Event::RegistryAsked { location } => format!("     ask {}", visible(location)),
            Event::Rehearsing { version } => format!("     release {}", visible(version)),
            Event::Begun { id } if self.verbose => format!("     transaction {}", visible(id)),
            Event::Begun { .. } | Event::StageBegun { .. } => return None,
            Event::StageDone { stage, elapsed } => {
                let took = seconds(elapsed.as_secs_f64());
                format!("{} {} ({took})", self.ok(), stage.title())
            }
            Event::StageFailed { stage, problem } => format!(
                "{} {}: {}: {}",
                self.fail(),
                stage.title(),
                visible(&problem.subject),
                visible(&problem.message)
            ),
            Event::SmokeBegun {
                vertical,
                timeout_seconds,
            } => format!(
                "     smoke test of {} (at most {timeout_seconds} s)",
                visible(vertical)
            ),
            Event::SmokeLine { vertical, line } if self.verbose => {
                let name = self.paint.dim(&format!("{} |", visible(vertical)));
                format!("     {name} {}", visible(line))
            }
            Event::EnvironmentLine { line } if self.verbose => {
                let name = self.paint.dim("environment |");
                format!("     {name} {}", visible(line))
            }
            Event::SmokeLine { .. } | Event::EnvironmentLine { .. } => return None,
            Event::SmokeDone { result } => {
                let took = seconds(result.seconds);
                let name = visible(&result.vertical);
                if result.outcome == SmokeOutcome::Pass {
                    format!("{} smoke test of {name} ({took})", self.ok())
                } else {
                    let how = outcome_words(result);
                    format!("{} smoke test of {name}: {how} ({took})", self.fail())
                }
            }
            Event::SoakBegun { id, until } => format!(
                "     soak of {} until {}: `vit confirm` ends it, Ctrl-C takes the release back",
                visible(id),
                time(*until)
            ),
            Event::SoakRound { round, left } => {
                let left = seconds(left.as_secs_f64());
                format!("     soak: round {round}, {left} left")
            }
            Event::OwnStepBegun {
                step,
                command,
                timeout_seconds,
            } => format!(
                "     step {}: {} (at most {timeout_seconds} s)",
                visible(step),
                visible(command)
            ),
            Event::OwnStepLine { step, line } if self.verbose => {
                let name = self.paint.dim(&format!("{} |", visible(step)));
                format!("     {name} {}", visible(line))
            }
            Event::OwnStepLine { .. } => return None,
            Event::Noticed { problem } => {
                let mark = match problem.severity {
                    Severity::Info => self.paint.dim("note"),
                    Severity::Warning | Severity::Blocked => self.paint.yellow("warn"),
                };
                let about = visible(&problem.subject);
                format!("{mark} {about}: {}", visible(&problem.message))
            }
            Event::Recovering { id } => format!(
                "{} transaction {} was interrupted: it is finished first",
                self.paint.yellow("warn"),
                visible(id)
            ),
        };
        Some(line)
    }

    fn ok(self) -> String {
        self.paint.green(if self.live { "✓" } else { "ok  " })
    }

    fn fail(self) -> String {
        self.paint.red(if self.live { "✗" } else { "FAIL" })
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use vit_contract::code::Code;
    use vit_contract::problem::Problem;

    use super::*;
    use crate::render::samples;

    fn events() -> Vec<Event> {
        let problem = Problem::new(Code::SmokeTestFailed, "energy", "a smoke test failed");
        vec![
            Event::Recovering { id: "t0".into() },
            Event::RegistryAsked {
                location: "origin".into(),
            },
            Event::Begun { id: "t1".into() },
            Event::StageBegun {
                stage: Stage::SwitchTree,
            },
            Event::StageDone {
                stage: Stage::SwitchTree,
                elapsed: Duration::from_millis(130),
            },
            Event::SmokeBegun {
                vertical: "energy".into(),
                timeout_seconds: 180,
            },
            Event::SmokeLine {
                vertical: "energy".into(),
                line: "\u{1b}[2Jchecking\r".into(),
            },
            Event::SmokeDone {
                result: samples::smoke("energy", SmokeOutcome::Fail),
            },
            Event::SmokeDone {
                result: samples::smoke("finance", SmokeOutcome::Pass),
            },
            Event::StageFailed {
                stage: Stage::Probe,
                problem: problem.clone(),
            },
            Event::Noticed { problem },
        ]
    }

    fn shown(verbose: bool) -> String {
        let lines = Lines {
            paint: Paint { color: false },
            live: false,
            verbose,
        };
        let lines: Vec<String> = events().iter().filter_map(|e| lines.of(e)).collect();
        lines.join("\n")
    }

    #[test]
    fn plain_lines() {
        assert_snapshot!(shown(false), @"
        warn transaction t0 was interrupted: it is finished first
             ask origin
        ok   switch the tree (0.1s)
             smoke test of energy (at most 180 s)
        FAIL smoke test of energy: fail (exit 1) (2.1s)
        ok   smoke test of finance (2.1s)
        FAIL run the smoke tests: energy: a smoke test failed
        warn energy: a smoke test failed
        ");
    }

    #[test]
    fn case_30_verbose_shows_the_output_of_smoke_tests_harmlessly() {
        assert_snapshot!(shown(true), @r"
        warn transaction t0 was interrupted: it is finished first
             ask origin
             transaction t1
        ok   switch the tree (0.1s)
             smoke test of energy (at most 180 s)
             energy | \x1b[2Jchecking\r
        FAIL smoke test of energy: fail (exit 1) (2.1s)
        ok   smoke test of finance (2.1s)
        FAIL run the smoke tests: energy: a smoke test failed
        warn energy: a smoke test failed
        ");
    }
}
