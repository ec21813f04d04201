//! The demo's world: a folder with Core's repository and an installation of it.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use vit_contract::exit::ExitCode;
use vit_contract::text::{excerpt, visible, visible_lines};
use vit_engine::environment::Environment;
use vit_engine::error::EngineError;
use vit_engine::git::Git;
use vit_engine::process::Ended;

use super::releases::{LOGISTICS, Release, is_program, release};
use crate::error::Failure;

/// How many names are tried before a temporary folder is given up.
const TRIES: u32 = 1000;
/// Core's own repository, in the demo's folder.
const ORIGIN: &str = "core.git";
/// The installation, in the demo's folder.
const INSTALLATION: &str = "installation";
/// While this file lies in the demo's folder, the smoke test of logistics kills `vit`, once.
const PLUG: &str = "pull-the-plug";

/// A folder with Core's repository and an installation of it.
#[derive(Debug)]
pub struct World {
    /// The folder that holds all of it.
    pub folder: PathBuf,
    /// The installation.
    pub installation: PathBuf,
    environment: Environment,
}

impl World {
    /// Makes it in an empty folder, Core's first release published and installed.
    ///
    /// # Errors
    /// The folder cannot be written, or git cannot be run.
    pub fn make(folder: PathBuf, environment: &Environment) -> Result<Self, Failure> {
        // The user's own git configuration has no say in how the world is made.
        let home = ["HOME", "XDG_CONFIG_HOME"].map(|name| (name.into(), folder.clone().into()));
        let given = environment.for_git();
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let world = Self {
            installation: folder.join(INSTALLATION),
            environment: Environment::new(given.chain(home)),
            folder,
        };
        let git = world.git(&world.folder);
        let bare = ["init", "--quiet", "--bare", "--template=", "-b", "main"];
        said(&git, &[&bare[..], &[ORIGIN]].concat(), "")?;
        world.publish(release("1.0.0"))?;
        let clone = ["clone", "--quiet", "--template="];
        // What stands in the installation's own configuration is above the user's.
        let config = ["-c", "core.autocrlf=false", "-c", "core.excludesFile="];
        said(
            &git,
            &[&clone[..], &config, &[ORIGIN, INSTALLATION]].concat(),
            "",
        )?;
        world.add_logistics()?;
        Ok(world)
    }

    /// Publishes a release into Core's repository.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn publish(&self, release: &Release) -> Result<(), Failure> {
        let git = self.git(&self.folder.join(ORIGIN));
        said(
            &git,
            &["fast-import", "--quiet", "--done", "--date-format=raw"],
            &release.stream(),
        )
        .map(drop)
    }

    /// Has the next smoke test of logistics kill `vit`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn pull_the_plug(&self) -> Result<(), Failure> {
        let path = self.folder.join(PLUG);
        write(&path, "", false).map_err(|error| io_failure("writing", &path, &error))
    }

    /// Git at the installation.
    #[must_use]
    pub fn git_of_installation(&self) -> Git {
        self.git(&self.installation)
    }

    fn git(&self, root: &Path) -> Git {
        Git::open(root, &self.environment)
    }

    fn add_logistics(&self) -> Result<(), Failure> {
        for (name, content) in LOGISTICS {
            let path = self.installation.join("domains/logistics").join(name);
            let parent = path.parent().unwrap_or(&self.installation);
            std::fs::create_dir_all(parent)
                .and_then(|()| write(&path, content, is_program(name)))
                .map_err(|error| io_failure("writing", &path, &error))?;
        }
        Ok(())
    }
}

fn write(path: &Path, content: &str, program: bool) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content.as_bytes())?;
    if program {
        file.set_permissions(Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Runs git, which must succeed; what it said on standard output, without the last line's end.
///
/// # Errors
/// It cannot be run, or fails.
pub fn said(git: &Git, args: &[&str], stdin: &str) -> Result<String, Failure> {
    let finished = git
        .raw(args, stdin.as_bytes().to_vec())
        .map_err(EngineError::from)?;
    let output = String::from_utf8_lossy(&finished.stdout.kept);
    if finished.ended == Ended::Exit(0) {
        return Ok(output.trim_end().to_owned());
    }
    let message = String::from_utf8_lossy(&finished.stderr.kept);
    let command = format!("`git {}` failed", args.first().unwrap_or(&""));
    let mut failure = Failure::new("git_failed", ExitCode::Error, command);
    failure
        .message
        .push(excerpt(&visible_lines(message.trim()), 1000));
    Err(failure)
}

/// Takes a folder that was named: it must not exist, or be empty.
///
/// # Errors
/// It holds something, is no folder, or cannot be made.
pub fn take_folder(folder: PathBuf) -> Result<PathBuf, Failure> {
    let shown = visible(&folder.to_string_lossy());
    let refused = |why: &str| {
        Err(Failure::usage(format!("{shown} {why}"))
            .hint("name a folder that does not exist or is empty; without one, `vit demo` makes a temporary one"))
    };
    match std::fs::read_dir(&folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(folder),
            Some(_) => refused("is not empty"),
        },
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => refused("is not a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(&folder)
                .map_err(|error| io_failure("making", &folder, &error))?;
            Ok(folder)
        }
        Err(error) => Err(io_failure("reading", &folder, &error)),
    }
}

/// Makes a new folder under `parent`, which may be shared with others: nobody else may look in.
///
/// # Errors
/// It cannot be made.
pub fn new_folder(parent: &Path) -> Result<PathBuf, Failure> {
    let process = std::process::id();
    for number in 0..TRIES {
        let folder = parent.join(format!("vit-demo-{process}-{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(io_failure("making", &folder, &error).hint(
                    "set TMPDIR to a folder that can be written, or name one: `vit demo DIR`",
                ));
            }
        }
    }
    Err(Failure::internal(format!(
        "no free name for a folder in {}",
        visible(&parent.to_string_lossy())
    )))
}

/// The failure of something done to a path.
#[must_use]
pub fn io_failure(action: &str, path: &Path, error: &io::Error) -> Failure {
    let shown = visible(&path.to_string_lossy());
    Failure::new("io", ExitCode::Error, format!("{action} {shown} failed")).because(error)
}
