//! A vertical to place in an installation or to track in Core's releases.

use std::fmt::Write as _;

use crate::core_repo::{Content, File};

/// A vertical under construction.
#[derive(Debug, Clone)]
pub struct Vertical {
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) ignored: bool,
    version: String,
    min: String,
    max: String,
    contracts_major: u64,
    channel: String,
    status: String,
    timeout: Option<u32>,
    uses: Vec<String>,
    allows: Vec<String>,
    requires: Vec<String>,
    extra: String,
    raw: Option<Vec<u8>>,
    smoke: Option<(String, bool)>,
    files: Vec<File>,
}

impl Vertical {
    /// An active vertical that goes with Core 1 and contracts 1, whose smoke test passes.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            folder: format!("domains/{name}"),
            ignored: false,
            version: "0.2.0".into(),
            min: "1.0.0".into(),
            max: "1.x.x".into(),
            contracts_major: 1,
            channel: "stable".into(),
            status: "active".into(),
            timeout: None,
            uses: Vec::new(),
            allows: Vec::new(),
            requires: Vec::new(),
            extra: String::new(),
            raw: None,
            smoke: Some(("exit 0".into(), true)),
            files: vec![File::plain("__init__.py", "\"\"\"A vertical.\"\"\"\n")],
        }
    }

    /// Where it stands, relative to the installation's root; `domains/<name>` by default, empty
    /// for the root itself.
    #[must_use]
    pub fn at(mut self, folder: &str) -> Self {
        self.folder = folder.trim_end_matches('/').to_owned();
        self
    }

    /// Its own version.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.version = version.to_owned();
        self
    }

    /// The Core versions that it can live with.
    #[must_use]
    pub fn range(mut self, min: &str, max: &str) -> Self {
        (self.min, self.max) = (min.to_owned(), max.to_owned());
        self
    }

    /// The contracts major that it is written against.
    #[must_use]
    pub fn contracts_major(mut self, major: u64) -> Self {
        self.contracts_major = major;
        self
    }

    /// Its update channel.
    #[must_use]
    pub fn channel(mut self, channel: &str) -> Self {
        self.channel = channel.to_owned();
        self
    }

    /// Its status.
    #[must_use]
    pub fn status(mut self, status: &str) -> Self {
        self.status = status.to_owned();
        self
    }

    /// Its smoke test's timeout in seconds.
    #[must_use]
    pub fn timeout(mut self, seconds: u32) -> Self {
        self.timeout = Some(seconds);
        self
    }

    /// A contract that it uses, such as `contracts.GraphPlugin`.
    #[must_use]
    pub fn uses(mut self, contract: &str) -> Self {
        self.uses.push(contract.to_owned());
        self
    }

    /// A breaking change that it accepts, by id or text.
    #[must_use]
    pub fn allows(mut self, change: &str) -> Self {
        self.allows.push(change.to_owned());
        self
    }

    /// A capability that it requires.
    #[must_use]
    pub fn requires(mut self, capability: &str) -> Self {
        self.requires.push(capability.to_owned());
        self
    }

    /// YAML to add at the end of the manifest.
    #[must_use]
    pub fn extra(mut self, yaml: &str) -> Self {
        self.extra.push_str(yaml);
        self.extra.push('\n');
        self
    }

    /// These bytes as the manifest, whatever else was said.
    #[must_use]
    pub fn raw_manifest(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw = Some(bytes.into());
        self
    }

    /// Its smoke test: shell lines, or a whole script that begins with `#!`.
    #[must_use]
    pub fn smoke(mut self, script: &str) -> Self {
        self.smoke = Some((script.to_owned(), true));
        self
    }

    /// No smoke test.
    #[must_use]
    pub fn no_smoke(mut self) -> Self {
        self.smoke = None;
        self
    }

    /// Takes the executable bit from its smoke test.
    #[must_use]
    pub fn smoke_not_executable(mut self) -> Self {
        if let Some((_, executable)) = &mut self.smoke {
            *executable = false;
        }
        self
    }

    /// Another file, relative to its folder.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push(File::plain(path, text));
        self
    }

    /// Lists its folder in `.git/info/exclude`, so that git ignores it. Otherwise it is plainly
    /// untracked.
    #[must_use]
    pub fn ignored(mut self) -> Self {
        self.ignored = true;
        self
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let list = |items: &[String]| serde_json::to_string(items).expect("texts are JSON");
        let mut out = format!(
            "domain_name: {}\ndomain_version: \"{}\"\nstatus: {}\ncompatibility:\n  \
             min_core_version: \"{}\"\n  max_core_version: \"{}\"\n  contracts_major: {}\n  \
             update_channel: {}\n",
            self.name,
            self.version,
            self.status,
            self.min,
            self.max,
            self.contracts_major,
            self.channel
        );
        let _ = writeln!(out, "  breaking_changes_allowlist: {}", list(&self.allows));
        let _ = writeln!(out, "  required_capabilities: {}", list(&self.requires));
        if let Some(seconds) = self.timeout {
            let _ = writeln!(out, "  smoke_tests_timeout: {seconds}");
        }
        let _ = write!(
            out,
            "ownership:\n  team: {0}-team\n  tech_lead: lead\n  contact: {0}@example.org\n\
             contracts_used: {1}\n{2}",
            self.name,
            list(&self.uses),
            self.extra
        );
        out.into_bytes()
    }

    /// Its files relative to the installation's root.
    pub(crate) fn tracked_files(&self) -> Vec<File> {
        let mut files = self.files.clone();
        files.push(File::plain("vertical_manifest.yaml", self.manifest()));
        if let Some((script, executable)) = &self.smoke {
            let text = if script.starts_with("#!") {
                script.clone()
            } else {
                format!("#!/bin/sh\n{script}\n")
            };
            let content = if *executable {
                Content::Executable(text.into_bytes())
            } else {
                Content::Plain(text.into_bytes())
            };
            files.push(File {
                path: "smoke_tests/run.sh".into(),
                content,
            });
        }
        if !self.folder.is_empty() {
            for file in &mut files {
                file.path = format!("{}/{}", self.folder, file.path);
            }
        }
        files
    }
}
