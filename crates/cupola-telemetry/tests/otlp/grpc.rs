//! A gRPC collector made of other people's code: tonic, and OpenTelemetry's own service.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::{Request, Response, Status};

use crate::support::PATIENCE;

/// Rejects so many spans, or fails.
pub(crate) type Answer = Result<i64, Status>;

pub(crate) struct Receiver {
    address: SocketAddr,
    asked: mpsc::Receiver<Request<ExportTraceServiceRequest>>,
    _runtime: tokio::runtime::Runtime,
}

struct Service {
    script: Arc<Mutex<Vec<Answer>>>,
    asked: Sender<Request<ExportTraceServiceRequest>>,
}

impl Receiver {
    /// Answers as the script says, and then takes everything.
    pub(crate) fn start(script: Vec<Answer>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (address, (send, asked)) = (listener.local_addr().unwrap(), mpsc::channel());
        let service = TraceServiceServer::new(Service { script: Arc::new(Mutex::new(script)), asked: send });
        let service = service.accept_compressed(CompressionEncoding::Gzip);
        let server = tonic::transport::Server::builder().add_service(service);
        runtime.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { address, asked, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An address whose first connection leads nowhere, and the others here.
    pub(crate) fn behind_a_dead_connection(&self) -> String {
        let (listener, receiver) = (TcpListener::bind("127.0.0.1:0").unwrap(), self.address);
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let mut connections = listener.incoming();
            let _dead = connections.next();
            connections.for_each(|connection| relay(connection.unwrap(), TcpStream::connect(receiver).unwrap()));
        });
        url
    }

    /// The next request.
    pub(crate) fn next(&self) -> Request<ExportTraceServiceRequest> {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }
}

fn relay(mut one: TcpStream, mut other: TcpStream) {
    let (mut to_one, mut from_other) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    std::thread::spawn(move || io::copy(&mut one, &mut other));
    std::thread::spawn(move || io::copy(&mut from_other, &mut to_one));
}

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut script = self.script.lock().unwrap();
        let answer = if script.is_empty() { Ok(0) } else { script.remove(0) };
        drop(script);
        // The test may be over.
        let _ = self.asked.send(request);
        let partial = |rejected_spans| ExportTracePartialSuccess { rejected_spans, error_message: String::new() };
        answer.map(|rejected| Response::new(ExportTraceServiceResponse { partial_success: Some(partial(rejected)) }))
    }
}
