//! Secrets that cannot be shown.

use std::fmt;

use vit_contract::digest;

/// A token and where it is from. It has no way to be printed; only a request's header gets it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    secret: String,
    source: &'static str,
}

impl Token {
    /// Takes a token; `source` says where it is from (`GITHUB_TOKEN`, `gh auth token`).
    /// Nothing where it is empty or no header could carry it.
    #[must_use]
    pub fn new(secret: &str, source: &'static str) -> Option<Self> {
        let secret = secret.trim();
        let usable = !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self {
            secret: secret.to_owned(),
            source,
        })
    }

    /// Where it is from.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// What tells two tokens apart and nothing else: answers to one are not shown to another.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        digest::sha256(format!("vit token\0{}", self.secret).as_bytes())[..16].to_owned()
    }

    /// The header's value.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(from {})", self.source)
    }
}
