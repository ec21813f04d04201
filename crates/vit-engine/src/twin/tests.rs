//! A strange folder, twins of it, and every way to damage them.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode};

use super::*;

mod format;
mod restoring;
mod taking;

/// A live environment, its twin and its manifest.
struct Case {
    folder: tempfile::TempDir,
    cancel: Cancel,
    faults: Faults,
}

impl Case {
    fn new() -> Self {
        Self::of(tempfile::tempdir().unwrap())
    }

    /// In memory where that can be: a test that syncs a hundred times would wait for the disk.
    fn quick() -> Self {
        Self::of(tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap()))
    }

    /// In another file system, where there is one.
    fn in_memory() -> Option<Self> {
        let memory = Path::new("/dev/shm");
        let here = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir_in(memory).ok()?;
        let works = !same_file_system(here.path(), folder.path());
        vit_testkit::tools::need_that("/dev/shm as another file system", || works)
            .then(|| Self::of(folder))
    }

    fn of(folder: tempfile::TempDir) -> Self {
        Self {
            folder,
            cancel: Cancel::default(),
            faults: Faults::default(),
        }
    }

    fn work(&self) -> Work<'_> {
        Work {
            cancel: &self.cancel,
            faults: &self.faults,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn live(&self) -> PathBuf {
        self.path("env")
    }

    fn twin(&self) -> PathBuf {
        self.path("twin")
    }

    fn take(&self) -> Manifest {
        take(&self.live(), &self.twin(), &self.work()).unwrap()
    }

    fn of_live(&self) -> Manifest {
        Manifest::of(&self.live(), &self.work()).unwrap()
    }

    fn mismatches(&self, folder: &Path, manifest: &Manifest) -> Vec<String> {
        let found = verify(folder, manifest, Tolerate::Nothing, &self.work()).unwrap();
        let same = is_same(folder, manifest, Tolerate::Nothing, &self.work()).unwrap();
        assert_eq!(same, found.is_empty());
        found.iter().map(ToString::to_string).collect()
    }

    fn restore(&self, manifest: &Manifest, with: &Restore<'_>) -> Restored {
        restore(&self.live(), &self.twin(), manifest, with, &self.work()).unwrap()
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        // There are read-only folders in it.
        let _ = remove::force(self.folder.path());
    }
}

const BIG: usize = 70_000;

#[expect(clippy::disallowed_methods, reason = "files of a test, no state")]
fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Puts an environment with all odd things at a path.
fn odd(at: &Path) {
    plain(at);
    put(&at.join("empty file"), "");
    fs::create_dir(at.join("empty folder")).unwrap();
    put(&at.join("new\nline\ttab\\back"), "odd");
    put(&at.join(OsStr::from_bytes(b"lib/not-\xff-utf8")), "odd");
    put(&at.join("perché/ok"), "odd");
    symlink("nowhere", at.join("dangling")).unwrap();
    symlink("/etc", at.join("absolute")).unwrap();
    symlink("loop", at.join("loop")).unwrap();
    symlink("..", at.join("lib/up")).unwrap();
    symlink(OsStr::from_bytes(b"\xfe\nx"), at.join("odd-target")).unwrap();
    let (first, second) = (at.join("lib/inode-a"), at.join("inode-b"));
    put(&first, vec![7; BIG]);
    fs::hard_link(&first, &second).unwrap();
    let (first, second) = (at.join("lib/inode-c"), at.join("bin/inode-d"));
    put(&first, vec![8; BIG]);
    fs::hard_link(&first, &second).unwrap();
    put(&at.join("bin/setuid"), vec![1; BIG]);
    set_mode(&at.join("bin/setuid"), 0o4755);
    put(&at.join("lib/setgid"), vec![2; BIG]);
    set_mode(&at.join("lib/setgid"), 0o2711);
    rustix::fs::mknodat(CWD, at.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    put(&at.join("labelled/file"), "labelled");
    for name in ["labelled", "labelled/file"] {
        // Where the file system has none, nothing is compared.
        let _ = label(&at.join(name));
    }
    put(&at.join("locked/inner/file"), "locked");
    set_mode(&at.join("locked/inner"), 0o500);
    set_mode(&at.join("locked"), 0o555);
}

const LABEL: &str = "user.vit";

fn label(path: &Path) -> rustix::io::Result<()> {
    rustix::fs::setxattr(path, LABEL, b"kept", rustix::fs::XattrFlags::empty())
}

fn label_of(path: &Path) -> Option<Vec<u8>> {
    let mut value = [0; 16];
    let length = rustix::fs::getxattr(path, LABEL, &mut value[..]).ok()?;
    Some(value[..length].to_vec())
}

/// Puts a small environment at a path.
fn plain(at: &Path) {
    put(&at.join("pyvenv.cfg"), "home = /usr/bin\n");
    put(&at.join("bin/python"), vec![b'p'; BIG]);
    put(&at.join("lib/site/a.pth"), vec![b'x'; BIG]);
    put(&at.join("lib/site/pkg-1.dist-info/RECORD"), vec![b'r'; BIG]);
    put(&at.join("lib/site/pkg/big.so"), vec![b'b'; BIG]);
    put(&at.join("lib/site/pkg/__init__.py"), "version = 1\n");
    put(&at.join("lib/site/pkg/__pycache__/x.pyc"), vec![b'c'; BIG]);
    symlink("lib", at.join("lib64")).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::new(1_234_567, 891);
    let file = fs::File::options()
        .append(true)
        .open(at.join("lib/site/pkg/__init__.py"));
    file.unwrap().set_modified(old).unwrap();
}

/// The environment after an upgrade that replaced, added, removed and edited files.
fn upgraded(at: &Path) {
    let pkg = at.join("lib/site/pkg");
    fs::remove_file(pkg.join("big.so")).unwrap();
    put(&pkg.join("big.so"), vec![b'B'; BIG]);
    put(&pkg.join("new/deep/file"), "new");
    fs::remove_dir_all(pkg.join("__pycache__")).unwrap();
    fs::remove_file(at.join("lib/site/a.pth")).unwrap();
    put(&at.join("lib/site/a.pth/now-a-folder"), "");
    fs::remove_file(at.join("lib64")).unwrap();
    symlink("elsewhere", at.join("lib64")).unwrap();
    put(&at.join("pyvenv.cfg"), "edited in place\n");
}

/// Writes into a file without replacing it.
fn write_in_place(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn inode(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}
