//! URLs, queries, forms and cookies.

use super::Row;

/// URLs.
#[rustfmt::skip]
pub(super) const URLS: &[Row] = &[
    "https://«bob:hunter2»@example.org/a",
    "https://«hunter2»@example.org",
    "https://«bob:»@example.org/",
    "https://«:hunter2»@example.org/",
    "https://«bob:p@ss:hunter2»@example.org/x@2.png",
    "https://«bob:p/w?d#hunter2»@example.org/",
    "postgres://«bob:hunter2»@db:5432/app",
    "//«bob:hunter2»@example.org/",
    "https://h/a?token=«hunter2»",
    "https://h/a?TOKEN=«hunter2»",
    "https://h/a?Api_Key=«hunter2»&b=1",
    "https://h/a?b=1;token=«hunter2»",
    "https://h/a?b=1?token=«hunter2»",
    "https://h/a#token=«hunter2»",
    "https://h/cb#access_token=«hunter2»&token_type=bearer",
    "https://h/#/route?token=«hunter2»",
    "https://h/a?passw%6Frd=«hunter2»",
    "https://h/a?passw%256frd=«hunter2»",
    "https://h/a?token%5B%5D=«hunter2»",
    "https://h/a?user[password]=«hunter2»",
    "https://h/a?token=«hunter2:tail»&b=1",
    "https://h/a?token=«hunter2)tail»&b=1",
    "https://h/a?token=«hunter2=tail==»&b=1",
    "https://h/a?token=«hunter2/tail»&b=1",
    "https://h/a?token=«hunter2;tail»&b=1",
    "https://h/a?token=«hunter2%26tail»&b=1",
    "https://h/cb?code=«hunter2»&state=xyz",
    "https://h/a?key=«hunter2»",
    "https://h/a?sig=«hunter2»&se=2026&sr=b",
    "https://h/a?X-Amz-Credential=«hunter2»&X-Amz-Signature=«hunter3»&X-Amz-Date=2026",
    "https://h/a?x-amz-security-token=«hunter2»",
    "https://h/a?AWSAccessKeyId=«hunter2»&Signature=«hunter3»&Expires=17",
    "https://h/a?X-Goog-Signature=«hunter2»&X-Goog-Credential=«hunter3»",
    "https://h/a?Policy=«hunter2»&Key-Pair-Id=K2",
    "https://h/a;jsessionid=«hunter2»",
    "https://h/a;jsessionid=«hunter2»/b;v=1",
    "https://h/a;JSESSIONID=«hunter2»?x=1",
    "https://h/a?redirect_uri=https%3A%2F%2Fh%2Fcb%3Ftoken%3D«hunter2»%26b%3D2&x=1",
    "https://h/a?u=https%253A%252F%252Fh%253Ftoken%253D«hunter2»%2526b%253D1&x=1",
    "https://h/a?u=https://«bob:hunter2»@h/p&x=1",
    "https://h/a?u=https%3A%2F%2F«bob%3Ahunter2»%40h%2Fp&x=1",
    "https://h/reset/«8f14e45fceea167a»",
    "https://h/reset-password/«8f14e45fceea167a»/confirm",
    "https://h/password/reset/«8f14e45fceea167a»?x=1",
    "https://h/verify/«8f14e45fceea167a5a36dedd4bea2543»",
    "https://h/verify-email/«AbCdEfGh12»",
    "https://h/invite/«8f14e45fceea167a»",
    "https://h/magic-link/«8f14e45fceea167a»",
    "https://h/activate/«6f1c9c1e-8b57-4c4a-9d0e-1c2d3e4f5a6b»",
    "https://h/api/token/«8f14e45fceea167a»",
    "https://h/unsubscribe/«8f14e45fceea167a»",
    "/verify/«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln»/x",
    "https://api.telegram.org/bot110201543:«AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw»/getMe",
    "https://h/bot/«xoxb-123456789012-abcdefghij»/send",
    "https://hooks.slack.com/services/«T0/B0/abc»",
    "https://h/a?q=«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln»&x=1",
    "https://h/a?q=«ghp_0123456789abcdefghij»",
    "https://h/a?card=«4111-1111-1111-1111»&order=1234567812345678",
    "https://h/a?f=x&amp;token=«hunter2»&amp;b=1",
    "https://h/a?%74oken=«hunter2»",
    "https://h/a?to%6ben=«hunter2»",
    "https://h/a?a=1&&token=«hunter2»",
    "https://h/a?&token=«hunter2»",
    "/a/b?token=«hunter2»",
    "?token=«hunter2»",
    "token=«hunter2»",
    "wss://h/ws?access_token=«hunter2»",
];

#[rustfmt::skip]
pub(super) const URLS_KEPT: &[Row] = &[
    "https://example.org/a?b=1#c",
    "https://h/a?max_tokens=100&sort=token:asc&scope=session:read",
    "https://h/a?sort_key=name&country_code=de&page=2",
    "https://h/vms/6f1c9c1e-8b57-4c4a-9d0e-1c2d3e4f5a6b",
    "https://h/api/v1/vms/8f14e45f",
    "https://h/reset/password",
    "https://h/verify/step2",
    "https://h/oauth/token",
    "https://h/auth/login?next=/home",
    "https://h/orders/1234567812345678",
    "http://h:8080/a@2x.png",
    "http://[::1]:8080/a@2x.png",
    "mailto:bob@example.org",
    "https://h/caf%C3%A9/%2e%2e?x=%20+y",
    "https://h/a?token",
    "/",
];

/// Queries and forms: the rows of both.
#[rustfmt::skip]
pub(super) const QUERIES: &[Row] = &[
    "password=«hunter2»",
    "user=bob&password=«hunter2»&a=1",
    "PASSWORD=«hunter2»&a=1",
    "passw%6Frd=«hunter2»",
    "%70assword=«hunter2»",
    "passw%256Frd=«hunter2»",
    "api+key=«hunter2»&api%20key=«hunter3»",
    "user%5Bpassword%5D=«hunter2»",
    "user[password]=«hunter2»&user[pin]=«hunter3»",
    "token[]=«hunter2»&token[0]=«hunter3»",
    "user.password=«hunter2»",
    "grant_type=authorization_code&code=«hunter2»&client_secret=«hunter3»&redirect_uri=https%3A%2F%2Fh",
    "grant_type=refresh_token&refresh_token=«hunter2»",
    "client_assertion=«hunter2»&code_verifier=«hunter3»",
    "a=1;password=«hunter2»",
    "password=«hunter2;tail»&b=2",
    "password=«hunter2%26b%3D1»&b=2",
    "password=«a+b%20hunter2»&b=2",
    "password=«hunter2=»&b=2",
    "u=https%3A%2F%2Fh%3Ftoken%3D«hunter2»%26b%3D1&x=1",
    "SAMLResponse=«hunter2»&RelayState=x",
    "sessionid=«hunter2»&csrfmiddlewaretoken=«hunter3»",
    "authenticity_token=«hunter2»&commit=Save",
    "pin=«12345678»&amount=5",
    "cc_number=«4111111111111111»&order=1234567812345678",
    "q=«ghp_0123456789abcdefghij»&x=1",
    "otp=«123456»&mfa_code=«654321»",
    "key=«hunter2»&page=1",
    "max_tokens=100&tokens=«hunter2»",
];

#[rustfmt::skip]
pub(super) const QUERIES_KEPT: &[Row] = &[
    "a=1&b=2&a=3",
    "b=%20+x&ü=%C3%BC&%zz=%",
    "max_tokens=100&page=2",
    "sort_key=name&country_code=de",
    "state=xyz&scope=openid+profile",
    "=&&a",
    "",
];

/// Forms that hide more than pairs.
#[rustfmt::skip]
pub(super) const FORM_PAIRS: &[(Row, &str)] = &[
    ("payload=%7B%22password%22%3A%22«hunter2»%22%7D&x=1", "payload=%7B%22password%22%3A[REDACTED]&x=1"),
    ("raw=Cookie%3A+«hunter2»&x=1", "raw=[REDACTED]&x=1"),
    ("{\"password\":\"«hunter2»\"}", "{\"password\":\"[REDACTED]\"}"),
    ("<password>«hunter2»</password>", "<password>[REDACTED]</password>"),
    ("a=%3Cpassword%3E«hunter2»%3C/password%3E&x=1", "a=[REDACTED]&x=1"),
    ("cs=Server%3Dh%3BPassword%3D«hunter2»%3BDatabase%3Dd&x=1", "cs=Server%3Dh%3BPassword%3D[REDACTED]&x=1"),
];

#[rustfmt::skip]
pub(super) const COOKIES: &[Row] = &[
    "sid=«hunter2»",
    "a=«hunter2»; b=«hunter3»",
    "a=«hunter2=tail==»; b=«hunter3»",
    "Path=«hunter2»; Secure=«hunter3»",
    "«hunter2»; a=«hunter3»",
    "theme=«darkmode»",
    "a=«\"hunter2 quoted\"»; b=«hunter3»",
];

#[rustfmt::skip]
pub(super) const SET_COOKIES: &[Row] = &[
    "sid=«hunter2»; Path=/; HttpOnly; Secure; SameSite=Lax",
    "Path=«hunter2»; Path=/app",
    "sid=«hunter2»; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=60; Domain=example.org",
    "sid=«hunter2»; note=«hunter3»; Partitioned; Priority=High",
    "sid=«hunter2»",
    "«hunter2»; Path=/",
];
