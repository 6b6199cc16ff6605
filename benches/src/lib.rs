//! Benchmarks: whole requests and hot structures, each beside its peer.
