//! `vit bundle`.

use vit_contract::exit::ExitCode;
use vit_contract::output::{BundleReport, BundleStatus};
use vit_engine::ops::bundle::{self as engine, CreateOptions};
use vit_engine::site::{Site, SiteError};

use crate::args::{BundleArgs, BundleCommand, CreateArgs, VerifyArgs};
use crate::commands::wanted;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit bundle`.
///
/// # Errors
/// The bundle cannot be made, read or imported.
pub fn run(app: &App<'_>, args: &BundleArgs) -> Result<ExitCode, Failure> {
    let report = match &args.command {
        BundleCommand::Create(args) => create(app, args)?,
        BundleCommand::Verify(args) => verify(app, args)?,
        BundleCommand::Import(args) => {
            let path = app.path(&args.file);
            Session::open(app)?.call_after_recovery(|cx| engine::import(cx, &path))?
        }
    };
    app.ui.report(&report, render::bundle::bundle);
    Ok(exit(&report))
}

fn create(app: &App<'_>, args: &CreateArgs) -> Result<BundleReport, Failure> {
    let version = |text: &str, flag| wanted::version(app, text, flag);
    let targets = args.target.iter().map(|text| version(text, "--target "));
    let from = args.from.as_deref().map(|text| version(text, "--from "));
    let options = CreateOptions {
        targets: targets.collect::<Result<_, _>>()?,
        from: from.transpose()?,
        wheels: args.wheels.iter().map(|dir| app.path(dir)).collect(),
        out: app.path(&args.out),
        force: args.force,
    };
    let session = Session::open(app)?;
    session.watch_signals()?;
    session.call(|cx| engine::create(cx, &options))
}

/// Without an installation, the bundle alone is looked at.
fn verify(app: &App<'_>, args: &VerifyArgs) -> Result<BundleReport, Failure> {
    let (path, environment) = (app.path(&args.file), &app.env.environment);
    match Site::discover(&app.start()?, environment) {
        Ok(_) => Session::open(app)?.call(|cx| engine::verify(&path, environment, Some(cx))),
        Err(SiteError::NotARepository { .. } | SiteError::Bare { .. }) => {
            Ok(engine::verify(&path, environment, None)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// The exit code that a report means.
fn exit(report: &BundleReport) -> ExitCode {
    match report.status {
        BundleStatus::Created
        | BundleStatus::Usable
        | BundleStatus::Imported
        | BundleStatus::AlreadyImported => ExitCode::Success,
        BundleStatus::NotUsableHere => ExitCode::Blocked,
        BundleStatus::Damaged => ExitCode::Error,
    }
}
