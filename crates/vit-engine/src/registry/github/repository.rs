//! Which repository: where its API is, and how the spellings of a remote name it. No request is
//! sent here.

use std::fmt;

use url::Url;
use vit_contract::text;

use crate::environment::Environment;
use crate::error::EngineError;
use crate::git::safe_url;
use crate::http::Address;

/// Where the API of another host than github.com is named.
const API_URL: &str = "GITHUB_API_URL";
const GITHUB: &str = "github.com";
const GITHUB_API: &str = "https://api.github.com";
/// Other names of github.com: of its web pages, and of ssh through the port of https.
const ALIASES: [&str; 2] = ["www.github.com", "ssh.github.com"];
/// The longest name of an owner or a repository, in characters.
const MAX_NAME: usize = 100;

/// An API and the host whose repositories it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::registry) struct Api {
    /// Its base, without a `/` at the end.
    base: Url,
    /// The host of the repositories, in lower case.
    host: String,
    /// Where their pages and git are, without a `/` at the end.
    web: String,
}

impl Api {
    /// The API of github.com.
    pub(super) fn github() -> Self {
        let base = Url::parse(GITHUB_API).expect("a literal");
        Self::of_base(base).expect("a literal with a host")
    }

    /// The APIs that are known here: the one that the environment names, and github.com's.
    ///
    /// # Errors
    /// The environment names something that is no URL of an API.
    pub(super) fn known(environment: &Environment) -> Result<Vec<Self>, EngineError> {
        let named = Self::named(environment)?;
        let github = Self::github();
        let distinct = named.into_iter().filter(|api| api.host != GITHUB);
        Ok(distinct.chain([github]).collect())
    }

    fn named(environment: &Environment) -> Result<Option<Self>, EngineError> {
        let Some(value) = environment.get(API_URL) else {
            return Ok(None);
        };
        let value = value.to_string_lossy();
        let bad = |why: &str| EngineError::BadInput {
            summary: format!(
                "{API_URL}=`{}` is no API: {why}",
                text::excerpt(&safe_url(&value), 200)
            ),
            problems: Vec::new(),
            hints: vec![format!(
                "set {API_URL} to the API of your GitHub Enterprise, such as https://HOST/api/v3, or unset it"
            )],
        };
        let base = Url::parse(value.trim()).map_err(|error| bad(&error.to_string()))?;
        let plain = base.username().is_empty() && base.password().is_none();
        if !plain {
            return Err(bad("a URL with a user in it is not taken"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(bad("nothing may follow its path"));
        }
        match base.scheme() {
            "https" => {}
            "http" if Address::parse(base.as_str()).is_ok() => {}
            "http" => return Err(bad("it is not encrypted (http)")),
            _ => return Err(bad("it is no https URL")),
        }
        Self::of_base(base)
            .map(Some)
            .ok_or_else(|| bad("it has no host"))
    }

    fn of_base(mut base: Url) -> Option<Self> {
        let trimmed = base.path().trim_end_matches('/').to_owned();
        base.set_path(&trimmed);
        let host = base.host_str()?.to_ascii_lowercase();
        // `api.github.com` and `api.NAME.ghe.com`; a server of one's own has `/api/v3` instead.
        let host = match host.strip_prefix("api.") {
            Some(rest) if trimmed.is_empty() => rest.to_owned(),
            _ => host,
        };
        let port = base.port().map_or_else(String::new, |p| format!(":{p}"));
        let web = format!("{}://{host}{port}", base.scheme());
        Some(Self { base, host, web })
    }

    /// An address under it.
    pub(super) fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Address {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Address::configured(url.as_str()).expect("what is under an http(s) base is one too")
    }

    /// Its base as an address, to compare origins with.
    pub(super) fn base(&self) -> Address {
        Address::configured(self.base.as_str()).expect("a base is http(s)")
    }

    /// The host of the repositories.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether a secret may travel to it: encrypted, or on this machine only.
    pub(super) fn is_private(&self) -> bool {
        self.base().keeps_secrets()
    }
}

/// A repository and its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::registry) struct Repository {
    pub(super) api: Api,
    pub(super) owner: String,
    pub(super) name: String,
}

impl Repository {
    /// The repository that a remote's URL names, where it is on a host with a known API.
    ///
    /// # Errors
    /// The environment names something that is no URL of an API.
    pub(in crate::registry) fn of_remote(
        environment: &Environment,
        url: &str,
    ) -> Result<Option<Self>, EngineError> {
        let Some((host, path)) = host_and_path(url) else {
            return Ok(None);
        };
        let Some((owner, name)) = owner_and_name(path.trim_matches('/')) else {
            return Ok(None);
        };
        let api = Api::known(environment)?
            .into_iter()
            .find(|api| api.host == host);
        Ok(api.map(|api| Self { api, owner, name }))
    }

    /// The repository `OWNER/NAME` of the API that the environment names, else of github.com; or
    /// that of a URL.
    ///
    /// # Errors
    /// It is neither, or the environment names something that is no URL of an API.
    pub(in crate::registry) fn named(
        environment: &Environment,
        location: &str,
    ) -> Result<Self, EngineError> {
        let found = if location.contains(':') {
            Self::of_remote(environment, location)?
        } else {
            let api = Api::known(environment)?.into_iter().next();
            let pair = owner_and_name(location);
            api.zip(pair)
                .map(|(api, (owner, name))| Self { api, owner, name })
        };
        found.ok_or_else(|| EngineError::BadInput {
            summary: format!(
                "`{}` names no GitHub repository",
                text::excerpt(&safe_url(location), 200)
            ),
            problems: Vec::new(),
            hints: vec![
                "name it as OWNER/NAME or by its URL: `location` under `[registry]` in vit.toml, or VITRUVYAN_REPO; another host than github.com is named by GITHUB_API_URL".to_owned(),
            ],
        })
    }

    /// Where git finds it.
    pub(in crate::registry) fn git_url(&self) -> String {
        format!("{}/{}/{}.git", self.api.web, self.owner, self.name)
    }

    /// Whether both are the same repository, whatever the case of their names.
    pub(in crate::registry) fn is(&self, other: &Self) -> bool {
        self.api.host == other.api.host
            && self.owner.eq_ignore_ascii_case(&other.owner)
            && self.name.eq_ignore_ascii_case(&other.name)
    }

    /// An address under it.
    pub(super) fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Address {
        let mut whole = vec!["repos", &self.owner, &self.name];
        whole.extend(path);
        self.api.address(&whole, query)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.api.host != GITHUB {
            write!(f, "{}/", self.api.host)?;
        }
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Host (lower case, without user and port) and path of a remote's URL, in every spelling that
/// git knows for a server.
fn host_and_path(url: &str) -> Option<(String, &str)> {
    let (authority, path) = match url.split_once("://") {
        Some((scheme, rest)) => {
            let known = ["https", "http", "ssh", "git", "git+ssh", "ssh+git"];
            known
                .iter()
                .any(|name| scheme.eq_ignore_ascii_case(name))
                .then_some(())?;
            let (authority, path) = rest.split_once('/')?;
            (without_port(authority), path)
        }
        // `user@host:path`; with a `/` before the colon it is a path of this machine.
        None => {
            let (authority, path) = url.split_once(':')?;
            (!authority.contains('/')).then_some(())?;
            (authority, path)
        }
    };
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let host = if ALIASES.contains(&host.as_str()) {
        GITHUB.to_owned()
    } else {
        host
    };
    (!host.is_empty()).then_some((host, path))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// `OWNER/NAME`, a `.git` at its end left out. Only what GitHub allows: both become part of URLs
/// and of what is shown.
fn owner_and_name(path: &str) -> Option<(String, String)> {
    let (owner, name) = path.split_once('/')?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let of = |text: &str, more: &[u8]| {
        !text.is_empty()
            && text.len() <= MAX_NAME
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    let good = of(owner, b"-_")
        && !owner.starts_with(['-', '_'])
        && of(name, b"-_.")
        && !matches!(name, "." | "..");
    good.then(|| (owner.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(api: &str) -> Environment {
        Environment::new([(API_URL.into(), api.into())])
    }

    fn of(url: &str) -> Option<String> {
        let found = Repository::of_remote(&environment("https://ghe.example.com/api/v3"), url);
        found.unwrap().map(|repository| repository.to_string())
    }

    #[test]
    fn every_spelling_of_a_remote() {
        for url in [
            "https://github.com/Owner/name.x",
            "https://github.com/Owner/name.x.git",
            "https://user:secret@GitHub.com:443/Owner/name.x.git/",
            "http://www.github.com/Owner/name.x",
            "ssh://git@github.com/Owner/name.x.git",
            "ssh://git@ssh.github.com:443/Owner/name.x.git",
            "SSH://git@github.com:22/Owner/name.x",
            "git://github.com/Owner/name.x.git",
            "git@github.com:Owner/name.x.git",
            "github.com:Owner/name.x",
            "git@github.com:/Owner/name.x.git",
        ] {
            assert_eq!(of(url).as_deref(), Some("Owner/name.x"), "{url}");
        }
        assert_eq!(
            of("git@GHE.example.com:o/n.git").as_deref(),
            Some("ghe.example.com/o/n")
        );
    }

    #[test]
    fn what_is_no_repository_of_a_known_host() {
        for url in [
            "https://gitlab.com/o/n",
            "https://github.com.evil.example/o/n",
            "https://evil.example/github.com/o/n",
            "https://github.com@evil.example/o/n",
            "https://github.com/o",
            "https://github.com/o/n/tree/main",
            "https://github.com/o/..",
            "https://github.com/../n",
            "https://github.com/-o/n",
            "https://github.com/o/n%2e",
            "https://github.com/o/n?x=y",
            "https://github.com/o/n\u{7}",
            "https://github.com/ö/n",
            "file:///github.com/o/n",
            "ext::github.com:o/n",
            "/srv/github.com:o/n",
            "./github.com:o/n",
            "",
            "origin",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
        let long = "x".repeat(101);
        assert_eq!(of(&format!("https://github.com/o/{long}")), None);
    }

    #[test]
    fn the_api_of_another_host() {
        let environment = environment("https://ghe.example.com:8443/api/v3/");
        let found = Repository::named(&environment, "o/n").unwrap();
        assert_eq!(found.to_string(), "ghe.example.com/o/n");
        assert_eq!(
            found
                .address(&["releases"], &[("per_page", "100")])
                .url()
                .as_str(),
            "https://ghe.example.com:8443/api/v3/repos/o/n/releases?per_page=100"
        );
        assert_eq!(found.git_url(), "https://ghe.example.com:8443/o/n.git");
        // A repository of github.com is never asked for elsewhere.
        let found = Repository::of_remote(&environment, "git@github.com:o/n").unwrap();
        let address = found.unwrap().address(&[], &[]);
        assert_eq!(address.url().as_str(), "https://api.github.com/repos/o/n");
        // A tag with a `+` stays one.
        let address = Api::github().address(&["x"], &[("ref", "v1.0.0+b 7")]);
        assert_eq!(
            address.url().as_str(),
            "https://api.github.com/x?ref=v1.0.0%2Bb+7"
        );
    }

    #[test]
    fn an_api_that_is_none_is_named() {
        for bad in [
            "banana",
            "http://ghe.example.com/api/v3",
            "https://token@ghe.example.com/api/v3",
            "https://ghe.example.com/api/v3?x=secret",
            "file:///etc",
        ] {
            let error = Repository::named(&environment(bad), "o/n").unwrap_err();
            let shown = error.to_string();
            assert!(shown.starts_with("GITHUB_API_URL=`"), "{shown}");
            assert!(
                !shown.contains("secret") && !shown.contains("token@"),
                "{shown}"
            );
        }
        for bad in ["o", "o/n/m", "o/n x", "https://gitlab.com/o/n"] {
            let error = Repository::named(&Environment::default(), bad).unwrap_err();
            assert!(error.to_string().contains("no GitHub repository"));
        }
    }
}
