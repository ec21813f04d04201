//! `vit demo`.

use std::path::Path;

use vit_contract::exit::ExitCode;

use crate::args::DemoArgs;
use crate::demo::stage::Stage;
use crate::demo::telling::Telling;
use crate::demo::world::{self, World};
use crate::env::Env;
use crate::error::Failure;
use crate::session::App;

/// Runs `vit demo`.
///
/// # Errors
/// The folder cannot be used, a program is missing, or the story did not go as it is told.
pub fn run(app: &App<'_>, args: &DemoArgs) -> Result<ExitCode, Failure> {
    let program = app
        .env
        .program()
        .map_err(|error| Failure::internal("vit cannot find itself").because(&error))?;
    let folder = match &args.dir {
        Some(dir) => world::take_folder(app.start()?.join(dir))?,
        None => world::new_folder(&app.env.temporary_folder())?,
    };
    let telling = Telling::new(app.ui);
    telling.beginning(&folder);
    let world = World::make(folder, &app.env.environment)?;
    let stage = Stage {
        program: &program,
        environment: &app.env.environment,
        world: &world,
        telling: &telling,
    };
    let report = stage.play()?;
    if app.ui.json {
        app.ui.print_json(&report);
    } else {
        let alias = (!in_path(app.env, &program)).then_some(program.as_path());
        telling.ending(&report, alias);
    }
    Ok(ExitCode::Success)
}

/// Whether `vit`, typed, is this program.
fn in_path(env: &Env, program: &Path) -> bool {
    let path = env.environment.get("PATH").unwrap_or_default();
    let found = std::env::split_paths(path)
        .map(|folder| folder.join("vit"))
        .find(|file| file.is_file());
    let real = |path: &Path| path.canonicalize().ok();
    found.is_some_and(|found| real(&found) == real(program))
}
