//! `vit help`.

use clap::CommandFactory as _;
use vit_contract::exit::ExitCode;
use vit_contract::text::visible;

use crate::args::{Cli, mistakes};
use crate::error::Failure;
use crate::render::topics::TOPICS;
use crate::session::App;

/// Runs `vit help [COMMAND… | TOPIC]`.
///
/// # Errors
/// There is no such command or topic.
pub fn run(app: &App<'_>, words: &[String]) -> Result<ExitCode, Failure> {
    if let [topic] = words
        && let Some((_, draw)) = TOPICS.iter().find(|(name, _)| name == topic)
    {
        app.ui.print(&draw(app.ui.out));
        return Ok(ExitCode::Success);
    }
    let mut command = Cli::command();
    command.build();
    let mut found = &mut command;
    for word in words {
        let names: Vec<String> = found
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .chain(TOPICS.iter().map(|(name, _)| (*name).to_owned()))
            .collect();
        found = found
            .find_subcommand_mut(word)
            .ok_or_else(|| unknown(word, &names))?;
    }
    let text = found.render_long_help();
    let text = if app.ui.out.paint.color {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    app.ui.print(&text);
    Ok(ExitCode::Success)
}

fn unknown(word: &str, names: &[String]) -> Failure {
    let failure = Failure::usage(format!("`{}` is no command and no topic", visible(word)));
    match mistakes::nearest(word, names.iter().map(String::as_str)) {
        Some(name) => failure.hint(format!("did you mean `vit help {name}`?")),
        None => failure.hint("`vit help` lists the commands and topics"),
    }
}
