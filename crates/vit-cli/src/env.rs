//! The process's environment, read once and only here: variables, arguments, working folder,
//! the names of user and machine.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vit_engine::context::Actor;
use vit_engine::environment::Environment;

/// The variables that `vit` reads, and what each does: `vit help environment`.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "VIT_CHANNEL",
        "the channel to look at: stable, beta, canary or lts. `--channel` wins over it, it wins \
         over `vit channel` and the manifests",
    ),
    (
        "VIT_STATE_DIR",
        "where journal, lock and evidence are kept, instead of `vit` in the repository's git folder",
    ),
    (
        "VIT_CACHE_DIR",
        "where answers of servers are kept, instead of `vit` in XDG_CACHE_HOME or in ~/.cache",
    ),
    (
        "XDG_CACHE_HOME",
        "the folder of caches, where VIT_CACHE_DIR is not set; `.cache` in HOME otherwise",
    ),
    (
        "VIT_REGISTRY_URL",
        "the URL of an index.json that releases are listed in, where the settings say nothing of a \
         registry: it wins over the remotes, and `[registry]` in vit.toml wins over it",
    ),
    (
        "GITHUB_TOKEN, GH_TOKEN",
        "who asks GitHub's API, the first that is set; else `gh auth token`. Sent to the API and \
         nowhere else",
    ),
    (
        "GITHUB_API_URL",
        "the API of a GitHub Enterprise, such as https://HOST/api/v3; api.github.com otherwise",
    ),
    (
        "VITRUVYAN_REPO",
        "OWNER/NAME on GitHub of the Core repository, where neither settings nor remotes name one",
    ),
    (
        "NO_COLOR",
        "no colour and no spinner, whatever the value (unless empty)",
    ),
    (
        "CLICOLOR_FORCE",
        "colour also where the stream is no terminal; 0 does nothing",
    ),
    (
        "CI",
        "no colour, no spinner and no question; set by most build servers",
    ),
    ("TERM", "`dumb` means no colour and no spinner"),
    (
        "USER, LOGNAME",
        "the name that stands in the history beside what was done",
    ),
    (
        "TMPDIR",
        "where `vit demo` makes its folder; /tmp otherwise",
    ),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY",
        "the proxy on the way to a release registry, for vit and git; the lower-case form wins",
    ),
    (
        "NO_PROXY",
        "hosts that are asked without a proxy: `host` and all below it, `.suffix`, `host:port`, \
         an IP address or network, `*` for all",
    ),
    (
        "SSL_CERT_FILE",
        "a PEM file of the certificates to trust instead of the system's, for vit and git",
    ),
    (
        "GIT_SSL_CAINFO",
        "certificates to trust when git asks a registry",
    ),
    (
        "SSH_AUTH_SOCK, HOME, PATH",
        "keys, credential helpers and programs, used by git and by the smoke tests",
    ),
];

/// What the process was started with.
#[derive(Debug, Clone)]
pub struct Env {
    /// The arguments, the program's name first.
    pub args: Vec<OsString>,
    /// The variables.
    pub environment: Environment,
    /// The working folder; absent when it was deleted or cannot be read.
    pub cwd: Option<PathBuf>,
    /// Who runs it, and where.
    pub actor: Actor,
}

impl Env {
    /// Reads the process's environment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one reader")]
    pub fn of_process() -> Self {
        let environment = Environment::new(std::env::vars_os());
        let user = ["USER", "LOGNAME"]
            .iter()
            .find_map(|name| environment.get(name))
            .map_or_else(
                || format!("uid {}", rustix::process::getuid().as_raw()),
                |name| name.to_string_lossy().into_owned(),
            );
        let host = rustix::system::uname();
        Self {
            args: std::env::args_os().collect(),
            cwd: std::env::current_dir().ok(),
            actor: Actor {
                user,
                host: host.nodename().to_string_lossy().into_owned(),
            },
            environment,
        }
    }

    /// The value of a variable as text; an empty one counts as absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.environment
            .get(name)
            .map(|value| value.to_string_lossy().into_owned())
    }

    /// Whether a variable is set and not empty.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.environment.get(name).is_some()
    }

    /// Where temporary folders are made.
    #[must_use]
    pub fn temporary_folder(&self) -> PathBuf {
        let named = self.environment.get("TMPDIR").unwrap_or("/tmp".as_ref());
        let cwd = self.cwd.as_deref().unwrap_or(Path::new("/"));
        cwd.join(named)
    }

    /// The file of this very program.
    ///
    /// # Errors
    /// The system does not tell, or it was deleted.
    pub fn program(&self) -> io::Result<PathBuf> {
        std::env::current_exe()?.canonicalize()
    }

    /// The time that a test wants it to be. Release builds have no such thing: a history with a
    /// time that its writer chose would prove nothing.
    #[must_use]
    pub fn test_now(&self) -> Option<Timestamp> {
        #[cfg(debug_assertions)]
        return self.text("VIT_TEST_NOW").and_then(|text| text.parse().ok());
        #[cfg(not(debug_assertions))]
        None
    }
}
