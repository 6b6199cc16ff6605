//! Behind a real nginx, set up as the documentation shows it: whose word counts, and whose does not.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};

use axum::Router;
use axum::routing::get;
use cupola_tests::{Answer, Client, Line, Service, eventually};

/// The example in the documentation of cupola-http, as it stands there.
fn documented() -> String {
    let text = include_str!("../../crates/cupola-http/src/lib.rs");
    let example = text.split("//! ```nginx\n").nth(1).and_then(|rest| rest.split("//! ```\n").next()).unwrap();
    example.lines().map(|line| line.trim_start_matches("//!").to_owned() + "\n").collect()
}

/// Proxies: `edge` stands before the service; `outer` before another one, which appends to what it is told; `around`
/// leads past the outer one.
struct Nginx {
    process: Child,
    edge: SocketAddr,
    outer: SocketAddr,
    around: SocketAddr,
    folder: PathBuf,
}

impl Nginx {
    fn before(service: SocketAddr) -> Self {
        let [edge, outer, inner, around] = free_addresses();
        let folder = std::env::temp_dir().join(format!("cupola-nginx-{}", edge.port()));
        std::fs::create_dir_all(&folder).unwrap();
        let location = |upstream: SocketAddr| documented().replace("127.0.0.1:3000", &upstream.to_string());
        let appends = format!(
            "location / {{ proxy_pass http://{service}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}"
        );
        // The PROXY protocol lets a test come from an address of its choice; `real_ip` takes it for the client's.
        let server = |listen: &str, location: &str| {
            format!(
                "server {{ {listen} proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;\n\
                 {location} }}\n"
            )
        };
        let servers = [
            server(&format!("listen {edge}"), &location(service)),
            server(&format!("listen {outer}"), &location(inner)),
            server(&format!("listen {inner}; listen {around}"), &appends),
        ];
        let configuration = format!(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/errors;\nevents {{ }}\nhttp {{\n\
             access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;\n\
             uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;\n{1}}}\n",
            folder.display(),
            servers.concat()
        );
        std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let mut command = Command::new("nginx");
        let process = command.arg("-p").arg(&folder).arg("-c").arg(folder.join("nginx.conf")).spawn().unwrap();
        let nginx = Self { process, edge, outer, around, folder };
        eventually("nginx listens", || {
            [edge, outer, inner, around].iter().all(|address| TcpStream::connect(address).is_ok())
        });
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

/// All that a client can say of itself.
const FORGED: &str = "X-Request-Id: forged\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
                      Tracestate: vendor=forged\r\nBaggage: tenant=forged\r\nX-Forwarded-For: 198.51.100.1\r\n\
                      X-Forwarded-Proto: https\r\nX-Forwarded-Host: forged.example\r\n\
                      Forwarded: for=198.51.100.1;proto=https;host=forged.example\r\n";

/// A request of a client with this address, through a proxy that takes the PROXY protocol.
fn from(client: &str, proxy: SocketAddr, path: &str, headers: &str) -> Answer {
    let mut connection = Client::connect(proxy);
    connection.send(format!("PROXY TCP4 {client} 127.0.0.1 40000 80\r\n"));
    connection.send(format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n{headers}\r\n"));
    connection.answer()
}

/// A service under this trust, its proxies, and the lines of the requests that `ask` makes.
fn lines(trust: &str, ask: impl FnOnce(&Nginx, &Service)) -> Vec<Line> {
    let app = Router::new().route("/", get(|| async { "here" }));
    let service = Service::start(&[("CUPOLA_TRUST", trust)], app);
    let nginx = Nginx::before(service.address());
    ask(&nginx, &service);
    drop(nginx);
    let ended = service.stop();
    assert!(!ended.text.contains("forged"), "{}", ended.text);
    assert!(ended.lines().iter().all(|line| line["level"] != "WARN"), "{}", ended.text);
    ended.access()
}

#[test]
#[ignore = "needs nginx"]
fn the_documented_proxy_tells_the_client_and_passes_nothing_forged_on() {
    let access = lines("private;hops=1;header=x-forwarded", |nginx, _| {
        let answer = from("203.0.113.7", nginx.edge, "/", FORGED);
        assert_eq!((answer.status, answer.text().as_str()), (200, "here"));
        let ready = from("203.0.113.7", nginx.edge, "/readyz", "");
        assert_eq!((ready.status, ready.text().as_str()), (200, "ok\n"), "why is for one's own people");
        assert!(from("10.0.0.9", nginx.edge, "/readyz", "").text().starts_with('{'));
    });
    let [line] = &access[..] else { panic!("{access:?}") };
    assert_eq!(
        (line.text("client_ip"), line.text("scheme"), line.text("host")),
        ("203.0.113.7", "http", "shop.example")
    );
    let id = line.text("request_id");
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "nginx's own id: {id}");
    assert!(line["parent_span_id"].is_null() && line["linked_trace_id"].is_null(), "{line}");
}

#[test]
#[ignore = "needs nginx"]
fn two_proxies_are_two_hops_and_whoever_goes_around_one_gains_nothing() {
    let access = lines("private;hops=2;header=x-forwarded", |nginx, _| {
        assert_eq!(from("203.0.113.7", nginx.outer, "/", FORGED).status, 200);
        assert_eq!(from("203.0.113.66", nginx.around, "/", "X-Forwarded-For: 198.51.100.1\r\n").status, 200);
    });
    let clients: Vec<&str> = access.iter().map(|line| line.text("client_ip")).collect();
    assert_eq!(clients, ["203.0.113.7", "203.0.113.66"]);
}

#[test]
#[ignore = "needs nginx"]
fn without_a_hop_count_the_proxy_is_the_client() {
    let access = lines("private", |nginx, service| {
        assert_eq!(from("203.0.113.7", nginx.edge, "/", FORGED).status, 200);
        assert_eq!(from("10.0.0.9", nginx.edge, "/readyz", "").text(), "ok\n", "who it is is not known");
        assert!(service.get("/readyz").text().starts_with('{'));
    });
    assert_eq!(access[0].text("client_ip"), "127.0.0.1");
}
