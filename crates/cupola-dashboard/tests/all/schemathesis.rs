//! The API held against its own document by schemathesis, with data in the store and alerts that fire.

use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::middleware::map_response;
use axum::response::Response;
use cupola_store::{Batch, MetadataFile, Signal, Value};
use http_body::Frame;
use tokio::process::Command;
use tokio::time::timeout;

use crate::alerts::failing;
use crate::openapi::whole;
use crate::support::{House, now, serve};

/// Errors, requests, spans and metrics of the last minutes.
pub(crate) fn fill(house: &House) {
    let [mut logs, mut spans, mut metrics] = [Signal::Logs, Signal::Spans, Signal::Metrics].map(Batch::new);
    for number in 0..200_i64 {
        let time = now().cast_signed() - number * 3_000_000_000;
        let level = if number % 4 == 0 { "ERROR" } else { "INFO" };
        let message = format!("connection to vm-{number} lost");
        let mut row = logs.row(time);
        row.set("level", Value::Text(level))
            .set("message", Value::Text(&message))
            .set("service", Value::Text("billing"));
        row.set("duration_ms", Value::Float(number as f64)).set("route", Value::Text("/vms/{id}"));
        row.set("status", Value::Int(if number % 4 == 0 { 500 } else { 200 })).set("trace_id", Value::Id(&[7; 16]));
        let mut row = spans.row(time);
        row.set("name", Value::Text("GET /vms"))
            .set("trace_id", Value::Id(&[7; 16]))
            .set("kind", Value::Text("server"));
        row.set("duration_ms", Value::Float(number as f64)).set("service", Value::Text("billing"));
        let mut row = metrics.row(time);
        row.set("metric", Value::Text("process.memory.usage"))
            .set("type", Value::Text("gauge"))
            .set("unit", Value::Text("By"));
        row.set("host", Value::Text("a")).set("value", Value::Int(number));
    }
    for batch in [logs, spans, metrics] {
        house.store().writer().offer(batch);
    }
    assert!(house.store().flush());
}

/// Events of which only the first are taken: whoever checks answers reads them to their end.
struct First(Body);

impl http_body::Body for First {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.0).poll_frame(context) {
            Poll::Pending => Poll::Ready(None),
            ready => ready,
        }
    }
}

async fn ended(answer: Response) -> Response {
    if answer.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
        return answer.map(|body| Body::new(First(body)));
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis"]
async fn what_the_document_says_is_so() {
    let house = House::new();
    fill(&house);
    let alerts = failing(&house, Arc::new(MetadataFile::open(house.dir()).unwrap()));
    let alert = alerts.alerts().unwrap().remove(0).id().to_string();
    let (address, _server) = serve(whole(&house).router().layer(map_response(ended))).await;
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/schemathesis");
    let mut command = Command::new("schemathesis");
    command.args(["--config-file", "schemathesis.toml", "run", "--no-color", "--checks", "all"]);
    command.arg(format!("{address}/cupola/api/v1/openapi.json")).current_dir(place).env("CUPOLA_ALERT", alert);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = timeout(Duration::from_secs(240), command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
}
