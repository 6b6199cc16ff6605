//! Headers, URLs, queries, cookies and free text: each row is a trick that has leaked somewhere.

use cupola_redact::{KeyPolicy, MaskedParts};

#[test]
fn queries() {
    let policy = KeyPolicy::default();
    for (query, expected) in [
        ("", ""),
        ("limit=10&token=abc", "limit=10&token=[REDACTED]"),
        ("token=", "token=[REDACTED]"),
        ("token", "token"),
        ("a=1&b=2", "a=1&b=2"),
        ("a=1;token=abc&b=2", "a=1;token=[REDACTED]&b=2"),
        ("password=ab;cd&b=2", "password=[REDACTED]&b=2"),
        ("password=a=b=c&d=1", "password=[REDACTED]&d=1"),
        ("a=1?token=abc", "a=1?token=[REDACTED]"),
        ("a=1#token=abc", "a=1#token=[REDACTED]"),
        ("passw%6Frd=abc", "passw%6Frd=[REDACTED]"),
        ("passw%256frd=abc", "passw%256frd=[REDACTED]"),
        ("PASSWORD=abc", "PASSWORD=[REDACTED]"),
        ("api+key=abc", "api+key=[REDACTED]"),
        ("token[]=abc&token[0]=def", "token[]=[REDACTED]&token[0]=[REDACTED]"),
        ("user%5Bpassword%5D=abc", "user%5Bpassword%5D=[REDACTED]"),
        ("code=abc&state=xyz", "code=[REDACTED]&state=xyz"),
        ("sort_key=name&country_code=de&key=abc", "sort_key=name&country_code=de&key=[REDACTED]"),
        ("max_tokens=100&tokens=abc", "max_tokens=100&tokens=[REDACTED]"),
        ("token=a:b)c", "token=[REDACTED]"),
        ("sort=token:asc&scope=session:read", "sort=token:asc&scope=session:read"),
        ("filter=password:abc&x=1", "filter=password:[REDACTED]&x=1"),
        (
            "redirect_uri=https%3A%2F%2Fh%2Fcb%3Fa%3D1%26token%3Dabc%26b%3D2&x=1",
            "redirect_uri=https%3A%2F%2Fh%2Fcb%3Fa%3D1%26token%3D[REDACTED]%26b%3D2&x=1",
        ),
        ("u=https%3A%2F%2Fbob%3Apw%40h%2Fp&x=1", "u=https%3A%2F%2F[REDACTED]%40h%2Fp&x=1"),
        ("u=https://bob:pw@h/p&x=1", "u=https://[REDACTED]@h/p&x=1"),
        (
            "a=https%253A%252F%252Fh%253Ftoken%253Dabc%2526b%253D1&x=1",
            "a=https%253A%252F%252Fh%253Ftoken%253D[REDACTED]%2526b%253D1&x=1",
        ),
        ("password=a%26b&x=1", "password=[REDACTED]&x=1"),
        ("f=%7B%22password%22%3A%22abc%22%7D&x=1", "f=%7B%22password%22%3A[REDACTED]&x=1"),
        (
            "X-Amz-Credential=AKIA&X-Amz-Signature=0a1b&X-Amz-Date=2026",
            "X-Amz-Credential=[REDACTED]&X-Amz-Signature=[REDACTED]&X-Amz-Date=2026",
        ),
        ("Policy=e30&Key-Pair-Id=K2", "Policy=[REDACTED]&Key-Pair-Id=K2"),
        ("q=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig&x=1", "q=[REDACTED]&x=1"),
        ("q=ghp_0123456789abcdefghij", "q=[REDACTED]"),
        ("card=4111-1111-1111-1111&order=1234567812345678", "card=[REDACTED]&order=1234567812345678"),
        ("%", "%"),
        ("%zz=%&ü=%C3%BC", "%zz=%&ü=%C3%BC"),
        ("b=2&a=1&b=3&a=%20+x", "b=2&a=1&b=3&a=%20+x"),
    ] {
        assert_eq!(policy.query(query), expected, "{query}");
        assert_eq!(policy.query(expected), expected, "again: {expected}");
    }
}

#[test]
fn paths() {
    let policy = KeyPolicy::default();
    for (path, expected) in [
        ("/api/v1/vms/8f14e45f", "/api/v1/vms/8f14e45f"),
        ("/vms/6f1c9c1e-8b57-4c4a-9d0e-1c2d3e4f5a6b", "/vms/6f1c9c1e-8b57-4c4a-9d0e-1c2d3e4f5a6b"),
        ("/a;jsessionid=ab12/b;v=1", "/a;jsessionid=[REDACTED]/b;v=1"),
        ("/a;JSESSIONID=ab12?x=1", "/a;JSESSIONID=[REDACTED]"),
        ("/a%3Bjsessionid%3Dab12/b", "/a%3Bjsessionid%3D[REDACTED]/b"),
        ("/verify/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/x", "/verify/[REDACTED]/x"),
        ("/bot/xoxb-123456789012-abc/send", "/bot/[REDACTED]/send"),
        ("/a?token=abc", "/a?token=[REDACTED]"),
        ("/orders/1234567812345678", "/orders/1234567812345678"),
        ("/caf%C3%A9/%2e%2e", "/caf%C3%A9/%2e%2e"),
        ("", ""),
    ] {
        let expected = if path.contains("?x=1") { "/a;JSESSIONID=[REDACTED]" } else { expected };
        assert_eq!(policy.path(path), expected, "{path}");
    }
}

#[test]
fn urls() {
    let policy = KeyPolicy::default();
    for (url, expected) in [
        ("https://example.org/a?b=1#c", "https://example.org/a?b=1#c"),
        ("https://bob:pw@example.org:8080/a", "https://[REDACTED]@example.org:8080/a"),
        ("https://token@example.org", "https://[REDACTED]@example.org"),
        ("https://a@b:c@example.org/x@2.png", "https://[REDACTED]@example.org/x@2.png"),
        ("http://h:8080/a@2x.png", "http://h:8080/a@2x.png"),
        ("http://[::1]:8080/a@2x.png", "http://[::1]:8080/a@2x.png"),
        ("postgres://bob:p/w?d#x@db:5432/app", "postgres://[REDACTED]@db:5432/app"),
        ("https://u:p@ss/w@db/app", "https://[REDACTED]@db/app"),
        ("//bob:pw@example.org/", "//[REDACTED]@example.org/"),
        ("https://h/cb#access_token=abc&token_type=bearer", "https://h/cb#access_token=[REDACTED]&token_type=bearer"),
        ("https://h/#/route?token=abc", "https://h/#/route?token=[REDACTED]"),
        ("https://h/a?b=1&token=x#token=y", "https://h/a?b=1&token=[REDACTED]#token=[REDACTED]"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/[REDACTED]"),
        ("/a/b?token=abc", "/a/b?token=[REDACTED]"),
        ("mailto:bob@example.org", "mailto:bob@example.org"),
    ] {
        assert_eq!(policy.url(url), expected, "{url}");
        assert_eq!(policy.url(expected), expected, "again: {expected}");
    }
}

#[test]
fn headers() {
    let policy = KeyPolicy::builder().allow_header("X-Tenant").build().unwrap();
    for (name, value, expected) in [
        ("Content-Type", "application/json", "application/json"),
        ("user-agent", "curl/8.5.0", "curl/8.5.0"),
        ("User-Agent", "x eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "x [REDACTED]"),
        ("X-Company-Secret-Thing", "abc", "[REDACTED]"),
        ("x-unknown", "abc", "[REDACTED]"),
        ("x-tenant", "acme", "acme"),
        ("Authorization", "Bearer abc", "Bearer [REDACTED]"),
        ("authorization", "basic\tabc", "basic [REDACTED]"),
        ("authorization", "Custom abc", "[REDACTED]"),
        ("authorization", "abcdef", "[REDACTED]"),
        ("authorization", "Bearer", "[REDACTED]"),
        ("proxy-authorization", "Digest username=x", "Digest [REDACTED]"),
        ("Cookie", "sid=1; theme=dark", "sid=[REDACTED]; theme=[REDACTED]"),
        ("Set-Cookie", "sid=1; Path=/; HttpOnly", "sid=[REDACTED]; Path=/; HttpOnly"),
        ("Referer", "https://h/a?token=abc", "https://h/a?token=[REDACTED]"),
        ("Location", "/cb?code=abc&state=1", "/cb?code=[REDACTED]&state=1"),
        ("Link", "<https://h/?token=abc>; rel=\"next\", </b>", "<https://h/?token=[REDACTED]>; rel=\"next\", </b>"),
        ("Link", "<https://h/?token=abc", "<https://h/?token=[REDACTED]"),
        ("x-ratelimit-remaining-tokens", "1500", "1500"),
        (
            "WWW-Authenticate",
            "Bearer realm=\"x\", error=\"invalid_token\"",
            "Bearer realm=\"x\", error=\"invalid_token\"",
        ),
        ("www-authenticate", "Basic realm=\"x\"", "Basic realm=\"x\""),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("etag", "\"33a64df551425fcc55e4d42a148795d9f25f89d4\"", "\"33a64df551425fcc55e4d42a148795d9f25f89d4\""),
    ] {
        assert_eq!(policy.header(name, value.as_bytes()), expected, "{name}: {value}");
    }
    assert_eq!(policy.header("accept", b"a\xFFb"), "a\u{FFFD}b");
}

#[test]
fn value_patterns_in_text() {
    let policy = KeyPolicy::default();
    for (text, expected) in [
        ("plain words, 12:30:01 - nothing here", "plain words, 12:30:01 - nothing here"),
        ("got Bearer abc123.def~x= here", "got Bearer [REDACTED] here"),
        ("got bearer  dXNlcjpwYXNz, next", "got bearer  [REDACTED], next"),
        ("Basic authentication is on, bearer tokens are off", "Basic authentication is on, bearer tokens are off"),
        ("a AKIAIOSFODNN7EXAMPLE b", "a [REDACTED] b"),
        ("github_pat_11AAAAAAA0abcdefghij", "[REDACTED]"),
        ("glpat-abcdefghij0123456789", "[REDACTED]"),
        ("sk_live_abcdefgh12345678", "[REDACTED]"),
        ("sk-proj-abcdefgh12345678 sk-ant-api03-abcdefgh", "[REDACTED] [REDACTED]"),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "[REDACTED]"),
        ("npm_config_registry npm_abcdefghijklmnopqrstuvwxyz0123456789", "npm_config_registry [REDACTED]"),
        ("SG.abcdefghijklmnop.qrstuvwxyz", "[REDACTED]"),
        (
            "disk-usage task-abcdefghijklmnopqrstuvwxyz0123456789",
            "disk-usage task-abcdefghijklmnopqrstuvwxyz0123456789",
        ),
        ("cursor eyJpZCI6MTB9 next", "cursor eyJpZCI6MTB9 next"),
        ("jwe eyJhbGciOiJSU0EtT0FFUCJ9.OKOawDo13gRp2.x.y.z", "jwe [REDACTED]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", "[REDACTED]\nrest"),
        ("-----BEGIN PRIVATE KEY-----\nabc", "[REDACTED]"),
        (
            "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
        ),
        ("could not reach redis://:pw@cache:6379/0", "could not reach redis://[REDACTED]@cache:6379/0"),
        ("card 4111 1111 1111 1111 ok", "card [REDACTED] ok"),
        ("amex 378282246310005.", "amex [REDACTED]."),
        ("order 4111111111111112 id 41111111111111111111", "order 4111111111111112 id 41111111111111111111"),
        ("6f1c9c1e-8b57-4c4a-9d0e-411111111111", "6f1c9c1e-8b57-4c4a-9d0e-411111111111"),
        ("sha 4b825dc642cb6eb9a060e54bf8d69288fbee4904", "sha 4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
    ] {
        assert_eq!(policy.text(text), expected, "{text}");
    }
}

#[test]
fn names_in_text() {
    let policy = KeyPolicy::default();
    for (text, expected) in [
        ("password=hunter2 user=bob", "password=[REDACTED] user=bob"),
        ("user=bob password=hunter2", "user=bob password=[REDACTED]"),
        ("password = 'a b' x", "password = '[REDACTED]' x"),
        ("password=\"a\\\"b\" x=1", "password=\"[REDACTED]\" x=1"),
        ("password=\"a\\\\\" x=1", "password=\"[REDACTED]\" x=1"),
        ("Password: hunter 2\nuser: bob", "Password: [REDACTED]\nuser: bob"),
        ("Authorization: Custom abc def\r\nHost: h", "Authorization: [REDACTED]\r\nHost: h"),
        ("API key: abc", "API key: [REDACTED]"),
        ("authorization=Bearer abcdef next", "authorization=[REDACTED] next"),
        ("Server=h;Password=a b;Database=d", "Server=h;Password=[REDACTED];Database=d"),
        (
            "DefaultEndpointsProtocol=https;AccountKey=ab+/==;E=x",
            "DefaultEndpointsProtocol=https;AccountKey=[REDACTED];E=x",
        ),
        ("GET /cb?code=abc&state=1 HTTP/1.1", "GET /cb?code=[REDACTED]&state=1 HTTP/1.1"),
        ("<user><password>a&amp;b</password><n>1</n></user>", "<user><password>[REDACTED]</password><n>1</n></user>"),
        ("<password><![CDATA[abc]]></password>", "<password><[REDACTED]"),
        ("<password></password><n>1</n>", "<password></password><n>1</n>"),
        ("<db user=\"x\" password=\"abc\"/>", "<db user=\"x\" password=\"[REDACTED]\"/>"),
        ("Login { user: \"bob\", password: \"abc\" }", "Login { user: \"bob\", password: \"[REDACTED]\" }"),
        ("{:password=>\"abc\", \"token\" => \"def\"}", "{:password=>\"[REDACTED]\", \"token\" => \"[REDACTED]\"}"),
        ("max_tokens=100, total tokens: 53", "max_tokens=100, total tokens: 53"),
        ("tokens: abc", "tokens: [REDACTED]"),
        ("password:\n  hunter2\nuser: bob", "password:\n  [REDACTED]\nuser: bob"),
        ("password: |\n  hunter2", "password: [REDACTED]"),
        ("password=[REDACTED] user=bob", "password=[REDACTED] user=bob"),
        ("auth={\"a\":1} x", "auth=[REDACTED]"),
        ("login(password: \"abc\", user: \"bob\")", "login(password: \"[REDACTED]\", user: \"bob\")"),
        ("pass\\u0077ord: x", "pass\\u0077ord: [REDACTED]"),
        ("author=bob key=1 code=7", "author=bob key=1 code=7"),
        ("password=", "password="),
        ("password=\nuser=bob", "password=\nuser=bob"),
    ] {
        assert_eq!(policy.text(text), expected, "{text}");
    }
}

#[test]
fn parts_keep_their_places() {
    let policy = KeyPolicy::default();
    assert!(MaskedParts::default().is_empty());
    let mut parts = MaskedParts::builder();
    parts.push_path(&policy, "/a");
    parts.push_empty();
    parts.push_query(&policy, "token=abc");
    parts.push_text(&policy, "ü".repeat(10).as_bytes(), 5);
    parts.push_text(&policy, b"a\xFFb", 10);
    parts.push_text(&policy, b"x ghp_0123456789abcdefghij", 5);
    let parts = parts.build();
    assert_eq!(parts.len(), 6);
    let all: Vec<&str> = (0..7).map(|index| parts.get(index)).collect();
    assert_eq!(all, ["/a", "", "token=[REDACTED]", "üü", "a\u{FFFD}b", "x [RE", ""]);
}

#[test]
fn an_authority_loses_its_userinfo() {
    for (authority, host) in [("bob:hunter2@example.org:80", "example.org:80"), ("a@b@[::1]", "[::1]"), ("h", "h")] {
        let mut parts = MaskedParts::builder();
        parts.push_authority(&KeyPolicy::default(), authority.as_bytes(), 256);
        assert_eq!(parts.build().get(0), host);
    }
}

#[test]
fn parts_may_be_long() {
    let mut parts = MaskedParts::builder();
    parts.push_path(&KeyPolicy::default(), &"/a".repeat(1000));
    parts.push_text(&KeyPolicy::default(), b"b", 10);
    let parts = parts.build();
    assert_eq!((parts.get(0).len(), parts.get(1)), (2000, "b"));
}

/// Each text makes some search begin anew at every other byte; none may read on to the end each time.
#[test]
fn hostile_texts_take_linear_time() {
    let policy = KeyPolicy::default();
    for (piece, end) in [
        ("eyJ", ""),
        ("://", " @"),
        ("://:x", " @"),
        ("bearer+", "=\""),
        ("sk-", ""),
        ("ghp_", ""),
        ("4111 ", ""),
        ("4111111111111111 ", ""),
        ("1-1 ", ""),
        ("-----BEGIN ", ""),
        ("a:", ""),
        ("%25", ""),
        ("a%3D", ""),
        ("&a=", ""),
        ("password:", ""),
        ("<a>", ""),
        ("\\", ""),
        ("a ", "="),
    ] {
        let text = piece.repeat(60_000 / piece.len()) + end;
        _ = (policy.text(&text), policy.query(&text), policy.path(&text), policy.url(&text), policy.cookie(&text));
        assert!(policy.header("user-agent", text.as_bytes()).len() <= text.len() * 4);
    }
}
