//! From an error to what the user gets: a stable kind, the causes, hints, an exit code.
//!
//! The one place that knows every error of the engine; no match here has a `_` arm, so a new
//! error cannot be forgotten.

use std::error::Error;

use vit_contract::exit::ExitCode;
use vit_contract::output::ErrorReport;
use vit_contract::problem::Problem;
use vit_engine::error::EngineError;
use vit_engine::git::GitError;
use vit_engine::process::ProcessError;
use vit_engine::site::SiteError;

/// A command that came to no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable name of the kind of error.
    pub kind: &'static str,
    /// What happened, causes included, outermost first.
    pub message: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// Findings.
    pub problems: Vec<Problem>,
    /// The exit code.
    pub exit: ExitCode,
}

impl Failure {
    /// A failure with one sentence.
    #[must_use]
    pub fn new(kind: &'static str, exit: ExitCode, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: vec![message.into()],
            hints: Vec::new(),
            problems: Vec::new(),
            exit,
        }
    }

    /// The command line cannot be understood, or a needed flag is missing: exit 2.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", ExitCode::Error, message)
    }

    /// An input file cannot be used: exit 2.
    #[must_use]
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new("bad_input", ExitCode::Error, message)
    }

    /// A fault of `vit` itself: exit 2.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new("internal", ExitCode::Error, message)
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, cause: &dyn Error) -> Self {
        self.message.extend(chain(cause));
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What `--json` prints.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let blocked = self.exit == ExitCode::Blocked;
        ErrorReport {
            schema: "vit.error/1".into(),
            status: if blocked { "blocked" } else { "error" }.into(),
            kind: self.kind.into(),
            message: self.message.clone(),
            hints: self.hints.clone(),
            problems: self.problems.clone(),
            exit_code: self.exit.number(),
        }
    }
}

/// An error and its causes, outermost first. A cause that says what its parent said is left out.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut messages = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if messages.last() != Some(&text) {
            messages.push(text);
        }
        next = cause.source();
    }
    messages
}

/// What an error means, apart from its text.
struct Meaning {
    kind: &'static str,
    exit: ExitCode,
    hints: Vec<String>,
    problems: Vec<Problem>,
}

impl Meaning {
    fn error(kind: &'static str, hints: &[&str]) -> Self {
        Self {
            kind,
            exit: ExitCode::Error,
            hints: hints.iter().map(|&hint| hint.to_owned()).collect(),
            problems: Vec::new(),
        }
    }

    fn exit(self, exit: ExitCode) -> Self {
        Self { exit, ..self }
    }

    fn problems(self, problems: &[Problem]) -> Self {
        Self {
            problems: problems.to_vec(),
            ..self
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let mut message = chain(&error);
        if let EngineError::Inconsistent { mismatches, .. } = &error {
            message.extend(mismatches.iter().cloned());
        }
        let meaning = of_engine(&error);
        Self {
            kind: meaning.kind,
            message,
            hints: meaning.hints,
            problems: meaning.problems,
            exit: meaning.exit,
        }
    }
}

impl From<SiteError> for Failure {
    fn from(error: SiteError) -> Self {
        EngineError::from(error).into()
    }
}

fn of_engine(error: &EngineError) -> Meaning {
    match error {
        EngineError::Site(error) => of_site(error),
        EngineError::Git(error) => of_git(error),
        EngineError::Io { .. } => Meaning::error("io", &["`vit doctor` looks at the folders"]),
        EngineError::Registry { .. } => Meaning::error(
            "registry",
            &[
                "check the network and the remote (`git remote -v`): nothing was fetched before that could be used instead",
            ],
        ),
        EngineError::Refused { problems, .. } => Meaning::error("refused", &[])
            .exit(ExitCode::Blocked)
            .problems(problems),
        EngineError::BadInput {
            problems, hints, ..
        } => {
            let mut meaning = Meaning::error("bad_input", &[]).problems(problems);
            meaning.hints.clone_from(hints);
            meaning
        }
        EngineError::OpenTransaction { .. } => {
            Meaning::error("open_transaction", &["`vit recover` finishes it"])
                .exit(ExitCode::Blocked)
        }
        EngineError::OnTrial { .. } => Meaning::error(
            "on_trial",
            &[
                "`vit confirm` commits it",
                "`vit rollback` takes it back; after its time `vit recover` does",
            ],
        )
        .exit(ExitCode::Blocked),
        EngineError::Inconsistent { .. } => Meaning::error(
            "inconsistent",
            &[
                "`vit repair` puts the snapshot's state back once more and verifies it",
                "`vit explain` tells what failed; reading commands go on working",
            ],
        )
        .exit(ExitCode::Inconsistent),
        EngineError::Stopped { .. } => Meaning::error("interrupted", &[]),
        EngineError::Locked { .. } => Meaning::error(
            "locked",
            &["wait for it to end; a vit that died holds no lock"],
        )
        .exit(ExitCode::Blocked),
    }
}

fn of_site(error: &SiteError) -> Meaning {
    match error {
        SiteError::Start { .. } => Meaning::error("start_folder", &[]),
        SiteError::NotARepository { .. } => Meaning::error(
            "not_a_repository",
            &[
                "go to the installation, or name it: `vit -C DIR …`",
                "to see vit at work without one: `vit demo`",
            ],
        ),
        SiteError::Bare { .. } => Meaning::error(
            "bare_repository",
            &["name a clone with a working tree: `vit -C DIR …`"],
        ),
        SiteError::Settings { problems, .. } => {
            Meaning::error("bad_settings", &[]).problems(problems)
        }
        SiteError::Git(error) => of_git(error),
    }
}

fn of_git(error: &GitError) -> Meaning {
    match error {
        GitError::Process(error) => of_process(error),
        GitError::Failed { message, .. } if message.contains("dubious ownership") => {
            Meaning::error(
                "git_failed",
                &["the repository belongs to another user: run vit as that user"],
            )
        }
        GitError::Failed { .. } => Meaning::error("git_failed", &[]),
        GitError::Timeout { .. } => Meaning::error(
            "git_timeout",
            &["if it asked for a password: vit never asks; set up a credential helper or a key"],
        ),
        GitError::Cancelled { .. } => Meaning::error("interrupted", &[]),
        GitError::Format { .. } => Meaning::error(
            "git_format",
            &["`git --version` and `vit doctor` tell which git this is"],
        ),
        GitError::Unsafe { .. } => Meaning::error(
            "unsafe_git_argument",
            &["use https, ssh, git or file URLs, and names that do not begin with `-`"],
        ),
        GitError::TooOld { .. } => Meaning::error("git_too_old", &["install a newer git"]),
    }
}

fn of_process(error: &ProcessError) -> Meaning {
    match error {
        ProcessError::NotFound { .. } => Meaning::error(
            "program_not_found",
            &["install it, or add its folder to PATH"],
        ),
        ProcessError::Spawn { .. } => Meaning::error("program_not_started", &[]),
        ProcessError::Wait { .. } => Meaning::error("program_lost", &[]),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use vit_contract::code::Code;

    use super::*;

    fn io() -> std::io::Error {
        std::io::Error::from_raw_os_error(28)
    }

    /// Kind, exit status and JSON status.
    fn meaning(error: impl Into<EngineError>) -> (&'static str, u8, String) {
        let failure = Failure::from(error.into());
        (failure.kind, failure.exit.number(), failure.report().status)
    }

    #[test]
    fn what_cannot_be_read_or_used_is_an_error() {
        let path = || PathBuf::from("/x");
        let program = || "git".to_owned();
        let two = |kind| (kind, 2, "error".to_owned());
        assert_eq!(
            meaning(SiteError::NotARepository { path: path() }),
            two("not_a_repository")
        );
        assert_eq!(
            meaning(SiteError::Bare { path: path() }),
            two("bare_repository")
        );
        let missing = ProcessError::NotFound { program: program() };
        assert_eq!(
            meaning(GitError::Process(missing)),
            two("program_not_found")
        );
        let too_old = GitError::TooOld {
            found: "2.20".into(),
            needed: "2.39.0".into(),
        };
        assert_eq!(meaning(SiteError::Git(too_old)), two("git_too_old"));
        let full = EngineError::Io {
            action: "writing",
            path: path(),
            source: io(),
        };
        assert_eq!(meaning(full), two("io"));
        let silent = EngineError::Registry {
            location: "origin".into(),
            source: Box::new(io()),
        };
        assert_eq!(meaning(silent), two("registry"));
        let input = EngineError::BadInput {
            summary: "no".into(),
            problems: Vec::new(),
            hints: vec!["do".into()],
        };
        assert_eq!(meaning(input), two("bad_input"));
    }

    #[test]
    fn a_refusal_blocks_and_an_inconsistent_installation_is_its_own_case() {
        let one = |kind| (kind, 1, "blocked".to_owned());
        let refused = EngineError::Refused {
            summary: "no".into(),
            problems: vec![Problem::new(Code::DirtyTree, "tree", "changes")],
        };
        assert_eq!(meaning(refused), one("refused"));
        let open = EngineError::OpenTransaction { id: "t1".into() };
        assert_eq!(meaning(open), one("open_transaction"));
        let trial = EngineError::OnTrial {
            id: "t1".into(),
            version: "1.1.0".into(),
            until: jiff::Timestamp::UNIX_EPOCH,
        };
        assert_eq!(meaning(trial), one("on_trial"));
        let locked = EngineError::Locked {
            owner: "vit upgrade".into(),
        };
        assert_eq!(meaning(locked), one("locked"));
        let inconsistent = EngineError::Inconsistent {
            id: "t1".into(),
            mismatches: vec!["HEAD".into()],
        };
        assert_eq!(
            meaning(inconsistent),
            ("inconsistent", 4, "error".to_owned())
        );
    }

    #[test]
    fn the_causes_stand_outermost_first_and_once() {
        let failure = Failure::from(EngineError::from(SiteError::Git(GitError::Process(
            ProcessError::Spawn {
                program: "git".into(),
                cwd: "/x".into(),
                source: std::io::Error::from_raw_os_error(13),
            },
        ))));
        assert_eq!(
            failure.message,
            [
                "`git` could not be started in /x",
                "Permission denied (os error 13)"
            ]
        );
    }
}
