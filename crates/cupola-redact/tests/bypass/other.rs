//! Headers, multipart bodies, records and streams of them.

use super::Row;

#[rustfmt::skip]
pub(super) const HEADERS: &[Row] = &[
    "Authorization: Bearer «hunter2»",
    "authorization: basic «hunter2»",
    "Authorization: «hunter2»",
    "Authorization: «Custom hunter2»",
    "Authorization: «Token token=hunter2»",
    "Authorization:Bearer «hunter2»",
    "Proxy-Authorization: Basic «hunter2»",
    "Cookie: a=«hunter2»; b=«hunter3»",
    "Set-Cookie: sid=«hunter2»; Path=/; HttpOnly",
    "X-Api-Key: «hunter2»",
    "Api-Key: «hunter2»",
    "X-Auth-Token: «hunter2»",
    "X-CSRF-Token: «hunter2»",
    "X-XSRF-TOKEN: «hunter2»",
    "X-Vault-Token: «hunter2»",
    "PRIVATE-TOKEN: «hunter2»",
    "X-Amz-Security-Token: «hunter2»",
    "Ocp-Apim-Subscription-Key: «hunter2»",
    "X-Functions-Key: «hunter2»",
    "X-Goog-Api-Key: «hunter2»",
    "X-Company-Internal: «hunter2»",
    "Referer: https://h/a?token=«hunter2»",
    "Referer: https://«bob:hunter2»@h/",
    "Location: /cb?code=«hunter2»&state=1",
    "Location: https://h/#access_token=«hunter2»",
    "Content-Location: /x?sig=«hunter2»",
    "Link: <https://h/?token=«hunter2»>; rel=\"next\"",
    "X-Original-Url: /a?password=«hunter2»",
    "X-Forwarded-Uri: /a?password=«hunter2»",
    "Refresh: 5; url=https://h/?token=«hunter2»",
    "User-Agent: x «eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.»",
    "Via: 1.1 «ghp_0123456789abcdefghijABCDEFGHIJ012345»",
    "Origin: https://«bob:hunter2»@h",
    "> Authorization: Bearer «hunter2»",
    "< set-cookie: a=«hunter2»; Path=/",
    "GET /a?token=«hunter2»&b=1 HTTP/1.1",
    "POST https://«bob:hunter2»@h/ HTTP/2",
    ":path: /a?token=«hunter2»",
    "Authorization: Bearer «hunter2»\r\nHost: h\r\n\r\n",
    "Cookie: a=«hunter2»\r\n b=«hunter3»\r\nHost: h",
    "Host: «bob:hunter2»@example.org",
    ":authority: «bob:hunter2»@example.org",
    "X-Forwarded-Host: «hunter2»@example.org",
    "Sec-WebSocket-Protocol: «hunter2»",
    "X-Forwarded-Client-Cert: «hunter2»",
    "Authentication-Info: «hunter2»",
];

#[rustfmt::skip]
pub(super) const HEADERS_KEPT: &[Row] = &[
    "Host: example.org",
    "Accept: */*",
    "Content-Type: application/json; charset=utf-8",
    "Content-Length: 12",
    "User-Agent: curl/8.5.0",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "X-Request-Id: 01a1fc8b-0719-79ca-a8d8-0ff831a7272b",
    "ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"",
    "x-ratelimit-remaining-tokens: 1500",
    "anthropic-ratelimit-tokens-remaining: 1500",
    "Idempotency-Key: k-123",
    "WWW-Authenticate: Bearer realm=\"x\", error=\"invalid_token\"",
    "GET /a?b=1 HTTP/1.1",
    "HTTP/1.1 200 OK",
    ":status: 200",
    "",
];

#[rustfmt::skip]
pub(super) const MULTIPART: &[Row] = &[
    "--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=password\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\ncontent-disposition: FORM-DATA; NAME=\"password\"\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\nContent-Disposition: form-data; name=\"password\"\n\n«hunter2»\n--B--\n",
    "--B\r\nContent-Disposition: form-data; name=\"user[password]\"\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"pass%77ord\"\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name*=UTF-8''pass%77ord\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data;\r\n name=\"password\"\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"a\"; name=\"password\"\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n«hunter2\r\nsecond line\r\n--BX\r\n»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nbob\r\n--B\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n«12345678»\r\n--B--",
    "--B\r\nContent-Disposition: form-data; name=\"j\"\r\nContent-Type: application/json\r\n\r\n{\"password\":\"«hunter2»\"}\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"j\"\r\n\r\n{\"password\":\"«hunter2»\"}\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\na=1&password=«hunter2»\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nuse «ghp_0123456789abcdefghijABCDEFGHIJ012345» now\r\n--B--\r\n",
    "--B\r\nAuthorization: Bearer «hunter2»\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n",
    "--B\r\nX-Custom: «hunter2»\r\n\r\nx\r\n--B--\r\n",
];

#[rustfmt::skip]
pub(super) const MULTIPART_PAIRS: &[(Row, &str)] = &[
    (
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n«hunter2»\r\n--B--\r\n",
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n[file 7 bytes]\r\n--B--\r\n",
    ),
    (
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n«aHVudGVyMg==»\r\n--B--\r\n",
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n[file 12 bytes]\r\n--B--\r\n",
    ),
    (
        "--B\r\nContent-Type: image/png\r\n\r\n«hunter2»\r\n--B--\r\n",
        "--B\r\nContent-Type: image/png\r\n\r\n[file 7 bytes]\r\n--B--\r\n",
    ),
    // Another boundary, or none: nothing of it can be read.
    (
        "--C\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n«hunter2»\r\n--C--\r\n",
        "[multipart 72 bytes]",
    ),
    ("«hunter2» without any boundary", "[multipart 28 bytes]"),
];

#[rustfmt::skip]
pub(super) const MULTIPART_KEPT: &[Row] = &[
    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nbob\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nline one\r\nline two\r\n\r\n--B--\r\n",
    "--B\r\nContent-Disposition: form-data; name=\"max_tokens\"\r\n\r\n512\r\n--B--\r\n",
    "--B\r\nContent-Type: application/json\r\n\r\n{\"n\": 0.10}\r\n--B\r\n\r\nx\r\n--B--\r\n",
];

#[rustfmt::skip]
pub(super) const NDJSON: &[Row] = &[
    "{\"token\":\"«hunter2»\"}\n{\"a\":1}\n",
    "{\"a\":\"x\n{\"token\":\"«hunter2»\"}\n",
    "{\"a\":[1,\n{\"token\":\"«hunter2»\"}\n",
    "oops password=«hunter2»\n{\"token\":\"«hunter3»\"}\n",
    "{\"token\":\"«hunter2»\"}\r\n{\"token\":\"«hunter3»\"}\r\n",
    "\u{1E}{\"token\":\"«hunter2»\"}\n\u{1E}{\"a\":1}\n",
    "{\"log\":\"password=«hunter2» x\"}\n",
    "{\"message\":\"{\\\"token\\\":\\\"«hunter2»\\\"}\"}\n",
    "2026-11-26 INFO {\"token\":\"«hunter2»\"}\n{\"a\":1}\n",
];

#[rustfmt::skip]
pub(super) const EVENTS: &[Row] = &[
    "data: {\"token\":\"«hunter2»\"}\n\ndata: [DONE]\n\n",
    "event: x\nid: 1\ndata: {\"a\":1,\ndata: \"token\":\"«hunter2»\"}\n\n",
    "data: {\"password\":\ndata: \"«hunter2»\"}\n\n",
    "data: {\"a\":\"x\n\ndata: {\"token\":\"«hunter2»\"}\n\n",
    ": password=«hunter2»\n\ndata: 1\n\n",
    "data: token=«hunter2»\n\n",
    "data:{\"token\":\"«hunter2»\"}\r\n\r\n",
    "id: «ghp_0123456789abcdefghijABCDEFGHIJ012345»\ndata: x\n\n",
    "retry: 10\nevent: password=«hunter2»\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":{\"total_tokens\":5},\"api_key\":\"«hunter2»\"}\n\n",
];
