//! `vit trust`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use vit_contract::exit::ExitCode;
use vit_engine::ops::trust::{InitOptions, MAX_ROOT_BYTES, init, propose, remove, show};

use crate::args::{TrustArgs, TrustCommand, TrustInitArgs};
use crate::error::Failure;
use crate::prompt::Question;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit trust init`, `vit trust show` or `vit trust remove`.
///
/// # Errors
/// There is no installation, the root cannot be used, or what is trusted not be read or written.
pub fn run(app: &App<'_>, args: &TrustArgs) -> Result<ExitCode, Failure> {
    let session = Session::open(app)?;
    let report = match &args.command {
        TrustCommand::Init(args) => return begin(app, &session, args),
        TrustCommand::Show => session.call(show)?,
        TrustCommand::Remove(args) => {
            let origin = args.origin.as_deref();
            session.call_after_recovery(|cx| remove(cx, origin, &args.reason))?
        }
    };
    app.ui.report(&report, render::trust::trust);
    Ok(ExitCode::Success)
}

fn begin(app: &App<'_>, session: &Session<'_>, args: &TrustInitArgs) -> Result<ExitCode, Failure> {
    let question = Question {
        text: "Trust this root",
        yes: args.yes,
        args: &app.env.args,
    };
    question.require_answerable(app.ui)?;
    let options = InitOptions {
        root: read(&app.path(&args.root))?,
        metadata_url: args.metadata_url.clone(),
    };
    let proposal = session.call(|cx| propose(cx, &options))?;
    if !proposal.already && !args.yes {
        app.ui.say(&render::trust::proposal(&proposal, app.ui.err));
        if !question.ask(app.ui) {
            app.ui.say("nothing was changed\n");
            return Ok(ExitCode::Error);
        }
    }
    let report = session.call_after_recovery(|cx| init(cx, &options))?;
    app.ui.report(&report, render::trust::trust);
    Ok(ExitCode::Success)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let bound = MAX_ROOT_BYTES as u64;
    File::open(path)
        .and_then(|file| file.take(bound + 1).read_to_end(&mut bytes))
        .map_err(|error| {
            Failure::bad_input(format!("the root {} cannot be read", path.display()))
                .because(&error)
        })?;
    if bytes.len() > MAX_ROOT_BYTES {
        return Err(Failure::bad_input(format!(
            "{} is larger than {MAX_ROOT_BYTES} bytes: it is no root",
            path.display()
        )));
    }
    Ok(bytes)
}
