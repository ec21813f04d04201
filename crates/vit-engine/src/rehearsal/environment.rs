//! The rehearsal's Python environment: a link copy of the live one in which what names the live
//! places names the rehearsal's. The live environment is only read.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use vit_contract::plan::{EnvironmentAction, EnvironmentStep, Plan};

use super::files::Brought;
use super::place::Place;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::environment::site_packages;
use crate::steps::environment::of_plan;
use crate::twin::{self, Work};

/// The largest file whose paths are moved, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// The longest first line that every Linux takes whole, in bytes; longer ones go through a shell.
const MAX_SHEBANG: usize = 127;

/// The live environment, and where the rehearsal has its own.
pub(super) struct LiveEnvironment {
    live: PathBuf,
    real: PathBuf,
    pub target: PathBuf,
    moves: Moves,
}

impl LiveEnvironment {
    /// The environment that the plan names, where it is there.
    pub(super) fn of(cx: &Context<'_>, plan: &Plan, place: &Place) -> Option<Self> {
        let live = of_plan(&plan.environment)?.to_owned();
        let real = fs::canonicalize(&live).ok()?;
        let target = match live.strip_prefix(&cx.site.root) {
            Ok(inside) => place.tree().join(inside),
            Err(_) => place.environment(),
        };
        let moves = Moves::new(&[
            (&live, &target),
            (&real, &target),
            (&cx.site.root, &place.tree()),
        ]);
        Some(Self {
            live,
            real,
            target,
            moves,
        })
    }

    /// What is not to be copied in another way.
    pub(super) fn apart(&self) -> [PathBuf; 2] {
        [self.live.clone(), self.real.clone()]
    }

    /// Makes the copy.
    pub(super) fn bring(&self, cx: &Context<'_>) -> Result<(), EngineError> {
        copy(cx, &self.real, &self.target, &self.moves)
    }

    /// The step with its paths moved.
    pub(super) fn moved(&self, step: &EnvironmentStep) -> EnvironmentStep {
        let mut step = step.clone();
        step.path = self.target.display().to_string();
        if let EnvironmentAction::Install {
            commands, wheels, ..
        } = &mut step.action
        {
            for word in commands.iter_mut().flatten() {
                // What was imported is only read, where it stands.
                if wheels.iter().any(|folder| folder.path == *word) {
                    continue;
                }
                if let Some(moved) = self.moves.apply(word.as_bytes()) {
                    *word = String::from_utf8_lossy(&moved).into_owned();
                }
            }
        }
        step
    }
}

/// Brings the environments that verticals have of their own, and what else a tool has installed.
/// What cannot be brought counts as left out.
pub(super) fn bring_installed(cx: &Context<'_>, tree: &Path, brought: &mut Brought) {
    let moves = Moves::new(&[(&cx.site.root, tree)]);
    for path in std::mem::take(&mut brought.installed) {
        if copy(cx, &cx.site.root.join(&path), &tree.join(&path), &moves).is_err() {
            brought.left_out.push(path);
        }
    }
}

/// A link copy, with the paths in it moved.
fn copy(cx: &Context<'_>, live: &Path, target: &Path, moves: &Moves) -> Result<(), EngineError> {
    let work = Work {
        cancel: cx.cancel,
        faults: cx.faults,
    };
    let io_at = |source| EngineError::Io {
        action: "copying the environment to",
        path: target.to_owned(),
        source,
    };
    if let Some(above) = target.parent() {
        fs::create_dir_all(above).map_err(io_at)?;
    }
    twin::link_copy(live, target, &work)?;
    rewrite(target, moves).map_err(io_at)
}

/// Moves the paths in everything that decides what the environment runs and imports: scripts,
/// `pyvenv.cfg`, path files, finders of editable packages, where packages came from.
fn rewrite(environment: &Path, moves: &Moves) -> io::Result<()> {
    let mut files = vec![environment.join("pyvenv.cfg")];
    files.extend(entries(&environment.join("bin")));
    for packages in site_packages(environment) {
        for path in entries(&packages) {
            let name = path.file_name().unwrap_or_default().as_bytes();
            let decides = [&b".pth"[..], b".egg-link"]
                .iter()
                .any(|end| name.ends_with(end))
                || name.starts_with(b"__editable__");
            if decides {
                files.push(path);
            } else if name.ends_with(b".dist-info") {
                files.push(path.join("direct_url.json"));
            }
        }
    }
    files.iter().try_for_each(|path| rewrite_one(path, moves))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let list = fs::read_dir(folder).into_iter().flatten().flatten();
    list.map(|entry| entry.path())
}

/// Writes a new file in the old one's place: the old one may be a hard link to the live one.
fn rewrite_one(path: &Path, moves: &Moves) -> io::Result<()> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Ok(());
    }
    let Some(moved) = moves.apply(&fs::read(path)?) else {
        return Ok(());
    };
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(path))?;
    file.write_all(&short_first_line(moved))?;
    file.as_file().set_permissions(metadata.permissions())?;
    file.persist(path)?;
    Ok(())
}

/// The first line of a Python script, where it is too long for the kernel now: as pip writes it,
/// a line that a shell and Python both take.
fn short_first_line(text: Vec<u8>) -> Vec<u8> {
    let end = text.iter().position(|&byte| byte == b'\n');
    let Some((first, rest)) = end.map(|end| text.split_at(end)) else {
        return text;
    };
    let Some(program) = first.strip_prefix(b"#!") else {
        return text;
    };
    // What stands behind a space is an argument.
    let space = program.iter().position(|&byte| byte == b' ');
    let (program, arguments) = program.split_at(space.unwrap_or(program.len()));
    let python = Path::new(OsStr::from_bytes(program))
        .file_name()
        .is_some_and(|name| name.as_bytes().starts_with(b"python"));
    if first.len() <= MAX_SHEBANG || !python {
        return text;
    }
    let mut long = b"#!/bin/sh\n'''exec' \"".to_vec();
    long.extend_from_slice(program);
    long.extend_from_slice(b"\"");
    long.extend_from_slice(arguments);
    long.extend_from_slice(b" \"$0\" \"$@\"\n' '''");
    long.extend_from_slice(rest);
    long
}

/// Paths, and what stands in their place; also as they look in a URL.
struct Moves(Vec<(Vec<u8>, Vec<u8>)>);

impl Moves {
    fn new(pairs: &[(&Path, &Path)]) -> Self {
        let mut moves: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (from, to) in pairs {
            let [from, to] = [from, to].map(|path| path.as_os_str().as_bytes().to_vec());
            moves.push((in_url(&from), in_url(&to)));
            moves.push((from, to));
        }
        moves.retain(|(from, to)| from != to);
        // The longest first: the environment stands in the root.
        moves.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        moves.dedup_by(|a, b| a.0 == b.0);
        Self(moves)
    }

    /// The text with its paths moved; `None` where it names none of them.
    fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut moved = Vec::with_capacity(text.len());
        let (mut at, mut any) = (0, false);
        while at < text.len() {
            let found = self.0.iter().find(|(from, _)| {
                text[at..].starts_with(from)
                    && text.get(at + from.len()).is_none_or(|&next| !goes_on(next))
            });
            match found {
                Some((from, to)) => {
                    moved.extend_from_slice(to);
                    at += from.len();
                    any = true;
                }
                None => {
                    moved.push(text[at]);
                    at += 1;
                }
            }
        }
        any.then_some(moved)
    }
}

/// Whether a name goes on with this byte, so that another path is meant.
fn goes_on(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.%".contains(&byte) || !byte.is_ascii()
}

fn in_url(path: &[u8]) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-.~".contains(&byte);
    let mut text = Vec::new();
    for &byte in path {
        if plain(byte) {
            text.push(byte);
        } else {
            text.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_moved_whole_or_not_at_all() {
        let moves = Moves::new(&[
            (Path::new("/srv/my core"), Path::new("/r/tree")),
            (Path::new("/srv/my core/.venv"), Path::new("/r/tree/.venv")),
        ]);
        let moved = |text: &str| {
            let moved = moves.apply(text.as_bytes());
            moved.map(|bytes| String::from_utf8(bytes).unwrap())
        };
        let same = |text: &str| assert_eq!(moved(text), None, "{text}");
        same("/srv/my core2/x /srv/my");
        same("/srv/my core.old");
        for (text, expected) in [
            ("/srv/my core", "/r/tree"),
            (
                "#!/srv/my core/.venv/bin/python\nx",
                "#!/r/tree/.venv/bin/python\nx",
            ),
            ("{'a': '/srv/my core/a'}", "{'a': '/r/tree/a'}"),
            ("file:///srv/my%20core/a", "file:///r/tree/a"),
        ] {
            assert_eq!(moved(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_first_line_that_is_too_long_goes_through_a_shell() {
        let script = format!("#!/{}/bin/python3\nimport x\n", "x".repeat(200));
        let text = String::from_utf8(short_first_line(script.clone().into_bytes())).unwrap();
        let program = script.lines().next().unwrap().trim_start_matches("#!");
        let expected =
            format!("#!/bin/sh\n'''exec' \"{program}\" \"$0\" \"$@\"\n' '''\nimport x\n");
        assert_eq!(text, expected);
        let short = b"#!/bin/python3\nx".to_vec();
        assert_eq!(short_first_line(short.clone()), short);
    }

    #[test]
    fn a_hard_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (live, own) = (folder.path().join("live"), folder.path().join("own"));
        let mut file = fs::File::create(&live).unwrap();
        file.write_all(b"/srv/core/x").unwrap();
        fs::hard_link(&live, &own).unwrap();
        let moves = Moves::new(&[(Path::new("/srv/core"), Path::new("/r"))]);
        rewrite_one(&own, &moves).unwrap();
        assert_eq!(fs::read(&own).unwrap(), b"/r/x");
        assert_eq!(fs::read(&live).unwrap(), b"/srv/core/x");
    }
}
