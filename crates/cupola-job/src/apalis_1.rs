//! Workers and queues of apalis 1.
//!
//! ```
//! use apalis::layers::WorkerBuilderExt;
//! use apalis::prelude::{BoxDynError, MemoryStorage, WorkerBuilder};
//! use apalis::prelude::{TaskBuilder, WorkerContext};
//! use cupola_job::Jobs;
//!
//! async fn send_mail(to: String, worker: WorkerContext) -> Result<(), BoxDynError> {
//!     tracing::info!("in the job's context, with the request's id");
//! #   let _ = to;
//!     Ok(worker.stop()?)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let jobs = Jobs::new("mail").system("memory");
//! let mut storage = MemoryStorage::new();
//! jobs.push(&mut storage, "send_mail", TaskBuilder::new("ana".to_owned()).max_attempts(3).build()).await?;
//!
//! // The layer stands outside of what limits the time and catches panics, so that it sees what they make of them, and inside of a
//! // `retry`, so that each attempt is one.
//! let worker = WorkerBuilder::new("mail-1").backend(storage).layer(jobs.tasks("send_mail")).catch_panic().build(send_mail);
//! worker.run().await?;
//! # Ok(()) }
//! ```

mod judge;
mod push;
mod service;

pub use service::{KindOf, Named, TaskLayer, TaskService};
