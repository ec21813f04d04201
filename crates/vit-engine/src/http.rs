//! Requests to servers: the one door to HTTP.
//!
//! | module | owns |
//! |---|---|
//! | [`transport`] | one exchange: the trait, and nothing above it knows how bytes travel |
//! | [`address`] | URLs that cannot print their secrets, and which of them may be asked |
//! | [`token`] | secrets that cannot be shown |
//! | [`traffic`] | how many requests are under way, what was counted, which hosts said stop |
//! | [`client`] | a request from the caller's view: redirects, limits, bounds, the cache |
//!
//! Nothing here knows of releases. Whoever calls gets the body as bytes within a bound, and how
//! fresh it is.

pub mod address;
pub mod client;
pub mod token;
pub mod traffic;
pub mod transport;

pub use address::Address;
pub use client::{Client, Freshness, Got, HttpError, Request};
pub use token::Token;
