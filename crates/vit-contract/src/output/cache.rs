//! What `vit cache` prints.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// `vit cache info`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CacheInfoReport {
    /// `vit.cache-info/1`.
    pub schema: String,
    /// The folder, whether it is there or not; absent where no variable names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The variable that names it: `VIT_CACHE_DIR`, `XDG_CACHE_HOME` or `HOME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<String>,
    /// Answers that are kept.
    pub entries: usize,
    /// Bytes of all files together.
    pub bytes: u64,
    /// The bytes above which the oldest answers are removed.
    pub max_bytes: u64,
    /// When the server last confirmed the answer that was confirmed longest ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Timestamp>,
    /// The same of the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// Files that are not what was written; they are never used.
    pub damaged: usize,
    /// The servers, by name.
    pub hosts: Vec<CacheHost>,
    /// The limits of servers that hold now.
    pub limits: Vec<CacheLimit>,
    /// Why the cache is not used, if so.
    pub problems: Vec<Problem>,
}

/// A server with answers in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheHost {
    /// Its name, with the port where that is not the usual one.
    pub host: String,
    /// Answers that are kept.
    pub entries: usize,
    /// Bytes of their bodies; one that stands in two answers counts twice.
    pub bytes: u64,
}

/// A server that allows no more requests for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheLimit {
    /// Its name.
    pub host: String,
    /// Until when.
    pub until: Timestamp,
    /// Whether it counts for requests with a token.
    pub with_token: bool,
}

/// `vit cache clean`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheCleanReport {
    /// `vit.cache-clean/1`.
    pub schema: String,
    /// The folder.
    pub folder: String,
    /// Only what is older than this many seconds was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than_seconds: Option<u64>,
    /// Answers that were removed.
    pub entries_removed: usize,
    /// Files that were removed.
    pub files_removed: usize,
    /// Bytes that were freed.
    pub bytes_freed: u64,
    /// Answers that are left.
    pub entries: usize,
    /// Bytes that are left.
    pub bytes: u64,
    /// Files that could not be removed.
    pub not_removed: usize,
}
