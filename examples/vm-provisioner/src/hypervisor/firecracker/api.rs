//! Firecracker's API, as far as it is used here: each request is a call of the dependency `firecracker`.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::{Method, Request, StatusCode};
use bytes::Bytes;
use cupola::client::{CallInfo, CallLayer, CallService};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;
use tokio::time::timeout;
use tower::{Layer, ServiceExt};

use super::super::HypervisorError;
use super::socket::Socket;

/// How long a request may take: a process on this host answers at once.
const DEADLINE: Duration = Duration::from_secs(10);
/// More than any answer has.
const LONGEST: usize = 64 * 1024;

/// The API of one machine's process.
#[derive(Clone, Debug)]
pub(super) struct Api {
    client: CallService<Socket>,
}

impl Api {
    pub(super) fn new(calls: &CallLayer, socket: PathBuf) -> Self {
        Self { client: calls.layer(Socket::new(socket)) }
    }

    /// Whether it runs, in Firecracker's words.
    pub(super) async fn state(&self) -> Result<String, HypervisorError> {
        let described = self.call(Method::GET, "/", "/", Bytes::new()).await?;
        Ok(described["state"].as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn put(&self, path: &'static str, body: Value) -> Result<(), HypervisorError> {
        self.put_at(path, path, body).await
    }

    /// The same for a path that has a name in it.
    pub(super) async fn put_at(&self, path: &str, template: &'static str, body: Value) -> Result<(), HypervisorError> {
        self.call(Method::PUT, path, template, body.to_string().into()).await.map(drop)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        template: &'static str,
        body: Bytes,
    ) -> Result<Value, HypervisorError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://localhost{path}"))
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .extension(CallInfo::new().template(template))
            .body(Full::new(body));
        let request = request.expect("these paths are valid");
        let answered = timeout(DEADLINE, self.answer(request)).await;
        let (status, answer) =
            answered.map_err(|_| HypervisorError::new("the hypervisor does not answer in time"))??;
        if status.is_success() { Ok(answer) } else { Err(refused(status, &answer)) }
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Value), HypervisorError> {
        let broken = |error| HypervisorError::because("the hypervisor does not answer", error);
        let response = self.client.clone().oneshot(request).await.map_err(|error| broken(error.into()))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(broken)?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

/// Firecracker says what it does not accept in `fault_message`.
fn refused(status: StatusCode, answer: &Value) -> HypervisorError {
    let why = answer["fault_message"].as_str().unwrap_or("it does not say why");
    HypervisorError::because("the hypervisor refuses", format!("{status}: {why}"))
}
