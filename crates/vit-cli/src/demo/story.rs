//! What the demo shows, scene by scene. Data only: `stage` plays it.

/// One command of the story.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// What happens.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Versions that the Core team publishes before it.
    pub published: &'static [&'static str],
    /// Whether `vit` is killed in its middle.
    pub plug: bool,
    /// What is typed after `vit`.
    pub args: &'static [&'static str],
    /// How the command must end.
    pub expected: Expected,
    /// What the installation's files must look like afterwards, looked at without `vit`.
    pub files: Files,
}

/// How a command must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// By itself, with this code.
    Exit(u8),
    /// By SIGKILL.
    Killed,
}

impl Expected {
    /// The code as a shell would tell it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Exit(code) => code,
            Self::Killed => 128 + 9,
        }
    }
}

/// What the files must look like after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// It does not matter.
    Any,
    /// As before the command.
    Kept,
    /// Other than before: the command was stopped half-way.
    Torn,
    /// As before the command that was stopped half-way.
    Restored,
}

const SCENE: Scene = Scene {
    title: "",
    why: "",
    published: &[],
    plug: false,
    args: &[],
    expected: Expected::Exit(0),
    files: Files::Any,
};

/// The story.
pub const STORY: &[Scene] = &[
    Scene {
        title: "What is installed",
        why: "Core 1.0.0 with two verticals: finance comes with Core, logistics is the team's own \
              and unknown to Core's repository.",
        args: &["status"],
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "Is there a release, and can every vertical live with it?",
        why: "The question is answered before anything is changed, for every vertical, with all \
              reasons at once.",
        published: &["1.1.0"],
        args: &["update"],
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "What would the upgrade do?",
        why: "The plan is what is carried out later, step for step. It can be stored, reviewed and \
              applied with --plan.",
        args: &["plan"],
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "An upgrade, proven",
        why: "Snapshot, switch, smoke test of every vertical; committed only when all pass and the \
              tree is the release's.",
        args: &["upgrade", "--yes"],
        ..SCENE
    },
    Scene {
        title: "An upgrade that fails, and is taken back",
        why: "The metadata of 1.2.0 names nothing that breaks, so no rule can object. The team's \
              smoke test does.",
        published: &["1.2.0"],
        args: &["upgrade", "--yes"],
        expected: Expected::Exit(3),
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "A release that is refused, with its reasons",
        why: "2.0.0 has new contracts. Nothing is begun; each reason says who can lift it, and no flag \
              overrides it.",
        published: &["2.0.0"],
        args: &["upgrade", "--target", "2.0.0", "--yes"],
        expected: Expected::Exit(1),
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "kill -9 in the middle of an upgrade",
        why: "While 1.2.1 is on trial, vit is killed: no handler runs, nothing is cleaned up. (The \
              smoke test does it, once.)",
        published: &["1.2.1", "1.3.0-beta.1"],
        plug: true,
        args: &["upgrade", "--yes"],
        expected: Expected::Killed,
        files: Files::Torn,
    },
    Scene {
        title: "What is left behind",
        why: "The files are those of 1.2.1 and nobody has proven them. The journal knows it.",
        args: &["status"],
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "Recovery",
        why: "It needs no network and asks nothing, so a boot unit can call it. Any command that \
              changes something does it first by itself.",
        args: &["recover"],
        expected: Expected::Exit(3),
        files: Files::Restored,
        ..SCENE
    },
    Scene {
        title: "The same upgrade again",
        why: "A crash is not the release's fault: 1.2.1 is offered as before, and now it is proven.",
        args: &["upgrade", "--yes"],
        ..SCENE
    },
    Scene {
        title: "What was done here",
        why: "Every attempt has its entry: who, when, from where to where, and how it ended.",
        args: &["history"],
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "Is the history true?",
        why: "Each entry holds the hash of the one before: a change, a removal or an insertion is \
              found.",
        args: &["history", "verify"],
        files: Files::Kept,
        ..SCENE
    },
    Scene {
        title: "Is the installation what it claims to be?",
        why: "Every tracked file is compared by content with the release.",
        args: &["verify"],
        files: Files::Kept,
        ..SCENE
    },
];
