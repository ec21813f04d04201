//! Questions to the API: which headers, which token, and what it means when there is no answer.

use std::sync::OnceLock;

use super::repository::Repository;
use super::token;
use crate::context::Context;
use crate::http::address::BadAddress;
use crate::http::client::Origin;
use crate::http::{Address, Client, Freshness, Got, HttpError, Request, Token, link};

const JSON: &str = "application/vnd.github+json";
const BYTES: &str = "application/octet-stream";
/// The version of the API whose answers are read here.
const VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");

/// Why the API gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The server does not know the repository, or does not say so to this token.
    #[error(
        "{repository} was not found, or there is no access to it ({who}): check its name, and that {token}"
    )]
    NotFound {
        repository: String,
        /// With which token it was asked.
        who: String,
        /// What the token must be.
        token: &'static str,
    },
    /// The token is refused.
    #[error("the API refused {who} (401): renew it, or unset it to ask without one")]
    Refused {
        /// Which token.
        who: String,
    },
    /// The server allows no more requests.
    #[error("{limit} ({who}){more}")]
    Limited {
        who: String,
        /// What would help.
        more: &'static str,
        limit: HttpError,
    },
    /// The address of a page is not one of the API's.
    #[error("its pages cannot be followed: {why}")]
    Links { why: String },
    /// The answer is not what it should be.
    #[error("the answer of {address} cannot be read: {why}")]
    Unreadable { address: Address, why: String },
    /// Only an older answer could be had.
    #[error("{why}")]
    Old { why: String },
    /// Anything else.
    #[error("{}", chain(.0))]
    Http(HttpError),
}

impl Failure {
    /// Whether somebody asked to stop.
    pub(super) fn is_stop(&self) -> bool {
        matches!(self, Self::Http(HttpError::Cancelled))
    }

    /// Whether the server has nothing of this name.
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line = format!("{line}: {cause}");
        next = cause.source();
    }
    line
}

fn linked(found: Result<Option<Address>, BadAddress>) -> Result<Option<Address>, Failure> {
    found.map_err(|error| Failure::Links {
        why: error.to_string(),
    })
}

/// Asks the API of a repository.
pub(super) struct Ask<'a> {
    cx: &'a Context<'a>,
    repository: &'a Repository,
    /// Looked for once, when a request goes out.
    token: &'a OnceLock<Option<Token>>,
}

impl<'a> Ask<'a> {
    pub(super) const fn new(
        cx: &'a Context<'a>,
        repository: &'a Repository,
        token: &'a OnceLock<Option<Token>>,
    ) -> Self {
        Self {
            cx,
            repository,
            token,
        }
    }

    /// The repository.
    pub(super) const fn repository(&self) -> &Repository {
        self.repository
    }

    /// A document of the API.
    ///
    /// # Errors
    /// There is none of the freshness that is wanted.
    pub(super) fn get(&self, address: &Address, freshness: Freshness) -> Result<Got, Failure> {
        let request = self.request(address.clone(), JSON, freshness);
        let got = Client::new(self.cx).get(&request);
        self.judge(got)
    }

    /// Many documents of the API, in their order.
    pub(super) fn get_all(
        &self,
        addresses: &[Address],
        freshness: Freshness,
    ) -> Vec<Result<Got, Failure>> {
        let requests: Vec<Request> = addresses
            .iter()
            .map(|address| self.request(address.clone(), JSON, freshness))
            .collect();
        let all = Client::new(self.cx).get_all(&requests);
        all.into_iter().map(|got| self.judge(got)).collect()
    }

    /// The bytes of assets, each of at most `limit`, in their order.
    pub(super) fn bytes(
        &self,
        addresses: &[Address],
        limit: usize,
        freshness: Freshness,
    ) -> Vec<Result<Got, Failure>> {
        let requests: Vec<Request> = addresses
            .iter()
            .map(|address| Request {
                limit,
                ..self.request(address.clone(), BYTES, freshness)
            })
            .collect();
        let all = Client::new(self.cx).get_all(&requests);
        all.into_iter().map(|got| self.judge(got)).collect()
    }

    /// Where the page after an answer is; only the API's own origin counts.
    ///
    /// # Errors
    /// The answer links to another one, or to no address.
    pub(super) fn next(&self, got: &Got) -> Result<Option<Address>, Failure> {
        linked(link::next(&got.headers, &self.repository.api.base()))
    }

    /// Where the last page is.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub(super) fn last(&self, got: &Got) -> Result<Option<Address>, Failure> {
        linked(link::last(&got.headers, &self.repository.api.base()))
    }

    /// Who asks, for people.
    fn who(&self) -> String {
        match self.token.get().and_then(Option::as_ref) {
            Some(token) => format!("asked with the token of {}", token.source()),
            None => "asked without a token".to_owned(),
        }
    }

    fn request(&self, address: Address, accept: &'static str, freshness: Freshness) -> Request {
        let mut request = Request::new(address, accept);
        request.headers.push((VERSION.0, VERSION.1.to_owned()));
        request.limit = super::wire::MAX_BYTES;
        request.freshness = freshness;
        let find = || token::find(self.cx, &self.repository.api);
        request.token.clone_from(self.token.get_or_init(find));
        request
    }

    fn judge(&self, got: Result<Got, HttpError>) -> Result<Got, Failure> {
        let has_token = self.token.get().is_some_and(Option::is_some);
        match got {
            Ok(Got {
                origin: Origin::Stale { why },
                ..
            }) => Err(Failure::Old { why }),
            Ok(got) => Ok(got),
            Err(HttpError::Status { status: 404, .. }) => Err(Failure::NotFound {
                repository: self.repository.to_string(),
                who: self.who(),
                token: if has_token {
                    "the token may read it"
                } else {
                    "GITHUB_TOKEN is set where it is private"
                },
            }),
            Err(HttpError::Status { status: 401, .. }) if has_token => Err(Failure::Refused {
                who: self.who().replacen("asked with the", "the", 1),
            }),
            Err(limit @ HttpError::Limited { .. }) => Err(Failure::Limited {
                who: self.who(),
                more: if has_token {
                    ""
                } else {
                    ": with GITHUB_TOKEN set, it allows many more"
                },
                limit,
            }),
            Err(error) => Err(Failure::Http(error)),
        }
    }
}
