//! Names of members: which are taken at all, and which may stand beside each other.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization as _;

/// Whether a name may be taken: relative, UTF-8, without tricks.
///
/// # Errors
/// Why not.
pub fn check(name: &str, limit: usize) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it has no name");
    }
    if name.len() > limit {
        return Err("its name is too long");
    }
    if name.starts_with('/') {
        return Err("its name is absolute");
    }
    if name.contains('\\') {
        return Err("its name holds a backslash");
    }
    if name.chars().any(char::is_control) {
        return Err("its name holds a control character");
    }
    for part in name.split('/') {
        match part {
            "" => return Err("its name has an empty part"),
            "." | ".." => return Err("its name leads elsewhere (`.` or `..`)"),
            _ => {}
        }
    }
    Ok(())
}

/// The names so far, under the form in which no two of them may agree: a file system that knows
/// no capitals, or one form of accents only, would take them for one.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, Seen>);

#[derive(Debug)]
struct Seen {
    spelling: String,
    folder: bool,
    /// Whether it stood in the archive itself, and not only in another name.
    itself: bool,
}

impl Names {
    /// Takes a name in.
    ///
    /// # Errors
    /// Why it cannot stand beside those before it.
    pub(super) fn add(&mut self, name: &str, folder: bool) -> Result<(), String> {
        for (at, _) in name.match_indices('/') {
            self.put(&name[..at], true, false)?;
        }
        self.put(name, folder, true)
    }

    fn put(&mut self, name: &str, folder: bool, itself: bool) -> Result<(), String> {
        let Some(seen) = self.0.get_mut(&folded(name)) else {
            let seen = Seen {
                spelling: name.to_owned(),
                folder,
                itself,
            };
            self.0.insert(folded(name), seen);
            return Ok(());
        };
        if seen.spelling != name {
            return Err(format!(
                "its name differs from `{}` in capitals or accents only",
                vit_contract::text::visible(&seen.spelling)
            ));
        }
        if !seen.folder || !folder {
            return Err("its name stands twice, or a file stands where a folder must".to_owned());
        }
        if seen.itself && itself {
            return Err("its name stands twice".to_owned());
        }
        seen.itself |= itself;
        Ok(())
    }
}

/// A name without what file systems may overlook.
fn folded(name: &str) -> String {
    let upper: String = name.nfkc().flat_map(char::to_uppercase).collect();
    upper.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}
