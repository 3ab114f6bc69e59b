//! Discuss.
