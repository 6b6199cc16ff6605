//! Who comes in, and as what.

use cupola_store::MetadataFile;
use http::Request;

use super::*;

fn head(heads: &[(&str, &str)]) -> Parts {
    let request = heads.iter().fold(Request::get("/cupola"), |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

fn role(access: &Access, heads: &[(&str, &str)]) -> Option<Role> {
    access.who(&head(heads), 0).map(|visitor| visitor.user.role)
}

/// `name=value` of a cookie that is to be set.
fn pair(set: &str) -> &str {
    set.split(';').next().unwrap()
}

#[test]
fn tokens_have_roles_and_nobody_else_comes_in() {
    let access = Access::default().token("view", Role::Viewer).token("admin", Role::Admin);
    assert_eq!(role(&access, &[("authorization", "Bearer view")]), Some(Role::Viewer));
    assert_eq!(role(&access, &[("authorization", "bearer  admin ")]), Some(Role::Admin));
    for none in ["", "admin", "Bearer", "Bearer ", "Bearer adm", "Bearer admins", "Basic admin"] {
        assert_eq!(role(&access, &[("authorization", none)]), None, "{none}");
    }
    assert_eq!(role(&access, &[]), None);
    assert_eq!(role(&access, &[("cookie", "cupola_session=x")]), None);
    assert_eq!(role(&Access::default(), &[("authorization", "Bearer ")]), None);
    assert!(!format!("{access:?}").contains("admin"), "tokens are not shown");
}

#[test]
fn everyone_comes_in_by_a_name_that_no_other_site_has() {
    let access = Access::default().token("admin", Role::Admin).everyone(Role::Viewer);
    for host in ["localhost:4318", "LOCALHOST", "127.0.0.1:4318", "10.0.0.7", "[::1]:4318", "[::1]"] {
        assert_eq!(role(&access, &[("host", host)]), Some(Role::Viewer), "{host}");
    }
    for host in ["evil.example", "evil.example:4318", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
        assert_eq!(role(&access, &[("host", host)]), None, "{host}");
    }
    let mut two = head(&[]);
    two.uri = "https://evil.example/cupola".parse().unwrap();
    assert!(access.who(&two, 0).is_none(), "HTTP/2 has it in the address");
    // A token that is wrong is not better than none.
    assert_eq!(role(&access, &[("host", "localhost"), ("authorization", "Bearer wrong")]), None);
    assert_eq!(role(&access.everyone_by_any_name(Role::Viewer), &[("host", "evil.example")]), Some(Role::Viewer));
}

#[test]
fn a_token_makes_a_session_that_ends() {
    let access = Access::default().token("admin", Role::Admin);
    let set = access.log_in(&head(&[]), "", "admin", 0).unwrap();
    assert!(set.ends_with("; Path=/cupola; Max-Age=604800; HttpOnly; SameSite=Lax"), "{set}");
    let with = [("cookie", &*format!("a=b; {}; c=d", pair(&set)))];
    assert_eq!(role(&access, &with), Some(Role::Admin));
    assert!(access.who(&head(&with), 7 * 86_400_000_000_000).is_none(), "a week later");
    assert!(access.log_out(&head(&with), 0).starts_with("cupola_session=; Path=/cupola; Max-Age=0"));
    assert_eq!(role(&access, &with), None);
    let secure = access.clone().secure().log_in(&head(&[]), "", "admin", 0).unwrap();
    assert!(secure.ends_with("; Secure"));
    let proxied = access.log_in(&head(&[("x-forwarded-proto", "https")]), "", "admin", 0).unwrap();
    assert!(proxied.ends_with("; Secure"));
}

#[test]
fn users_come_in_with_their_password_and_sessions_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(dir.path()).unwrap());
    let users = Users::new(Arc::clone(&metadata));
    users.set("ada", "correct horse", Role::Operator, "test", 1).unwrap();
    let access = || Access::default().token("admin", Role::Admin).users(Arc::clone(&metadata));
    let log_in = |name, secret| access().log_in(&head(&[]), name, secret, 0);
    for (name, secret) in
        [("ada", "correct"), ("ada", ""), ("eve", "correct horse"), ("ada", "admin"), ("", "correct horse")]
    {
        assert_eq!(log_in(name, secret), Err(Refused::Unknown), "{name} {secret}");
    }
    let set = log_in("ada", "correct horse").unwrap();
    let with = [("cookie", pair(&set))];
    assert_eq!(role(&access(), &with), Some(Role::Operator), "another process");
    // What is kept lets nobody in.
    let kept = metadata.all("session").unwrap();
    assert!(
        kept.iter().all(|session| role(&access(), &[("cookie", &*format!("{SESSION}={}", session.key))]).is_none())
    );
    users.set("ada", "another horse", Role::Viewer, "test", 2).unwrap();
    assert_eq!(role(&access(), &with), Some(Role::Viewer), "the role is the one that they have now");
    users.remove("ada", "test", 3).unwrap();
    assert_eq!(role(&access(), &with), None);
    let by_token = access().log_in(&head(&[]), "", "admin", 0).unwrap();
    let without = Access::default().token("other", Role::Admin).users(Arc::clone(&metadata));
    assert_eq!(role(&without, &[("cookie", pair(&by_token))]), None, "the token is accepted no more");
    let notes = metadata.notes("audit", None, None, 100).unwrap();
    let whats: Vec<String> = notes
        .iter()
        .map(|note| serde_json::from_str::<serde_json::Value>(&note.body).unwrap()["what"].to_string())
        .collect();
    assert_eq!(whats.iter().filter(|what| what.contains("login refused")).count(), 5);
    assert!(whats.iter().any(|what| what == "\"login\"") && whats.iter().any(|what| what == "\"user removed\""));
    assert!(notes.iter().all(|note| !note.body.contains("horse")), "no password is noted");
}

#[test]
fn who_tries_too_often_waits() {
    let access = Access::default().token("admin", Role::Admin);
    let attempt = |secret, now| access.log_in(&head(&[]), "", secret, now);
    for _ in 0..5 {
        assert_eq!(attempt("guess", 0), Err(Refused::Unknown));
    }
    assert_eq!(attempt("admin", 0), Err(Refused::Wait(1)), "not even who knows it");
    assert!(attempt("admin", 2_000_000_000).is_ok());
}

#[test]
fn what_is_changed_over_a_cookie_needs_the_form_of_its_page() {
    let access = Access::default().token("admin", Role::Admin);
    let ada = Visitor { user: User::new("ada", Role::Admin), by: By::Browser };
    let (form, set) = access.form(&head(&[]), &ada.user);
    let cookie = set.unwrap();
    let with = head(&[("cookie", pair(&cookie))]);
    let (another, none) = access.form(&with, &ada.user);
    assert!(another != form && none.is_none() && access.is_wanted(&with, &ada, Some(&another)));
    assert!(access.is_wanted(&with, &ada, Some(&form)));
    assert!(!access.is_wanted(&with, &ada, None) && !access.is_wanted(&with, &ada, Some("")));
    assert!(!access.is_wanted(&head(&[]), &ada, Some(&form)), "without the cookie");
    let eve = Visitor { user: User::new("eve", Role::Admin), by: By::Browser };
    assert!(!access.is_wanted(&with, &eve, Some(&form)), "somebody else");
    let elsewhere = head(&[("cookie", pair(&cookie)), ("sec-fetch-site", "cross-site")]);
    assert!(!access.is_wanted(&elsewhere, &ada, Some(&form)));
    let other = Access::default();
    assert!(!other.is_wanted(&with, &ada, Some(&form)), "another process");
    assert!(
        access.is_wanted(&head(&[]), &Visitor { by: By::Bearer, ..ada }, None),
        "no browser sends a token by itself"
    );
}

#[test]
fn the_application_around_it_may_say_who_comes() {
    let access = Access::default().external(|head| {
        let name = head.headers.get("x-who")?.to_str().ok()?;
        Some(User::new(name, Role::Operator))
    });
    assert_eq!(role(&access, &[("x-who", "ada")]), Some(Role::Operator));
    assert_eq!(role(&access, &[]), None);
}

#[test]
fn users_that_cannot_be_are_refused_with_what_can() {
    let dir = tempfile::tempdir().unwrap();
    let users = Users::new(Arc::new(MetadataFile::open(dir.path()).unwrap()));
    let check = |name: &str, password: &str, says: &str| {
        let error = users.set(name, password, Role::Viewer, "test", 0).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check("", "long enough it is", "accepted: 1 to 64 bytes");
    check("a b", "long enough it is", "accepted: 1 to 64 bytes");
    check("ada", "short", "at least 10 characters");
    check("ada", &"x".repeat(1_025), "at most 1024 bytes");
    assert!(users.list().unwrap().is_empty());
}
