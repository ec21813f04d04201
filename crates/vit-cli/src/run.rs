//! From arguments to an exit code: parsing, the one place that catches what went wrong.

use std::panic;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser as _;
use clap::error::ErrorKind;
use vit_contract::exit::ExitCode;
use vit_contract::text::visible;

use crate::args::{Cli, Global, mistakes};
use crate::commands;
use crate::env::Env;
use crate::error::Failure;
use crate::render;
use crate::session::App;
use crate::ui::{ColorChoice, Terminals, Ui, Verbosity, Wishes};

/// Runs the program.
pub fn run(env: &Env) -> ExitCode {
    let terminals = Terminals::of_process();
    let (ui, ended) = match Cli::try_parse_from(&env.args) {
        Ok(cli) => {
            let ui = Ui::new(wishes(&cli.global), env, terminals);
            let ended = guarded(env, &ui, cli);
            (ui, ended)
        }
        Err(error) => {
            let ui = Ui::new(guessed_wishes(env), env, terminals);
            let ended = refused(env, &ui, &error);
            (ui, ended)
        }
    };
    let exit = ended.unwrap_or_else(|failure| fail(&ui, &failure));
    match ui.failure() {
        // A command that printed nothing to nobody must not look as if all were well; but how a
        // transaction ended is told before that.
        Some(error) if exit == ExitCode::Success => {
            let failure = Failure::new("output", ExitCode::Error, "writing the answer failed");
            fail(&ui, &failure.because(&error))
        }
        _ => exit,
    }
}

fn wishes(global: &Global) -> Wishes {
    let verbosity = match (global.quiet, global.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    Wishes {
        color: global.color,
        verbosity,
        json: global.json,
    }
}

/// What the flags most probably ask for, where the command line cannot be understood.
fn guessed_wishes(env: &Env) -> Wishes {
    let given = |flag: &str| env.args.iter().any(|arg| arg == flag);
    Wishes {
        color: ColorChoice::Auto,
        verbosity: Verbosity::Normal,
        json: given("--json"),
    }
}

/// Runs the command. A panic is a fault of ours: it is told as an error, with an exit code that
/// scripts know.
fn guarded(env: &Env, ui: &Ui, cli: Cli) -> Result<ExitCode, Failure> {
    let app = App {
        env,
        ui,
        start: cli.global.dir,
    };
    let place = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&place);
    panic::set_hook(Box::new(move |info| {
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    let ended = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        commands::run(&app, &cli.command)
    }));
    let _ = panic::take_hook();
    ended.unwrap_or_else(|_| {
        let mut failure = Failure::internal("vit itself failed: this is a fault of vit");
        let place = place.lock().unwrap_or_else(PoisonError::into_inner);
        failure.message.extend(place.lines().map(str::to_owned));
        Err(failure
            .hint("`vit status` tells how the installation stands; `vit recover` finishes what was interrupted")
            .hint("report it with the lines above"))
    })
}

/// Help and version are answers; everything else that clap says is an error.
fn refused(env: &Env, ui: &Ui, error: &clap::Error) -> Result<ExitCode, Failure> {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        ui.print(&rendered(error, ui.out.paint.color));
        return Ok(ExitCode::Success);
    }
    let words: Vec<String> = env
        .args
        .iter()
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let hint = mistakes::hint(error, &words);
    if ui.json {
        let text = rendered(error, false);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().unwrap_or_default();
        let mut failure = Failure::usage(first.strip_prefix("error: ").unwrap_or(first));
        failure
            .message
            .extend(lines.map(|line| line.trim().to_owned()));
        failure.hints.extend(hint);
        return Err(failure);
    }
    // What was typed comes back in the message, and may come from a script's variable.
    let hostile = words.iter().any(|word| visible(word) != *word);
    if hostile {
        let text = rendered(error, false);
        text.lines()
            .for_each(|line| ui.say(&format!("{}\n", visible(line))));
    } else {
        ui.say(&rendered(error, ui.err.paint.color));
    }
    if let Some(hint) = hint {
        ui.say(&format!("\n{} {hint}\n", ui.err.paint.cyan("hint:")));
    }
    Ok(ExitCode::Error)
}

fn rendered(error: &clap::Error, color: bool) -> String {
    let text = error.render();
    if color {
        text.ansi().to_string()
    } else {
        text.to_string()
    }
}

/// Tells of a failure: for people on standard error, with `--json` on standard output too.
fn fail(ui: &Ui, failure: &Failure) -> ExitCode {
    ui.say(&render::failure::failure(failure, ui.err));
    if ui.json {
        ui.print_json(&failure.report());
    }
    failure.exit
}
