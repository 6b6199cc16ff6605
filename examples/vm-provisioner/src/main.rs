//! To be narrated.
fn main() {}
