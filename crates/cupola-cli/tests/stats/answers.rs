//! Figures, held against what is counted in the plain way.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;

use super::support::Folder;

const ROUTES: [&str; 4] = ["/vms/{id}", "/vms", "/login", "/reports/{id}/export"];
const LINES: usize = 20_000;

/// What the lines of a log say, and the lines.
#[derive(Default)]
struct Truth {
    lines: Vec<String>,
    levels: BTreeMap<&'static str, u64>,
    statuses: BTreeMap<String, u64>,
    /// By route, in milliseconds.
    durations: BTreeMap<&'static str, Vec<f64>>,
    errors: BTreeMap<&'static str, u64>,
    users: BTreeMap<u64, u64>,
}

/// Numbers that look like chance, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

impl Truth {
    fn new() -> Self {
        let (mut truth, mut numbers) = (Self::default(), Numbers(7));
        for number in 0..LINES {
            let second = number / 100;
            let time = format!(
                "2026-11-21T03:{:02}:{:02}.{:06}Z",
                second / 60,
                second % 60,
                number % 100 * 10_000 + numbers.below(9_999) as usize
            );
            if numbers.below(12) == 0 {
                truth.other_line(&time);
            } else {
                truth.request(&time, number, &mut numbers);
            }
        }
        truth
    }

    fn other_line(&mut self, time: &str) {
        *self.levels.entry("DEBUG").or_default() += 1;
        let rest = r#""message":"a \"payload\" with \\ and é","route":"/vms","user_id":1,"bytes":{"status":500}"#;
        self.lines.push(format!(
            "{{\"timestamp\":\"{time}\",\"level\":\"DEBUG\",\"target\":\"app\",\"category\":\"general\",{rest}}}\n"
        ));
    }

    fn request(&mut self, time: &str, number: usize, numbers: &mut Numbers) {
        let route = ROUTES[numbers.below(10).min(3) as usize];
        // From a tenth of a millisecond to minutes, most of them short.
        let size = numbers.below(7) * numbers.below(7);
        let duration = (numbers.below(900) + 100) as f64 * 1.4_f64.powi(size as i32) / 1000.0;
        let duration: f64 = format!("{duration:.3}").parse().unwrap();
        let status = [200, 200, 200, 201, 204, 404, 503][numbers.below(7) as usize];
        let level = if status == 503 { "ERROR" } else { "INFO" };
        let user = numbers.below(40) * numbers.below(40);
        *self.levels.entry(level).or_default() += 1;
        *self.statuses.entry(status.to_string()).or_default() += 1;
        *self.errors.entry(route).or_default() += u64::from(status == 503);
        *self.users.entry(user).or_default() += 1;
        self.durations.entry(route).or_default().push(duration);
        let envelope =
            format!("\"timestamp\":\"{time}\",\"level\":\"{level}\",\"target\":\"cupola::http\",\"category\":\"api\"");
        let request =
            format!("\"method\":\"GET\",\"route\":\"{route}\",\"status\":{status},\"duration_ms\":{duration:?}");
        self.lines.push(format!(
            "{{{envelope},\"message\":\"request completed\",{request},\"request_id\":\"r-{number}\",\"user_id\":{user}}}\n"
        ));
    }

    fn text(&self) -> String {
        self.lines.concat()
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((share * sorted.len() as f64).ceil() as usize).max(1) - 1]
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let shown = folder.run(&[&["stats", "--json", "-n", "40"], arguments].concat());
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    serde_json::from_str(&shown.stdout).unwrap()
}

fn hold(found: &Value, truth: &Truth) {
    assert_eq!((&found["lines"], &found["entries"]), (&LINES.into(), &LINES.into()));
    for level in ["DEBUG", "INFO", "ERROR"] {
        assert_eq!(found["by_level"][level], truth.levels[level], "{level}");
    }
    assert_eq!(found["by_status"], serde_json::json!(truth.statuses));
    assert_eq!(found["by_status_class"]["5xx"], truth.statuses["503"]);
    let groups = found["groups"].as_array().unwrap();
    assert_eq!(groups.len(), ROUTES.len());
    for group in groups {
        let route = group["values"]["route"].as_str().unwrap();
        let mut durations = truth.durations[route].clone();
        durations.sort_by(f64::total_cmp);
        assert_eq!((&group["count"], &group["errors"]), (&durations.len().into(), &truth.errors[route].into()));
        let told = &group["duration_ms"];
        for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
            let (found, exact) = (told[name].as_f64().unwrap(), quantile(&durations, share));
            assert!((found / exact - 1.0).abs() < 0.005, "{route} {name}: {found}, not {exact}");
        }
        assert_eq!(told["max"], *durations.last().unwrap());
        let mean = durations.iter().sum::<f64>() / durations.len() as f64;
        assert!((told["mean"].as_f64().unwrap() / mean - 1.0).abs() < 1e-6, "{route}: {told}, not {mean}");
    }
    let mut users: Vec<_> =
        truth.users.iter().map(|(user, count)| (std::cmp::Reverse(*count), user.to_string())).collect();
    users.sort();
    let expected: Vec<_> = users
        .iter()
        .take(40)
        .map(|(count, user)| serde_json::json!({ "user_id": user, "count": count.0, "at_most_too_high": 0 }))
        .collect();
    assert_eq!(found["users"]["first"], Value::Array(expected));
    assert_eq!(found["users"]["values"], users.len());
    let rate = found["rate"]["lines"].as_array().unwrap();
    assert_eq!(rate.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), LINES as u64);
    assert_eq!(
        (&found["rate"]["step_seconds"], &found["rate"]["start"]),
        (&2.into(), &"2026-11-21T03:00:00.000000Z".into())
    );
}

#[test]
fn figures_are_those_of_the_plain_way() {
    let (folder, truth) = (Folder::new(), Truth::new());
    let text = truth.text();
    let file = folder.write("api.log", &text);
    let found = json(&folder, &[&file]);
    hold(&found, &truth);
    let slowest = found["slowest"].as_array().unwrap();
    let mut all: Vec<f64> = truth.durations.values().flatten().copied().collect();
    all.sort_by(|one, other| other.total_cmp(one));
    let told: Vec<_> = slowest.iter().map(|slow| slow["duration_ms"].as_f64().unwrap()).collect();
    assert_eq!(told, all[..40]);
    assert!(slowest.iter().all(|slow| {
        let id = format!("\"request_id\":\"{}\"", slow["request_id"].as_str().unwrap());
        let line = truth.lines.iter().find(|line| line.contains(&id)).unwrap();
        line.contains(slow["timestamp"].as_str().unwrap()) && line.contains(slow["route"].as_str().unwrap())
    }));
}

/// Lines are counted in one pass where everything is wanted, and read in full where a filter has to see them.
#[test]
fn every_way_to_read_them_comes_to_the_same() {
    let (folder, truth) = (Folder::new(), Truth::new());
    let text = truth.text();
    folder.write("api.log", &text);
    let whole = json(&folder, &["api.log"]);
    let alike = |other: &Value| {
        for name in ["by_level", "by_status", "groups", "slowest", "users", "rate", "first", "last"] {
            assert_eq!(other[name], whole[name], "{name}");
        }
    };
    alike(&json(&folder, &["api.log", "--since", "2026-11-21"]));
    alike(&json(&folder, &["api.log", "--redact"]));
    let middle = truth.lines[..LINES / 3].concat().len();
    folder.write("one.log", &text[..middle]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&text.as_bytes()[middle..]).unwrap();
    folder.write("two.log.1.gz", packed.finish().unwrap());
    alike(&json(&folder, &["one.log", "two.log.1.gz"]));
    // Another logger's words for the same.
    let pino = text.replace("\"timestamp\"", "\"time\"").replace("\"duration_ms\"", "\"responseTime\"");
    folder.write("pino.log", pino.replace("\"status\":", "\"statusCode\":").replace("{\"statusCode\"", "{\"status\""));
    alike(&json(&folder, &["pino.log"]));
}

#[test]
fn any_field_groups_lines() {
    let (folder, truth) = (Folder::new(), Truth::new());
    folder.write("api.log", truth.text());
    let found = json(&folder, &["api.log", "--by", "status,route"]);
    let groups = found["groups"].as_array().unwrap();
    let of = |status: &str, route: &str| {
        let is_it = |group: &&Value| group["values"] == serde_json::json!({ "status": status, "route": route });
        groups.iter().find(is_it).unwrap_or_else(|| panic!("{status} {route}"))
    };
    let login = truth.errors["/login"];
    let group = of("503", "/login");
    assert_eq!(
        (&group["count"], &group["errors"], &group["duration_ms"]["count"]),
        (&login.into(), &login.into(), &login.into())
    );
    // Lines that are no requests count too, and have no durations.
    let debug = of("", "/vms");
    assert_eq!((&debug["count"], &debug["duration_ms"]), (&truth.levels["DEBUG"].into(), &Value::Null));
    assert_eq!(groups.iter().map(|group| group["count"].as_u64().unwrap()).sum::<u64>(), LINES as u64);
    let nested = json(&folder, &["api.log", "--by", "bytes.status"]);
    assert_eq!(nested["groups"][0]["values"]["bytes.status"], "500");
    assert_eq!(nested["without_group"], LINES as u64 - truth.levels["DEBUG"]);
}
