//! Evaluation against a store of one's own.
