//! Smoke tests that misbehave, for [`Vertical::smoke`](crate::Vertical::smoke).
//!
//! Each is a few lines of shell, run in Core's root. What a script starts and leaves behind stops
//! by itself after half a minute or when the world's folder is gone.

/// A file that a new release should remove ([`Release::remove_file`](crate::Release::remove_file)),
/// so that [`UNTRACKED_IN_THE_WAY`] stands where the old release has it.
pub const REMOVED: &str = "vitruvyan_core/core/cache.py";

/// A misbehaving smoke test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hostile {
    /// Its name, for messages.
    pub name: &'static str,
    lines: &'static str,
}

impl Hostile {
    const fn new(name: &'static str, lines: &'static str) -> Self {
        Self { name, lines }
    }

    /// The script, ending with this exit status if it comes to its end.
    #[must_use]
    pub fn exits(self, status: u8) -> String {
        script("", self.lines, status)
    }

    /// The script, ending with exit 0.
    #[must_use]
    pub fn passes(self) -> String {
        self.exits(0)
    }

    /// The script, ending with exit 1.
    #[must_use]
    pub fn fails(self) -> String {
        self.exits(1)
    }

    /// The same, behaving well when the old release is probed after a rollback.
    #[must_use]
    pub fn in_probe_only(self, status: u8) -> String {
        script("[ \"$VIT_PHASE\" = probe ] || exit 0\n", self.lines, status)
    }
}

fn script(guard: &str, lines: &str, status: u8) -> String {
    format!(
        "#!/bin/sh\n{guard}root=${{VIT_CORE_ROOT:-$(git rev-parse --show-toplevel)}}\n\
         cd \"$root\" || exit 99\n{lines}\nexit {status}\n"
    )
}

/// Edits a tracked file.
pub const EDITS_TRACKED: Hostile = Hostile::new(
    "edits a tracked file",
    "echo '# edited' >> vitruvyan_core/__init__.py",
);

/// Edits a tracked file and stages it.
pub const STAGES: Hostile = Hostile::new(
    "stages an edit",
    "echo '# edited' >> README.md\ngit add README.md",
);

/// Writes an untracked file where the old release tracks one: [`REMOVED`].
pub const UNTRACKED_IN_THE_WAY: Hostile = Hostile::new(
    "writes an untracked file in the way",
    "echo mine > vitruvyan_core/core/cache.py",
);

/// Puts a folder with a file in it where the old release tracks a file: [`REMOVED`].
pub const FOLDER_IN_THE_WAY: Hostile = Hostile::new(
    "puts a folder in the way",
    "mkdir vitruvyan_core/core/cache.py\necho mine > vitruvyan_core/core/cache.py/x",
);

/// Puts a file where a tracked folder is.
pub const FILE_FOR_FOLDER: Hostile = Hostile::new(
    "replaces a folder by a file",
    "rm -rf vitruvyan_core/core\necho mine > vitruvyan_core/core",
);

/// Puts a symlink to a folder outside where a tracked folder is: whoever writes through it writes
/// into `$TMPDIR/outside`.
pub const SYMLINK_FOR_FOLDER: Hostile = Hostile::new(
    "replaces a folder by a symlink",
    "mkdir -p \"$TMPDIR/outside\"\nrm -rf contracts\nln -s \"$TMPDIR/outside\" contracts",
);

/// Makes a tracked folder read-only (without effect on root).
pub const READ_ONLY: Hostile = Hostile::new(
    "makes a folder read-only",
    "chmod -R a-w vitruvyan_core/core",
);

/// Flips executable bits.
pub const FLIPS_MODES: Hostile = Hostile::new(
    "flips executable bits",
    "chmod a-x scripts/migrate.sh\nchmod a+x README.md",
);

/// Edits a tracked file and puts its time and size back, so that only its content tells.
pub const HIDES_AN_EDIT: Hostile = Hostile::new(
    "hides an edit",
    "touch -r README.md \"$TMPDIR/time\"\nsed -i 's/Core/Kore/' README.md\n\
     touch -r \"$TMPDIR/time\" README.md",
);

/// Leaves a daemon in a session of its own that goes on writing into the tree.
pub const DAEMON: Hostile = Hostile::new(
    "leaves a daemon that writes",
    "setsid sh -c 'trap \"\" TERM HUP INT; i=0; while [ $i -lt 600 ] && [ -d \"$1\" ]; do \
     echo \"# daemon $i\" >> \"$1/vitruvyan_core/__init__.py\"; i=$((i+1)); sleep 0.05; done' \
     daemon \"$root\" >/dev/null 2>&1 </dev/null &",
);

/// The same without any inherited variable and with another working folder: nothing but its
/// parentage tells where it came from.
pub const BARE_DAEMON: Hostile = Hostile::new(
    "leaves a daemon without environment",
    "cd /\nenv -i setsid sh -c 'i=0; while [ $i -lt 600 ] && [ -d \"$1\" ]; do \
     echo \"# daemon $i\" >> \"$1/vitruvyan_core/__init__.py\"; i=$((i+1)); \
     /bin/sleep 0.05; done' daemon \"$root\" >/dev/null 2>&1 </dev/null &",
);

/// Leaves a child that holds standard output open.
pub const HOLDS_OUTPUT: Hostile = Hostile::new(
    "leaves a child that holds its output open",
    "(trap '' TERM HUP; sleep 30) &\necho done",
);

/// Ignores SIGTERM and does not end.
pub const IGNORES_TERM: Hostile = Hostile::new(
    "ignores SIGTERM",
    "trap '' TERM INT HUP\nwhile [ -d \"$root\" ]; do sleep 1; done",
);

/// Prints 50 MB without a line break.
pub const LONG_LINE: Hostile = Hostile::new(
    "prints 50 MB in one line",
    "head -c 52428800 /dev/zero | tr '\\0' x",
);

/// Prints 50 MB in short lines, half of them to standard error.
pub const MANY_LINES: Hostile = Hostile::new(
    "prints 50 MB in lines",
    "yes 'a line of output' | head -c 26214400\n\
     yes 'a line of trouble' | head -c 26214400 >&2",
);

/// Prints escape sequences, a title, a link, the clipboard sequence, C1 and bidi marks.
pub const ESCAPES: Hostile = Hostile::new(
    "prints escape sequences",
    "printf '\\033[2J\\033]0;owned\\007\\033]8;;https://evil.example\\033\\\\click\\033]8;;\\033\\\\\\n'\n\
     printf '\\033]52;c;b3duZWQ=\\007\\302\\233 31m\\342\\200\\256txt.exe\\rdone\\000\\377\\n'",
);

/// Reads its standard input to the end.
pub const READS_INPUT: Hostile = Hostile::new("reads its input", "cat > /dev/null");

/// Commits to whatever is checked out.
pub const COMMITS: Hostile = Hostile::new(
    "commits",
    "echo x >> README.md\ngit -c user.name=x -c user.email=x@example.org commit -qam hostile",
);

/// Checks another commit out.
pub const CHECKS_OUT: Hostile = Hostile::new(
    "checks another branch out",
    "git checkout -q -f -b hostile HEAD~1 2>/dev/null || git checkout -q -f -b hostile",
);

/// Moves a release's tag and makes another tag.
pub const TAGS: Hostile = Hostile::new(
    "moves a tag",
    "git tag -f v1.0.0 HEAD >/dev/null\ngit tag hostile",
);

/// Stashes an edit.
pub const STASHES: Hostile = Hostile::new(
    "stashes",
    "echo x >> README.md\ngit -c user.name=x -c user.email=x@example.org stash -q",
);

/// Deletes every snapshot tag that it finds.
pub const DROPS_SNAPSHOTS: Hostile = Hostile::new(
    "drops the snapshot tags",
    "git tag -l 'pre-upgrade-*' | xargs -r git tag -d >/dev/null\ngit gc -q --prune=now",
);

/// Deletes the index.
pub const DELETES_INDEX: Hostile = Hostile::new("deletes the index", "rm -f .git/index");

/// Fills the index with rubbish.
pub const SPOILS_INDEX: Hostile = Hostile::new("spoils the index", "echo rubbish > .git/index");

/// Leaves the lock of an index behind.
pub const LEAVES_LOCK: Hostile = Hostile::new("leaves index.lock", ": > .git/index.lock");

/// Writes into git's configuration: hooks, an fsmonitor and a filter that leave a mark at
/// `$TMPDIR/pwned` when git runs them.
pub const WRITES_CONFIG: Hostile = Hostile::new(
    "writes into .git/config",
    "mkdir -p \"$TMPDIR/hooks\"\n\
     printf '#!/bin/sh\\n: > \"%s/pwned\"\\n' \"$TMPDIR\" > \"$TMPDIR/hooks/post-checkout\"\n\
     chmod +x \"$TMPDIR/hooks/post-checkout\"\n\
     cp \"$TMPDIR/hooks/post-checkout\" \"$TMPDIR/hooks/reference-transaction\"\n\
     git config core.hooksPath \"$TMPDIR/hooks\"\n\
     git config core.fsmonitor \"$TMPDIR/hooks/post-checkout\"",
);

/// Tells git to overlook an edit.
pub const HIDES_FROM_GIT: Hostile = Hostile::new(
    "hides an edit from git",
    "echo x >> README.md\ngit update-index --assume-unchanged README.md",
);

/// Removes the vertical's own folder while it runs.
pub const REMOVES_VERTICAL: Hostile = Hostile::new(
    "removes the vertical's folder",
    "rm -rf \"domains/${VIT_VERTICAL:-finance}\"",
);

/// Kills its parent.
pub const KILLS_PARENT: Hostile = Hostile::new("kills its parent", "kill -9 $PPID\nsleep 1");

/// Kills itself.
pub const KILLS_ITSELF: Hostile = Hostile::new("kills itself", "kill -9 $$");

/// Those that come to their end at once and end no other process: fit for a loop.
pub const TAME: [Hostile; 23] = [
    EDITS_TRACKED,
    STAGES,
    UNTRACKED_IN_THE_WAY,
    FOLDER_IN_THE_WAY,
    FILE_FOR_FOLDER,
    SYMLINK_FOR_FOLDER,
    READ_ONLY,
    FLIPS_MODES,
    HIDES_AN_EDIT,
    DAEMON,
    BARE_DAEMON,
    HOLDS_OUTPUT,
    ESCAPES,
    READS_INPUT,
    COMMITS,
    CHECKS_OUT,
    STASHES,
    DROPS_SNAPSHOTS,
    DELETES_INDEX,
    SPOILS_INDEX,
    LEAVES_LOCK,
    HIDES_FROM_GIT,
    REMOVES_VERTICAL,
];

/// Those that take long, print much, end other processes, or change what no rollback brings back
/// (tags, configuration).
pub const WILD: [Hostile; 7] = [
    IGNORES_TERM,
    LONG_LINE,
    MANY_LINES,
    TAGS,
    WRITES_CONFIG,
    KILLS_PARENT,
    KILLS_ITSELF,
];

/// The exit statuses that no smoke test should have.
pub const ODD_STATUSES: [u8; 4] = [2, 77, 126, 137];

/// A script that fills the file system at `folder` (a small one of the caller's own).
#[must_use]
pub fn fills(folder: &str, status: u8) -> String {
    format!(
        "#!/bin/sh\ndd if=/dev/zero of='{folder}/full' bs=64k 2>/dev/null\n\
         : > '{folder}/empty'\nexit {status}\n"
    )
}
