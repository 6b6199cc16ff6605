//! The secrets that the traffic sends. None of them may ever be seen in a line.

use crate::store::DEMO_TOKENS;

/// The password of a new machine's administrator, in a JSON body.
pub(super) const ADMIN_PASSWORD: &str = "corr3ct-horse-battery-staple";
/// A password that is too short, in a JSON body that is refused.
pub(super) const SHORT_PASSWORD: &str = "hunter2-pw";
/// A password in a form that somebody sends to a page that is not there.
pub(super) const FORM_PASSWORD: &str = "sw0rdfish-in-a-form";
/// A key in a JSON body that has no such field, and in a header.
pub(super) const API_KEY: &str = "sk-live-51KxQd7Tz0vWm3";
/// A token in a query, where none belongs.
pub(super) const QUERY_TOKEN: &str = "qtok-8c1f6e0a9b7d";
/// A signed token in a query.
pub(super) const QUERY_JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYQ";
/// A token that nobody has.
pub(super) const WRONG_TOKEN: &str = "wrong-token-4f9d2c";
/// A user and a password for `Authorization: Basic`.
pub(super) const BASIC: &str = "YWRhOmxvdmVsYWNlLTE4MTU=";
/// A session in a cookie.
pub(super) const SESSION: &str = "sess-2b7e151628aed2a6";

/// Every secret that the traffic sends.
pub const SECRETS: &[&str] = &[
    ADMIN_PASSWORD,
    SHORT_PASSWORD,
    FORM_PASSWORD,
    API_KEY,
    QUERY_TOKEN,
    QUERY_JWT,
    WRONG_TOKEN,
    BASIC,
    SESSION,
    DEMO_TOKENS[0].0,
    DEMO_TOKENS[1].0,
    DEMO_TOKENS[2].0,
    DEMO_TOKENS[3].0,
];
