//! A problem shown with the offending line, as rustc does.
