//! What happens to alerts, watched over a socket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cupola_alert::{AlertId, Alerts};
use cupola_dashboard::{Access, Api, Role};
use cupola_store::MetadataFile;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::alerts::failing;
use crate::support::{House, now, serve};

struct Server {
    base: String,
    alerts: Arc<Alerts>,
    alert: AlertId,
    _house: House,
}

impl Server {
    /// With an alert that fires.
    async fn start() -> Self {
        let house = House::new();
        crate::schemathesis::fill(&house);
        let alerts = failing(&house, Arc::new(MetadataFile::open(house.dir()).unwrap()));
        let alert = alerts.alerts().unwrap().remove(0).id();
        let access = Access::default().token("view-token", Role::Viewer);
        let api = Api::new(Arc::new(house.reader())).access(access).alerting(Arc::clone(&alerts));
        let (base, _) = serve(api.router()).await;
        Self { base, alerts, alert, _house: house }
    }

    async fn watch(&self, asked: &str, heads: &[(&'static str, &str)]) -> Response<Incoming> {
        let mut request =
            Request::get(format!("{}/cupola/api/v1/alerts/live{asked}", self.base)).body(Full::default()).unwrap();
        request.headers_mut().insert("authorization", "Bearer view-token".parse().unwrap());
        request.headers_mut().extend(
            heads.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>(),
        );
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        client.request(request).await.unwrap()
    }

    fn comment(&self, text: &str) {
        self.alerts.people().comment(&self.alert, "ada", text, now().cast_signed()).unwrap();
    }
}

/// The fields of so many events, comments aside.
async fn events(watched: &mut Response<Incoming>, many: usize) -> Vec<(i64, Value)> {
    let read = async {
        let mut said = String::new();
        while said.matches("event: change").count() < many {
            let frame = watched.body_mut().frame().await.expect("it has ended").unwrap().into_data().unwrap();
            said.push_str(std::str::from_utf8(&frame).unwrap());
        }
        said
    };
    let said = timeout(Duration::from_secs(30), read).await.unwrap();
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim_start_matches(": ").to_owned()))
    };
    let all = said.split("\n\n").filter(|event| event.contains("event: change"));
    all.map(|event| {
        let data: Value = serde_json::from_str(&field(event, "data").unwrap()).unwrap();
        (field(event, "id").unwrap().parse().unwrap(), data)
    })
    .collect()
}

fn notes(events: &[(i64, Value)]) -> Vec<&str> {
    assert!(events.iter().all(|(id, event)| event["number"] == *id), "{events:?}");
    events.iter().map(|(_, event)| event["event"]["note"].as_str().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_and_whoever_was_away_misses_nothing() {
    let server = Server::start().await;
    let newest = server.alerts.history(None, None, 1).unwrap()[0].number;
    let mut watched = server.watch("", &[]).await;
    assert_eq!(
        (watched.status().as_u16(), &watched.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    server.comment("one");
    let first = events(&mut watched, 1).await;
    assert_eq!((notes(&first), first[0].0 > newest), (vec!["one"], true));
    assert_eq!(first[0].1["subject"], server.alert.to_string());
    server.comment("two\nof two lines");
    assert_eq!(notes(&events(&mut watched, 1).await), ["two\nof two lines"]);
    drop(watched);
    for number in 0..250 {
        server.comment(&format!("away {number}"));
    }
    let mut expected: Vec<String> = (0..250).map(|number| format!("away {number}")).collect();
    expected.insert(0, "two\nof two lines".to_owned());
    let seen = first[0].0.to_string();
    for (asked, heads) in [
        ("", vec![("last-event-id", &*seen)]),
        (&*format!("?after={seen}"), vec![]),
        // What a browser says of itself is later than what it was given at first.
        ("?after=0", vec![("last-event-id", &*seen)]),
    ] {
        let mut watched = server.watch(asked, &heads).await;
        let told = events(&mut watched, expected.len()).await;
        assert_eq!(notes(&told), expected, "{asked} {heads:?}");
        server.comment("and on");
        assert_eq!(notes(&events(&mut watched, 1).await), ["and on"], "{asked} {heads:?}");
        expected.push("and on".to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_are_few_and_say_what_they_mean() {
    let server = Server::start().await;
    for (asked, heads, named) in [
        ("", vec![("last-event-id", "soon")], "Last-Event-ID"),
        ("?after=soon", vec![], "after"),
        ("?since=1h", vec![], "since"),
    ] {
        let refused = server.watch(asked, &heads).await;
        assert_eq!(refused.status().as_u16(), 400, "{asked}");
        let problem: Value = serde_json::from_slice(&refused.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(problem["parameter"], json!(named), "{problem}");
    }
    assert_eq!(server.watch("", &[("authorization", "Bearer no")]).await.status().as_u16(), 401);
    // Whoever has seen more than there is goes on from what there is.
    let mut elsewhere = server.watch("?after=999999", &[]).await;
    server.comment("here");
    assert_eq!(notes(&events(&mut elsewhere, 1).await), ["here"]);
    let mut watching = vec![elsewhere];
    for _ in 1..32 {
        watching.push(server.watch("", &[]).await);
    }
    assert!(watching.iter().all(|watched| watched.status() == 200));
    assert_eq!(server.watch("", &[]).await.status().as_u16(), 429);
    watching.clear();
    let again = async {
        while server.watch("", &[]).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), again).await.expect("who has left watches no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_alerting_does() {
    let server = Server::start().await;
    let mut watched = server.watch("", &[]).await;
    Arc::clone(&server.alerts).run(|| now().cast_signed(), async {}).await;
    let mut said = String::new();
    let ended = async {
        while let Some(frame) = watched.body_mut().frame().await {
            said.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    };
    timeout(Duration::from_secs(30), ended).await.expect("it goes on");
    assert!(said.contains(": still here\n\n") && said.contains("id: "), "{said}");
}
