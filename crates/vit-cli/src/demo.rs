//! `vit demo`: the main job, for real, in a throw-away folder, with nothing but git and sh.
//!
//! Owns the demo's world and its story. It changes nothing outside its folder, and knows of `vit`
//! only what a user knows: commands, output, exit codes. What they claim is checked without them.
//!
//! | part | module |
//! |---|---|
//! | Core's releases and the verticals (under `files/`) | [`releases`] |
//! | the folder, the repositories | [`world`] |
//! | the scenes | [`story`] |
//! | playing them | [`stage`] |
//! | looking at the files without `vit` | [`witness`] |
//! | words | [`telling`] |

pub mod releases;
pub mod stage;
pub mod story;
pub mod telling;
pub mod witness;
pub mod world;
