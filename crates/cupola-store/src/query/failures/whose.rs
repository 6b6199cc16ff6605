//! Whose errors are meant, where an expression says nothing else.

use crate::language::{Expression, Operand, Relation, Test};
use crate::rollup::Sum;

/// Those of one service, of one route, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Whose<'a> {
    pub(super) service: Option<&'a str>,
    pub(super) route: Option<&'a str>,
}

impl<'a> Whose<'a> {
    /// What the expression says; `None` where it says more.
    pub(super) fn of(expression: Option<&'a Expression>) -> Option<Self> {
        let mut whose = Self::default();
        let tests = match expression {
            None => &[],
            Some(Expression::All(tests)) => tests.as_slice(),
            Some(test) => std::slice::from_ref(test),
        };
        for test in tests {
            let Expression::Test(Test::Field { name, relation: Relation::Equal, value: Operand::Plain(text, None) }) =
                test
            else {
                return None;
            };
            let place = match name.as_str() {
                "service" => &mut whose.service,
                "route" => &mut whose.route,
                _ => return None,
            };
            if text.is_empty() || place.replace(text.as_str()).is_some() {
                return None;
            }
        }
        Some(whose)
    }
}

/// Of what all services told, what the one with this number did; `None` where it told nothing.
pub(super) fn of_service(sum: &Sum, service: u32) -> Option<Sum> {
    let (_, count) = *sum.services.iter().find(|(number, _)| *number == service)?;
    // Whose version the first one had is not known where several services told such errors.
    let version = if sum.services.len() == 1 { sum.version } else { 0 };
    Some(Sum { count, version, services: vec![(service, count)], ..*sum })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Meaning, parse};

    #[test]
    fn a_service_and_a_route_and_nothing_else() {
        let whose = |service, route| Some(Whose { service, route });
        assert_eq!(Whose::of(None), whose(None, None));
        let check = |text: &str, expected| {
            let expression = parse(text, &Meaning { now: jiff::Zoned::default(), ignore_case: false }).unwrap();
            assert_eq!(Whose::of(Some(&expression)), expected, "{text}");
        };
        check("service=api", whose(Some("api"), None));
        check("route=\"/vms/{id}\" service=api", whose(Some("api"), Some("/vms/{id}")));
        for text in [
            "service=api service=web",
            "service=a*",
            "service>api",
            "-service=api",
            "service=7",
            "x",
            "service=api status=500",
        ] {
            check(text, None);
        }
        check("service=api or service=web", None);
    }
}
