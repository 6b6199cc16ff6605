//! A marketplace that rents GPUs: where machines can come from.

pub mod stub;
