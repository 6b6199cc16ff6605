//! A gateway in front of language models: one place that knows who asks which model, what it costs, and how it went.
//!
//! `cargo run -p llm-gateway` serves on 127.0.0.1:3001, with a model of its own that needs no network and says the same to the
//! same question; `--upstream http://127.0.0.1:11434` asks another that speaks as OpenAI does. See `README.md`.
//!
//! Begin reading at [`app`], which says what there is, then [`gateway`], where a question is asked.

pub mod app;
pub mod asked;
pub mod cache;
pub mod config;
pub mod crews;
pub mod embedded;
pub mod error;
pub mod gateway;
pub mod generation;
pub mod limit;
pub mod once;
pub mod server;
pub mod stream;
pub mod upstream;
pub mod user;

mod chat;
mod generate;
mod models;
