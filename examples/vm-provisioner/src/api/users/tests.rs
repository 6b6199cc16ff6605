//! Who may make whom, and what is kept of a token.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::tests::{ADA, READ_ONLY, ROOT, Service};

async fn post(service: &Service, token: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = service.call(Some(token), Method::POST, path, Some(body)).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn an_admin_makes_users_who_see_only_what_is_theirs() {
    let service = Service::start().await;
    service.made("web", "debian-13").await;
    let (status, made) = post(&service, ROOT, "/api/v1/users", json!({"name": "linus"})).await;
    assert_eq!((status, &made["name"], &made["scope"]), (StatusCode::CREATED, &json!("linus"), &json!("read-write")));
    let token = made["token"].as_str().unwrap();
    assert_eq!(service.get(token, "/api/v1/vms").await.json()["items"], json!([]));

    let (status, problem) = post(&service, ROOT, "/api/v1/users", json!({"name": "linus"})).await;
    assert_eq!((status, &problem["detail"]), (StatusCode::CONFLICT, &json!("another user has this name")));
    let (status, _) = post(&service, ROOT, "/api/v1/users", json!({"name": "7"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, problem) = post(&service, ADA, "/api/v1/users", json!({"name": "mallory"})).await;
    assert_eq!((status, &problem["type"]), (StatusCode::FORBIDDEN, &json!("/problems/forbidden")));
}

#[tokio::test]
async fn a_token_opens_no_more_than_the_one_that_makes_it() {
    let service = Service::start().await;
    let tokens = "/api/v1/tokens";
    let (status, made) = post(&service, ADA, tokens, json!({"scope": "read-only"})).await;
    assert_eq!(status, StatusCode::CREATED);
    let reader = made["token"].as_str().unwrap();
    assert_eq!(service.get(reader, "/api/v1/vms").await.status, StatusCode::OK);
    for (token, scope) in [(reader, "read-only"), (READ_ONLY, "read-only"), (ADA, "admin")] {
        assert_eq!(post(&service, token, tokens, json!({"scope": scope})).await.0, StatusCode::FORBIDDEN, "{scope}");
    }
    assert_eq!(post(&service, ROOT, tokens, json!({"scope": "admin"})).await.0, StatusCode::CREATED);
    assert_eq!(post(&service, ADA, tokens, json!({"scope": "all"})).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_token_is_kept_nowhere() {
    let service = Service::start().await;
    let (_, made) = post(&service, ADA, "/api/v1/tokens", json!({"scope": "read-write"})).await;
    let token = made["token"].as_str().unwrap();
    assert_eq!(token.len(), "vmp_".len() + 64);
    service.store.close().await;
    for entry in std::fs::read_dir(service.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
    }
}
