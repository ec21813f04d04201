//! The testkit, tested: a world that lies makes every test above it worthless.

mod kill;
mod run;
mod smoke;
mod state;
mod tidy;
mod tools;
mod world;
