//! Who signed a release's tag.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A signature of a tag that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedBy {
    /// What kind of key.
    pub kind: SignatureKind,
    /// The principal of `allowed_signers`, or the key's user id.
    pub signer: String,
    /// The key's fingerprint.
    pub key: String,
}

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// An ssh key.
    Ssh,
    /// An OpenPGP key.
    Openpgp,
}

impl SignatureKind {
    /// The name as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Openpgp => "openpgp",
        }
    }
}

impl fmt::Display for SignedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({} key {})",
            self.signer,
            self.kind.as_str(),
            self.key
        )
    }
}
