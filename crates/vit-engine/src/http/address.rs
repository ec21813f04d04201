//! URLs that cannot print their secrets, and which of them may be asked.

mod nearness;

use std::fmt;
use std::sync::Arc;

use url::Url;

pub use nearness::Nearness;

/// A URL of a server. Shown without user, password and query: a signed redirect carries its
/// secret in the query.
///
/// It also bears how far it may lead into networks that are not public: one that a person
/// configured leads anywhere, one that a server named leads no nearer than that server is.
#[derive(Clone)]
pub struct Address {
    /// Behind a pointer: errors carry addresses.
    url: Arc<Url>,
    reach: Nearness,
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Address {}

/// Why a text is no address that can be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` cannot be asked: {why}")]
pub struct BadAddress {
    /// The text, without secrets and control characters.
    pub shown: String,
    /// Why.
    pub why: String,
}

impl BadAddress {
    /// Refuses a text of others.
    pub(super) fn new(text: &str, why: impl Into<String>) -> Self {
        let shown = vit_contract::text::visible(&crate::git::safe_url(text));
        Self {
            shown: vit_contract::text::excerpt(&shown, 200),
            why: why.into(),
        }
    }
}

impl Address {
    /// Reads a URL that is known here or was typed: `https`, or `http` to this very machine.
    ///
    /// # Errors
    /// It is none, or of another scheme.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let address = Self::configured(text)?;
        match address.url.scheme() {
            "http" if address.nearness() != Nearness::Loopback => Err(BadAddress::new(
                text,
                "plain http is used only for an address that is configured so",
            )),
            "file" => Err(BadAddress::new(text, "its scheme is file")),
            _ => Ok(address),
        }
    }

    /// Reads a URL that somebody configured (settings, `GITHUB_API_URL`): `https`, `http` or
    /// `file`. It may lead into a network that is not public.
    ///
    /// # Errors
    /// It is none, or of another scheme.
    pub fn configured(text: &str) -> Result<Self, BadAddress> {
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(BadAddress::new(text, "it has spaces or control characters"));
        }
        let url = Url::parse(text).map_err(|error| BadAddress::new(text, error.to_string()))?;
        match url.scheme() {
            "http" | "https" => {}
            "file" if url.host().is_none() => {}
            "file" => return Err(BadAddress::new(text, "a file: address names no host")),
            scheme => return Err(BadAddress::new(text, format!("its scheme is {scheme}"))),
        }
        Ok(Self {
            url: Arc::new(url),
            reach: Nearness::Link,
        })
    }

    /// Reads a URL that the server at this address named: in a document, a `Link` header, a
    /// redirect. It may be relative. Never from `https` to `http`, never to another scheme, never
    /// nearer to this machine than the server itself is.
    ///
    /// # Errors
    /// It is none, or it leads where no server may send anybody.
    pub fn named(&self, text: &str) -> Result<Self, BadAddress> {
        self.named_from(text, self.nearness())
    }

    /// The same where it is known how near the server was that answered.
    pub(crate) fn named_from(&self, text: &str, near: Nearness) -> Result<Self, BadAddress> {
        let bad = |why: &str| Err(BadAddress::new(text, why));
        // The parser of URLs would drop tabs and line breaks, and take `\` for `/`.
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return bad("it has spaces or control characters");
        }
        if text.is_empty() {
            return bad("it is empty");
        }
        let url = match self.url.join(text) {
            Ok(url) => url,
            Err(error) => return bad(&error.to_string()),
        };
        let same = url.origin() == self.url.origin() && url.scheme() == self.url.scheme();
        match (self.url.scheme(), url.scheme()) {
            ("file", "file") => {}
            (_, "https") | ("http", "http") => {}
            ("https", "http") => return bad("it leads from https to http"),
            _ => return bad("it leads to another scheme"),
        }
        if !same && (!url.username().is_empty() || url.password().is_some()) {
            return bad("it names a user");
        }
        let next = Self {
            url: Arc::new(url),
            reach: if same {
                self.reach
            } else {
                near.reach().min(self.reach)
            },
        };
        if same || next.nearness() <= next.reach {
            Ok(next)
        } else {
            bad(&format!("it leads to {}", next.nearness().what()))
        }
    }

    /// The URL itself, secrets included: for the transport and for keys, never for people.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Host and, where it is not the scheme's own, port: what limits hold for.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether both are of one origin: scheme, host and port.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        // Two `file:` addresses are of no origin at all, not even each of its own.
        self.is_file() && other.is_file() || self.url.origin() == other.url.origin()
    }

    /// Whether it is one of the file system.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.url.scheme() == "file"
    }

    /// Whether a secret that is sent there is read by nobody on the way.
    #[must_use]
    pub fn keeps_secrets(&self) -> bool {
        self.url.scheme() == "https" || self.nearness() == Nearness::Loopback
    }

    /// How near it is, by what stands in it.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        Nearness::of_host(self.url.host().as_ref())
    }

    /// How near it may lead.
    #[must_use]
    pub const fn reach(&self) -> Nearness {
        self.reach
    }

    /// The same address, leading no nearer than this.
    #[cfg(test)]
    pub(super) fn reaching(&self, reach: Nearness) -> Self {
        Self {
            reach,
            ..self.clone()
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::git::safe_url(self.url.as_str()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests;
