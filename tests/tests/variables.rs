//! Variables as people write them: whole `.env` files of each usual style, and what the names that everybody knows do.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use cupola_tests::{Line, Process, Service, metric};

const BINARY: &str = env!("CARGO_BIN_EXE_service");

/// The same settings in each style.
const STYLES: [(&str, &str); 6] = [
    (
        "plain",
        "OTEL_SERVICE_NAME=billing\nLOG_LEVEL=warning\nLOG_FORMAT=json\nLOG_API_CALLS=false\nCUPOLA_SLOW_MS=250\n\
         OTEL_RESOURCE_ATTRIBUTES=team=a%20b,service.version=1.2.3\nCUPOLA_TRUST=peers:10.0.0.0/8,fd00::/8\n",
    ),
    (
        "export",
        "export OTEL_SERVICE_NAME=billing\nexport LOG_LEVEL=WARN\nexport LOG_FORMAT=JSON\nexport LOG_API_CALLS=no\n\
         export CUPOLA_SLOW_MS=250\nexport OTEL_RESOURCE_ATTRIBUTES=team=a%20b,service.version=1.2.3\n\
         export CUPOLA_TRUST=peers:10.0.0.0/8,fd00::/8\n",
    ),
    (
        "double quotes",
        "OTEL_SERVICE_NAME=\"billing\"\nLOG_LEVEL=\"warn\"\nLOG_FORMAT=\"json\"\nLOG_API_CALLS=\"0\"\nCUPOLA_SLOW_MS=\"250\"\n\
         OTEL_RESOURCE_ATTRIBUTES=\"team=a%20b,service.version=1.2.3\"\nCUPOLA_TRUST=\"peers:10.0.0.0/8,fd00::/8\"\n",
    ),
    (
        "single quotes, with space inside",
        "OTEL_SERVICE_NAME='billing'\nLOG_LEVEL=' warn '\nLOG_FORMAT='json'\nLOG_API_CALLS='Off'\nCUPOLA_SLOW_MS=' 250'\n\
         OTEL_RESOURCE_ATTRIBUTES='team=a%20b, service.version=1.2.3'\nCUPOLA_TRUST='peers: 10.0.0.0/8, fd00::/8'\n",
    ),
    (
        "comments, blank lines and empty values",
        "# who speaks\nOTEL_SERVICE_NAME=billing # the service\n\nLOG_LEVEL=warn\nRUST_LOG=\n   # how\nLOG_FORMAT=json\n\
         LOG_API_CALLS=FALSE\nCUPOLA_SLOW_MS=250\nOTEL_EXPORTER_OTLP_ENDPOINT=\nCUPOLA_TIMEOUT_MS=\"\"\n\
         OTEL_RESOURCE_ATTRIBUTES=team=a%20b,service.version=1.2.3\nCUPOLA_TRUST=peers:10.0.0.0/8,fd00::/8\n",
    ),
    (
        "made on Windows",
        "OTEL_SERVICE_NAME=billing\r\nLOG_LEVEL=warn\r\nLOG_FORMAT=json\r\nLOG_API_CALLS=false\r\nCUPOLA_SLOW_MS=250\r\n\
         OTEL_RESOURCE_ATTRIBUTES=team=a%20b,service.version=1.2.3\r\nCUPOLA_TRUST=peers:10.0.0.0/8,fd00::/8\r\n",
    ),
];

#[test]
fn a_whole_file_of_each_style_means_the_same() {
    for (style, text) in STYLES {
        let vars: Vec<(String, String)> = dotenvy::from_read_iter(text.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{style}: {error}"));
        let vars: Vec<(&str, &str)> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let cupola = cupola_tests::builder(&vars).output(std::io::sink()).build();
        let cupola = cupola.unwrap_or_else(|error| panic!("{style}: {error}"));
        assert_eq!(cupola.service(), "billing", "{style}");
        assert_eq!(cupola.levels().directives(), "warn", "{style}");

        // The level would swallow the start line, and with it the address.
        let louder = vars.iter().copied().filter(|(name, _)| *name != "LOG_LEVEL").collect::<Vec<_>>();
        let process = Process::start(BINARY, &louder);
        assert_eq!(process.client().get("/hello/ada", "").status, 200);
        process.terminate();
        let (_, lines) = process.end();
        let first = &lines[0];
        assert_eq!((first.text("message"), first.text("service")), ("cupola is on", "billing"), "{style}");
        assert_eq!(first.text("trust").replace(' ', ""), "peers:10.0.0.0/8,fd00::/8", "{style}");
        let settings = first.text("settings");
        assert!(settings.contains("CUPOLA_SLOW_MS=250") && settings.contains("team=a%20b"), "{style}: {settings}");
        let set =
            settings.split(' ').filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()) && word.contains('='));
        assert_eq!(set.count(), 6, "{style}: what is empty is unset: {settings}");
        assert!(!lines.iter().any(Line::is_access), "{style}");
    }
}

/// Names that are set for others too: nothing is wrong with them. Where this build tells of alerts it says that there is nothing to judge.
#[test]
fn names_that_others_read_are_not_complained_about() {
    let vars = [
        ("SLACK_WEBHOOK_URL", "https://hooks.example.com/x7f3secret"),
        ("SMTP_SERVER", "mail.example.com"),
        ("SMTP_PORT", "587"),
        ("SMTP_USERNAME", "ada"),
        ("SMTP_PASSWORD", "hunter2"),
        ("ALERT_FROM_EMAIL", "a@example.com"),
        ("ALERT_TO_EMAILS", "b@example.com,c@example.com"),
        ("ENABLE_SLACK_ALERTS", "no"),
    ];
    let process = Process::start(BINARY, &vars);
    process.terminate();
    let (status, lines) = process.end();
    assert!(status.success());
    let others = lines.iter().filter(|line| line["message"] != "nobody is alerted");
    assert!(others.clone().all(|line| line["level"] == "INFO"), "{lines:?}");
    assert!(others.count() + 1 >= lines.len(), "{lines:?}");
    assert!(!lines.iter().any(|line| line.to_string().contains("hunter2") || line.to_string().contains("x7f3secret")));
}

#[test]
fn one_of_ours_that_nobody_reads_is_told() {
    let mut process =
        Process::start(BINARY, &[("CUPOLA_SLOW", "250"), ("CUPOLA_HOLD_BACK", "debug"), ("CUPOLA_BUSY_TIME", "no")]);
    let told = process.until(|line| line["message"] == "this variable is set, and nothing reads it");
    process.terminate();
    assert_eq!(told.text("variable"), "CUPOLA_SLOW");
    let (_, lines) = process.end();
    assert_eq!(lines.iter().filter(|line| line["level"] == "WARN").count(), 1, "{lines:?}");
}

async fn ends_with(Path(status): Path<u16>) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

#[test]
fn without_lines_of_requests_failures_and_metrics_stay() {
    let statuses = |vars: &[(&str, &str)]| {
        let service = Service::start(vars, Router::new().route("/{status}", get(ends_with)));
        ["/200", "/404", "/500", "/503"].iter().for_each(|path| drop(service.get(path)));
        let count = metric(&service.metrics(), r#"http_server_request_duration_seconds_count{"#);
        assert!(count >= 1.0);
        let ended = service.stop();
        let access = ended.access();
        assert!(access.iter().all(|line| line.number("status") < 500.0 || line["level"] == "ERROR"));
        access.iter().map(|line| line.number("status") as u16).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&[]), [200, 404, 500, 503]);
    for off in ["false", "False", "0", "no", "NO", "off"] {
        assert_eq!(statuses(&[("LOG_API_CALLS", off), ("CUPOLA_REQUEST_START", "yes")]), [500, 503], "{off}");
    }
    for on in ["true", "1", "Yes", "ON"] {
        assert_eq!(statuses(&[("LOG_API_CALLS", on)]), [200, 404, 500, 503], "{on}");
    }
}

#[test]
fn each_level_says_what_it_says_and_rust_log_has_the_last_word() {
    let speak = || async {
        tracing::error!("error");
        tracing::warn!("warn");
        tracing::info!("info");
        tracing::debug!("debug");
        tracing::trace!("trace");
    };
    let check = |vars: &[(&str, &str)], expected: &[&str]| {
        let vars = [&[("LOG_API_CALLS", "no")], vars].concat();
        let service = Service::start(&vars, Router::new().route("/", get(speak)));
        service.get("/");
        let ended = service.stop();
        let said: Vec<String> = ended
            .lines()
            .iter()
            .filter(|line| line.text("target").starts_with("variables"))
            .map(|line| line.text("message").to_owned())
            .collect();
        assert_eq!(said, expected, "{vars:?}");
    };
    let all = ["error", "warn", "info", "debug", "trace"];
    let levels = [("critical", 1), ("ERROR", 1), ("Warning", 2), ("info", 3), ("DEBUG", 4), ("trace", 5), ("off", 0)];
    check(&[], &all[..3]);
    for (level, number) in levels {
        check(&[("LOG_LEVEL", level)], &all[..number]);
    }
    check(&[("LOG_LEVEL", "error"), ("RUST_LOG", "info,variables=debug")], &all[..4]);
}

#[test]
fn outputs_are_a_set() {
    for (outputs, on_console, in_files) in [
        ("", true, true),
        ("files", false, true),
        ("stdout, Files", true, true),
        ("stdout", true, false),
        ("none", false, false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let vars = [("LOG_DIR", folder.path().to_str().unwrap()), ("CUPOLA_LOG_OUTPUT", outputs)];
        let service = Service::start(&vars, Router::new().route("/{status}", get(ends_with)));
        service.get("/204");
        let console = service.stop().access().len();
        let log = std::fs::read_to_string(folder.path().join("api.log")).unwrap_or_default();
        let filed = log.lines().filter(|line| line.contains(r#""status":204"#)).count();
        assert_eq!((console, filed), (usize::from(on_console), usize::from(in_files)), "{outputs}");
    }
}
