//! Refs: listing them, changing several at once, HEAD, and which release HEAD contains.

use std::collections::BTreeMap;

use semver::Version;
use vit_contract::version;

use super::command::{Call, checked};
use super::{Git, GitError, Ref, RefEdit};

/// Where the users' and the remotes' tags stand.
pub(crate) const TAGS: &str = "refs/tags/";
/// Where releases stand that were fetched from a registry's remote: never in `refs/tags`, which
/// belongs to the user.
pub(crate) const RELEASES: &str = "refs/vit/releases/";
/// Where what a release's tag became stands beside what it was.
pub(crate) const MOVED: &str = "refs/vit/moved/";

const FORMAT: &str =
    "--format=%(objectname) %(objecttype) %(*objectname) %(*objecttype) %(refname)";
/// How deep tags of tags are followed.
const TAG_DEPTH: &str = "^{commit}";

impl Git {
    /// The refs under these prefixes or with these full names, sorted by name.
    ///
    /// # Errors
    /// Git failed.
    pub fn refs(&self, patterns: &[&str]) -> Result<Vec<Ref>, GitError> {
        self.listed(&["--sort=refname"], patterns)
    }

    fn listed(&self, options: &[&str], patterns: &[&str]) -> Result<Vec<Ref>, GitError> {
        let call = Call::read("for-each-ref")
            .arg(FORMAT)
            .args(options)
            .arg("--end-of-options")
            .args(patterns);
        let output = self.output(&call)?;
        let mut refs = Vec::new();
        let mut nested = Vec::new();
        for line in String::from_utf8_lossy(&output).lines() {
            let fields: Vec<&str> = line.splitn(5, ' ').collect();
            let [oid, kind, peeled, peeled_kind, name] = fields[..] else {
                return Err(Call::read("for-each-ref").format_error(line));
            };
            let commit = match (kind, peeled_kind) {
                ("commit", _) => Some(oid),
                ("tag", "commit") => Some(peeled),
                ("tag", "tag") => {
                    nested.push(refs.len());
                    None
                }
                _ => None,
            };
            refs.push(Ref {
                name: name.to_owned(),
                oid: oid.to_owned(),
                commit: commit.map(str::to_owned),
            });
        }
        if !nested.is_empty() {
            // Git before 2.45 peels one layer only: a tag of a tag needs a second question.
            let specs: Vec<String> = nested
                .iter()
                .map(|&at| format!("{}{TAG_DEPTH}", refs[at].oid))
                .collect();
            for (at, found) in nested.into_iter().zip(self.resolve(&specs)?) {
                refs[at].commit = found.map(|(oid, _)| oid);
            }
        }
        Ok(refs)
    }

    /// Changes refs, all or none; what is changed outlasts a power cut.
    ///
    /// # Errors
    /// One of them is not what it must be, is locked, or its object is not there.
    pub fn update_refs(&self, edits: &[RefEdit]) -> Result<(), GitError> {
        let mut input = b"start\0".to_vec();
        for edit in edits {
            // Old value: absent means "whatever it was".
            let (verb, name, values) = match edit {
                RefEdit::Create { name, oid } => ("create", name, vec![oid.as_str()]),
                RefEdit::Set { name, oid, old } => {
                    let old = old.as_deref().unwrap_or_default();
                    ("update", name, vec![oid.as_str(), old])
                }
                RefEdit::Delete { name } => ("delete", name, vec![""]),
            };
            let name = full(name)?;
            for part in std::iter::once(format!("{verb} {name}").as_str()).chain(values) {
                input.extend_from_slice(part.as_bytes());
                input.push(0);
            }
        }
        input.extend_from_slice(b"prepare\0commit\0");
        self.quiet(
            &Call::write("update-ref")
                .args(["-m", "vit", "--stdin", "-z"])
                .stdin(input),
        )
    }

    /// Puts HEAD on a branch (full name), which is set to `commit`, or detaches it there.
    ///
    /// Neither the index nor any file is touched.
    ///
    /// # Errors
    /// Git failed.
    pub fn set_head(&self, branch: Option<&str>, commit: &str) -> Result<(), GitError> {
        let commit = checked(commit)?;
        let Some(branch) = branch else {
            return self.quiet(&Call::write("update-ref").args([
                "-m",
                "vit",
                "--no-deref",
                "--end-of-options",
                "HEAD",
                commit,
            ]));
        };
        if !full(branch)?.starts_with("refs/heads/") {
            return Err(GitError::Unsafe {
                what: format!("`{}`", vit_contract::text::visible(branch)),
                reason: "a branch's full name begins with refs/heads/",
            });
        }
        self.update_refs(&[RefEdit::Set {
            name: branch.to_owned(),
            oid: commit.to_owned(),
            old: None,
        }])?;
        self.quiet(&Call::write("symbolic-ref").args(["-m", "vit", "HEAD", branch]))?;
        self.sync_head()
    }

    /// Git syncs every ref that it writes but a symbolic one.
    fn sync_head(&self) -> Result<(), GitError> {
        let git_dir = self.layout()?.git_dir;
        [git_dir.join("HEAD"), git_dir]
            .iter()
            .try_for_each(|path| std::fs::File::open(path)?.sync_all())
            .map_err(|error| Call::write("symbolic-ref").format_error(&error.to_string()))
    }

    /// Whether `ancestor` is `descendant` or one of its ancestors.
    ///
    /// # Errors
    /// One of them is no commit here.
    pub fn is_ancestor(&self, ancestor: &str, descendant: &str) -> Result<bool, GitError> {
        let call = Call::read("merge-base").args([
            "--is-ancestor",
            "--end-of-options",
            checked(ancestor)?,
            checked(descendant)?,
        ]);
        let finished = self.run(&call)?;
        match finished.ended {
            crate::process::Ended::Exit(0) => Ok(true),
            crate::process::Ended::Exit(1) => Ok(false),
            _ => Err(self.failed(&call, &finished)),
        }
    }

    /// How many commits `head` has that none of `excluded` (commits that are here) has.
    ///
    /// # Errors
    /// One of them is no commit here.
    pub fn commits_not_in(&self, head: &str, excluded: &[String]) -> Result<usize, GitError> {
        let mut input = format!("{}\n", checked(head)?);
        for commit in excluded {
            input.push('^');
            input.push_str(checked(commit)?);
            input.push('\n');
        }
        let call = Call::read("rev-list").args(["--count", "--stdin"]);
        let output = self.output(&call.stdin(input))?;
        let text = String::from_utf8_lossy(&output);
        text.trim()
            .parse()
            .map_err(|_| Call::read("rev-list").format_error(&text))
    }

    /// The tag of the nearest release that `head` is or descends from: of those that no other one
    /// descends from, the highest version. Release tags of `refs/tags` and `refs/vit/releases`
    /// count, snapshots and other tags never.
    ///
    /// # Errors
    /// `head` is no commit here.
    pub fn ancestor_release(&self, head: &str) -> Result<Option<String>, GitError> {
        let merged = format!("--merged={}", checked(head)?);
        let mut by_commit: BTreeMap<String, Version> = BTreeMap::new();
        for found in self.listed(&[&merged], &[TAGS, RELEASES])? {
            let tag = found.name.strip_prefix(TAGS);
            let tag = tag.or_else(|| found.name.strip_prefix(RELEASES));
            let version = tag.and_then(version::of_tag);
            if let (Some(commit), Some(version)) = (found.commit, version) {
                let highest = by_commit.entry(commit).or_insert_with(|| version.clone());
                *highest = version.max(highest.clone());
            }
        }
        if by_commit.len() > 1 {
            let call = Call::read("merge-base").args(["--independent", "--end-of-options"]);
            let output = self.output(&call.args(by_commit.keys()))?;
            let text = String::from_utf8_lossy(&output);
            let nearest: Vec<&str> = text.lines().collect();
            by_commit.retain(|commit, _| nearest.contains(&commit.as_str()));
        }
        Ok(by_commit
            .into_values()
            .max()
            .map(|version| version::tag_of(&version)))
    }
}

/// Refuses what is no full ref name.
fn full(name: &str) -> Result<&str, GitError> {
    let safe = name.starts_with("refs/") && !name.contains(|c: char| c.is_control() || c == ' ');
    if safe {
        return Ok(name);
    }
    Err(GitError::Unsafe {
        what: format!("`{}`", vit_contract::text::visible(name)),
        reason: "it is no full ref name",
    })
}
