//! Requests to servers: the one door to HTTP.
//!
//! | module | owns |
//! |---|---|
//! | [`transport`] | one exchange: the trait, and nothing above it knows how bytes travel |
//! | [`address`] | URLs that cannot print their secrets, and which of them may be asked |
//! | [`token`] | secrets that cannot be shown |
//! | [`traffic`] | how many requests are under way, what was counted, which hosts said stop |
//! | `fetch` | one request and its whole answer: redirects, limits, bounds |
//! | [`cache`] | answers kept on disk |
//! | [`client`] | a request from the caller's view: what is kept, what is asked again |
//!
//! Nothing here knows of releases. Whoever calls gets the body as bytes within a bound, and how
//! fresh it is.

pub mod address;
pub mod cache;
pub mod client;
mod fetch;
pub mod token;
pub mod traffic;
pub mod transport;

pub use address::Address;
pub use client::{Client, Freshness, Got, HttpError, Origin, Peek, Request};
pub use token::Token;
