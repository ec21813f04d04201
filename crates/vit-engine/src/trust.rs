//! Why a release may be believed: whose signatures are asked for, and what they say.
//!
//! | part | module |
//! |---|---|
//! | a registry's own metadata, signed by The Update Framework | [`tuf`] |

pub mod tuf;
