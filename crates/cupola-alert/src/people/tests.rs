//! Which alerts a silence is about, and how one says so.

use std::collections::BTreeMap;

use super::*;
use crate::Severity;

#[test]
fn matchers() {
    let labels = BTreeMap::from([("service".to_owned(), "shop".to_owned()), ("route".to_owned(), "/a/b".to_owned())]);
    let about = About { rule: "api errors", fingerprint: "f1", severity: Severity::Critical, labels: &labels };
    let check = |text: &str, expected: bool| {
        let matcher: Matcher = text.parse().unwrap();
        assert_eq!(matcher.to_string(), text);
        let (id, by, note) = (String::new(), String::new(), String::new());
        let silence = Silence { id, matchers: vec![matcher], from: 10, until: 20, by, note };
        assert_eq!(silence.matches(about), expected, "{text}");
        assert_eq!([9, 10, 19, 20].map(|now| silence.is_active(now)), [false, true, true, false]);
    };
    check("service=shop", true);
    check("service=sho", false);
    check("service!=shop", false);
    check("service!=bank", true);
    check("rule=api *", true);
    check("rule=*", true);
    check("severity=critical", true);
    check("fingerprint=f1", true);
    check("route=/a*", true);
    check("route=*/b", true);
    check("route=/a*a*b", false);
    check("route=*a*b*", true);
    // A label that is missing is not equal to anything: a silence of one team's alerts is not one of everybody's.
    check("team=", false);
    check("team=*", false);
    check("team!=shop", true);
    assert!("shop".parse::<Matcher>().unwrap_err().to_string().contains("LABEL=VALUE"));
}

#[test]
fn alerts_are_known_by_rule_and_fingerprint() {
    let id: AlertId = "api errors/00ff".parse().unwrap();
    assert_eq!((id.rule.as_str(), id.to_string().as_str()), ("api errors", "api errors/00ff"));
    for bad in ["", "x", "/x", "x/"] {
        assert!(bad.parse::<AlertId>().unwrap_err().is_of_asker(), "{bad}");
    }
}
