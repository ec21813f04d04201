//! URLs that cannot print their secrets.

use std::fmt;

use url::Url;

/// A URL of a server. Shown without user, password and query: a signed redirect carries its
/// secret in the query.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is no address that can be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` cannot be asked: {why}")]
pub struct BadAddress {
    /// The text, without secrets and control characters.
    pub shown: String,
    /// Why.
    pub why: String,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// It is none, or of another scheme than `https` and `http`.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let bad = |why: String| BadAddress {
            shown: vit_contract::text::visible(&crate::git::safe_url(text)),
            why,
        };
        let url = Url::parse(text).map_err(|error| bad(error.to_string()))?;
        match url.scheme() {
            "http" | "https" => Ok(Self(url)),
            scheme => Err(bad(format!("its scheme is {scheme}"))),
        }
    }

    /// The URL itself, secrets included: for the transport and for keys, never for people.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Whether both are of one origin: scheme, host and port.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::git::safe_url(self.0.as_str()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}
