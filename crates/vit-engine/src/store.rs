//! State on disk: the only place that writes under the state folders.
