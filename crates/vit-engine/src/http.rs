//! Requests to servers: the one door to HTTP.
//!
//! | module | owns |
//! |---|---|
//! | [`transport`] | one exchange: the trait, and nothing above it knows how bytes travel |
//! | [`address`] | URLs that cannot print their secrets, and which of them may be asked |
//! | [`token`] | secrets that cannot be shown |
//! | [`traffic`] | how many requests are under way, what was counted, which hosts said stop |
//! | `fetch` | one request and its whole answer |
//! | `redirect`, `limit`, `wait`, `body` | where redirects lead; when a server says stop, and waiting for it; reading within bounds |
//! | [`link`] | the `Link` header: the next page |
//! | [`download`] | files: resumed, checked, renamed into place |
//! | [`cache`] | answers kept on disk |
//! | [`client`] | a request from the caller's view: what is kept, what is asked again |
//!
//! Nothing here knows of releases. Whoever calls gets the body as bytes within a bound, and how
//! fresh it is.

pub mod address;
mod body;
pub mod cache;
pub mod client;
pub mod download;
mod fetch;
mod limit;
pub mod link;
mod redirect;
#[cfg(test)]
mod scene;
pub mod token;
pub mod traffic;
pub mod transport;
mod wait;

pub use address::Address;
pub use client::{Client, Freshness, Got, HttpError, Origin, Peek, Request};
pub use token::Token;
