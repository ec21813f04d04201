//! Git's configuration, as the repository and the user have it.

use std::collections::BTreeMap;

use super::command::Call;
use super::{Git, GitError};
use crate::process::Ended;

impl Git {
    /// The values of these keys, in the order in which git reads them (the last one counts).
    ///
    /// A key's section and variable are in lower case; `*` stands for any text, so
    /// `filter.*.smudge` finds every filter. What `vit` itself sets does not count.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn config(&self, keys: &[&str]) -> Result<BTreeMap<String, Vec<String>>, GitError> {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in self.configured(keys)? {
            values.entry(key).or_default().push(value);
        }
        Ok(values)
    }

    /// The values of these keys that the repository's own configuration sets: what a copied or
    /// tampered repository brings along, as opposed to what the user chose.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn local_config(&self, keys: &[&str]) -> Result<Vec<(String, String)>, GitError> {
        let scoped = self.scoped(keys)?;
        Ok(scoped
            .into_iter()
            .filter(|(scope, ..)| scope == "local" || scope == "worktree")
            .map(|(_, key, value)| (key, value))
            .collect())
    }

    /// The folders that `.gitmodules` names, in its order: only names, which a tree has to confirm.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn submodule_paths(&self) -> Result<Vec<String>, GitError> {
        let call = Call::read("config").args([
            "-z",
            "--file",
            ".gitmodules",
            "--get-regexp",
            &format!("^{}$", pattern("submodule.*.path")),
        ]);
        let text = self.found(&call)?;
        let values = text
            .split_terminator('\0')
            .filter_map(|entry| entry.split_once('\n'));
        Ok(values
            .map(|(_, path)| path.trim_end_matches('/').to_owned())
            .filter(|path| !path.is_empty() && !path.starts_with(['-', '/']))
            .filter(|path| !path.split('/').any(|part| matches!(part, "" | "." | "..")))
            .collect())
    }

    /// Like [`Git::config`], in the order of the files.
    pub(super) fn configured(&self, keys: &[&str]) -> Result<Vec<(String, String)>, GitError> {
        Ok(self
            .scoped(keys)?
            .into_iter()
            .map(|(_, key, value)| (key, value))
            .collect())
    }

    /// Scope, key and value, in the order of the files.
    pub(super) fn scoped(&self, keys: &[&str]) -> Result<Vec<(String, String, String)>, GitError> {
        let any: Vec<String> = keys.iter().map(|key| pattern(key)).collect();
        let call = Call::read("config").args([
            "-z",
            "--show-scope",
            "--get-regexp",
            &format!("^({})$", any.join("|")),
        ]);
        let text = self.found(&call)?;
        let mut found = Vec::new();
        let mut records = text.split_terminator('\0');
        while let (Some(scope), Some(entry)) = (records.next(), records.next()) {
            if scope != "command" {
                // A key without `=` has no value and means true.
                let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
                found.push((scope.to_owned(), key.to_owned(), value.to_owned()));
            }
        }
        Ok(found)
    }

    /// What a look into a configuration prints: nothing where none of the keys is set.
    fn found(&self, call: &Call) -> Result<String, GitError> {
        let finished = self.run(call)?;
        match finished.ended {
            Ended::Exit(0) => Ok(String::from_utf8_lossy(&finished.stdout.kept).into_owned()),
            Ended::Exit(1) if finished.stdout.total == 0 => Ok(String::new()),
            _ => Err(self.failed(call, &finished)),
        }
    }
}

/// A key as an extended regular expression.
fn pattern(key: &str) -> String {
    let mut pattern = String::new();
    for c in key.chars() {
        match c {
            '*' => pattern.push_str(".*"),
            _ if c.is_ascii_alphanumeric() => pattern.push(c),
            _ => {
                pattern.push('[');
                pattern.push(c);
                pattern.push(']');
            }
        }
    }
    pattern
}
