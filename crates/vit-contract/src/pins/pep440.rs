//! Versions and constraints as Python writes them (PEP 440), and the way from and to SemVer.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Prerelease, Version};

/// The phase of a pre-release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Alpha,
    Beta,
    Candidate,
}

/// A version of a Python distribution, normalised: `V1.2-Beta_1` is `1.2b1`.
#[derive(Debug, Clone)]
pub struct PyVersion {
    epoch: u64,
    /// Without the zeros at its end, which mean nothing.
    release: Vec<u64>,
    /// How many numbers were written.
    written: usize,
    pre: Option<(Phase, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Part>,
}

/// A part of a local version label: numbers stand above words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    Number(u64),
}

/// A text that is no version, or no constraint, of PEP 440.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not what PEP 440 allows", .0.escape_debug())]
pub struct NotPep440(pub String);

impl PyVersion {
    /// How Python writes a SemVer version: `1.2.0-beta.1` is `1.2.0b1`; `None` where it cannot
    /// (`1.2.0-canary.3`: PEP 440 knows alpha, beta, rc and dev alone).
    #[must_use]
    pub fn of_semver(version: &Version) -> Option<Self> {
        let mut text = format!("{}.{}.{}", version.major, version.minor, version.patch);
        if !version.pre.is_empty() {
            text.push('.');
            text.push_str(version.pre.as_str());
        }
        if !version.build.is_empty() {
            text.push('+');
            text.push_str(&version.build.as_str().to_ascii_lowercase());
        }
        let found: Self = text.parse().ok()?;
        // `1.2.0-5` would be read as more of the release's own numbers.
        let plain = [version.major, version.minor, version.patch];
        let same = found.written == 3 && found.number(0..3) == plain;
        let no_post = found.post.is_none() && found.pre.is_some() != found.dev.is_some();
        (same && (version.pre.is_empty() || no_post)).then_some(found)
    }

    /// The SemVer version that it stands for, in the usual spelling: `1.2b1` is `1.2.0-beta.1`;
    /// `None` where there is none (a post-release, an epoch, four numbers).
    #[must_use]
    pub fn to_semver(&self) -> Option<Version> {
        if self.epoch != 0 || self.post.is_some() || self.release.len() > 3 {
            return None;
        }
        let numbers = self.number(0..3);
        let mut version = Version::new(numbers[0], numbers[1], numbers[2]);
        let pre = match (self.pre, self.dev) {
            (None, None) => String::new(),
            (None, Some(number)) => format!("dev.{number}"),
            (Some((phase, number)), None) => {
                let word = match phase {
                    Phase::Alpha => "alpha",
                    Phase::Beta => "beta",
                    Phase::Candidate => "rc",
                };
                format!("{word}.{number}")
            }
            (Some(_), Some(_)) => return None,
        };
        version.pre = Prerelease::new(&pre).ok()?;
        version.build = BuildMetadata::new(&self.local_text()).ok()?;
        Some(version)
    }

    /// Whether it is a pre-release or a development release.
    #[must_use]
    pub const fn is_prerelease(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// The release numbers in a range, zeros where none were written.
    fn number(&self, range: std::ops::Range<usize>) -> Vec<u64> {
        range
            .map(|at| self.release.get(at).copied().unwrap_or(0))
            .collect()
    }

    fn local_text(&self) -> String {
        let parts: Vec<String> = self
            .local
            .iter()
            .map(|part| match part {
                Part::Word(word) => word.clone(),
                Part::Number(number) => number.to_string(),
            })
            .collect();
        parts.join(".")
    }

    fn without_local(&self) -> Self {
        Self {
            local: Vec::new(),
            ..self.clone()
        }
    }

    /// The order of pre-releases: a development release of the final one comes first, then
    /// alpha, beta, candidate, then the final one and its post-releases.
    fn pre_rank(&self) -> (u8, Option<(Phase, u64)>) {
        match (self.pre, self.post, self.dev) {
            (None, None, Some(_)) => (0, None),
            (Some(pre), _, _) => (1, Some(pre)),
            (None, _, _) => (2, None),
        }
    }
}

impl Ord for PyVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let dev = |v: &Self| v.dev.unwrap_or(u64::MAX);
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.release.cmp(&other.release))
            .then_with(|| self.pre_rank().cmp(&other.pre_rank()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| dev(self).cmp(&dev(other)))
            .then_with(|| self.local.cmp(&other.local))
    }
}

impl PartialOrd for PyVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PyVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PyVersion {}

impl fmt::Display for PyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != 0 {
            write!(f, "{}!", self.epoch)?;
        }
        let numbers: Vec<String> = self
            .number(0..self.written.max(1))
            .iter()
            .map(u64::to_string)
            .collect();
        f.write_str(&numbers.join("."))?;
        if let Some((phase, number)) = self.pre {
            let letter = match phase {
                Phase::Alpha => "a",
                Phase::Beta => "b",
                Phase::Candidate => "rc",
            };
            write!(f, "{letter}{number}")?;
        }
        if let Some(number) = self.post {
            write!(f, ".post{number}")?;
        }
        if let Some(number) = self.dev {
            write!(f, ".dev{number}")?;
        }
        if !self.local.is_empty() {
            write!(f, "+{}", self.local_text())?;
        }
        Ok(())
    }
}

impl FromStr for PyVersion {
    type Err = NotPep440;

    fn from_str(text: &str) -> Result<Self, NotPep440> {
        read(&text.trim().to_ascii_lowercase()).ok_or_else(|| NotPep440(text.to_owned()))
    }
}

/// What is left of a text that is read from its front.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn number(&mut self) -> Option<u64> {
        let end = self
            .0
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.0.len());
        let number = self.0[..end].parse().ok()?;
        self.0 = &self.0[end..];
        Some(number)
    }

    /// A separator where one stands.
    fn separator(&mut self) {
        self.0 = self.0.strip_prefix(['.', '-', '_']).unwrap_or(self.0);
    }

    /// One of the words after an optional separator, then a number, 0 where there is none.
    fn word<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<(T, u64)> {
        let mut after = Rest(self.0);
        after.separator();
        let (word, value) = words.iter().find(|(word, _)| after.0.starts_with(word))?;
        after.0 = &after.0[word.len()..];
        let mut numbered = Rest(after.0);
        numbered.separator();
        let number = match numbered.number() {
            Some(number) => {
                after = numbered;
                number
            }
            None => 0,
        };
        self.0 = after.0;
        Some((*value, number))
    }
}

/// Longer words first, where one begins like another.
const PHASES: [(&str, Phase); 8] = [
    ("alpha", Phase::Alpha),
    ("a", Phase::Alpha),
    ("beta", Phase::Beta),
    ("b", Phase::Beta),
    ("preview", Phase::Candidate),
    ("pre", Phase::Candidate),
    ("rc", Phase::Candidate),
    ("c", Phase::Candidate),
];

fn read(text: &str) -> Option<PyVersion> {
    let (public, local) = match text.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (text, None),
    };
    let mut rest = Rest(public.strip_prefix('v').unwrap_or(public));
    let mut epoch = 0;
    if let Some((before, after)) = rest.0.split_once('!') {
        epoch = digits(before)?;
        rest.0 = after;
    }
    let mut release = vec![rest.number()?];
    while let Some(after) = rest.0.strip_prefix('.') {
        let mut next = Rest(after);
        let Some(number) = next.number() else { break };
        release.push(number);
        rest = next;
    }
    let written = release.len();
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    let pre = rest.word(&PHASES);
    let mut post = rest
        .word(&[("post", ()), ("rev", ()), ("r", ())])
        .map(|(_, number)| number);
    if post.is_none() {
        let mut bare = Rest(rest.0.strip_prefix('-').unwrap_or_default());
        if let Some(number) = bare.number() {
            post = Some(number);
            rest = bare;
        }
    }
    let dev = rest.word(&[("dev", ())]).map(|(_, number)| number);
    let local = local.map_or(Some(Vec::new()), label)?;
    rest.0.is_empty().then_some(PyVersion {
        epoch,
        release,
        written,
        pre,
        post,
        dev,
        local,
    })
}

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn label(text: &str) -> Option<Vec<Part>> {
    text.split(['.', '-', '_'])
        .map(|part| {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return None;
            }
            Some(digits(part).map_or_else(|| Part::Word(part.to_owned()), Part::Number))
        })
        .collect()
}

/// Whether a version is what a constraint (`>=1.0,<2`) lets in. A constraint that names no
/// pre-release still lets one in here: whoever edits a pin names the version, so nobody chooses.
///
/// # Errors
/// The text is no constraint.
pub fn admits(constraint: &str, version: &PyVersion) -> Result<bool, NotPep440> {
    let mut all = true;
    for clause in constraint.split(',') {
        let clause = clause.trim();
        if !clause.is_empty() {
            all &= admits_one(clause, version).ok_or_else(|| NotPep440(constraint.to_owned()))?;
        }
    }
    Ok(all)
}

/// The operators, longer ones first.
pub(super) const OPERATORS: [&str; 8] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];

fn admits_one(clause: &str, version: &PyVersion) -> Option<bool> {
    let (operator, wanted) = OPERATORS
        .iter()
        .find_map(|operator| Some((*operator, clause.strip_prefix(operator)?.trim())))?;
    if let Some(prefix) = wanted.strip_suffix(".*") {
        let prefix: PyVersion = prefix.parse().ok()?;
        let plain = prefix.pre.is_none() && prefix.post.is_none() && prefix.dev.is_none();
        let inside = starts_with(version, &prefix, prefix.written);
        return match operator {
            "==" if plain => Some(inside),
            "!=" if plain => Some(!inside),
            _ => None,
        };
    }
    if operator == "===" {
        return Some(wanted.eq_ignore_ascii_case(&version.to_string()));
    }
    let wanted: PyVersion = wanted.parse().ok()?;
    // A local label counts only where the constraint has one.
    let there = if wanted.local.is_empty() {
        version.without_local()
    } else {
        version.clone()
    };
    Some(match operator {
        "==" => there == wanted,
        "!=" => there != wanted,
        "<=" => there <= wanted,
        ">=" => there >= wanted,
        // A pre-release of the bound itself is below it, and still not meant.
        "<" => {
            let own = version.is_prerelease() && starts_with(version, &wanted, usize::MAX);
            there < wanted && (wanted.is_prerelease() || !own)
        }
        ">" => {
            let own = version.post.is_some() && starts_with(version, &wanted, usize::MAX);
            there > wanted && (wanted.post.is_some() || !own)
        }
        "~=" if wanted.written >= 2 => {
            there >= wanted && starts_with(version, &wanted, wanted.written - 1)
        }
        _ => return None,
    })
}

/// Whether the first numbers are the same; with `usize::MAX` all of them.
fn starts_with(version: &PyVersion, prefix: &PyVersion, numbers: usize) -> bool {
    let longest = version.release.len().max(prefix.release.len());
    let range = 0..numbers.min(longest);
    version.epoch == prefix.epoch && version.number(range.clone()) == prefix.number(range)
}

#[cfg(test)]
mod tests;
