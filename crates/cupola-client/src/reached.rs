//! Hosts that were asked before: whether identity goes to them is known.

use std::cell::RefCell;

use http::Uri;

use crate::propagation::{Propagation, host_of};

/// A thread knows so many.
const SLOTS: usize = 8;

/// A longer one is judged each time.
const LONGEST: usize = 128;

thread_local! {
    static KNOWN: RefCell<[Option<Known>; SLOTS]> = const { RefCell::new([const { None }; SLOTS]) };
}

struct Known {
    /// The list itself, so that no other can come to lie where it lies.
    list: Propagation,
    authority: Box<str>,
    reached: bool,
}

/// Whether identity goes to where a URL leads.
pub(crate) fn reaches(list: &Propagation, uri: &Uri) -> bool {
    let Some(authority) = uri.authority().map(|authority| authority.as_str()) else { return false };
    let judge = || list.reaches(host_of(authority));
    if authority.len() > LONGEST {
        return judge();
    }
    // A thread that is being torn down knows nothing.
    KNOWN
        .try_with(|known| ask(&mut known.borrow_mut()[slot(authority)], list, authority, judge))
        .unwrap_or_else(|_| judge())
}

fn ask(known: &mut Option<Known>, list: &Propagation, authority: &str, judge: impl Fn() -> bool) -> bool {
    match known {
        Some(known) if *known.authority == *authority && known.list.is(list) => known.reached,
        _ => {
            let reached = judge();
            *known = Some(Known { list: list.clone(), authority: authority.into(), reached });
            reached
        }
    }
}

/// Two that share a slot cost one of them its place, no more.
fn slot(authority: &str) -> usize {
    let bytes = authority.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().map_or(0, usize::from);
    (bytes.len() + byte(0) + byte(bytes.len() / 2)) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_known_of_one_list_and_one_authority() {
        let check = |list: &Propagation, authority: &str, reached| {
            let uri = Uri::builder().scheme("http").authority(authority).path_and_query("/").build().unwrap();
            (0..3).for_each(|_| assert_eq!(reaches(list, &uri), reached, "{authority} by {list:?}"));
        };
        let long = format!("{}.example.com", "a".repeat(LONGEST));
        let (own, none): (Propagation, _) = (".example.com".parse().unwrap(), Propagation::none());
        for _ in 0..2 {
            check(&own, "api.example.com", true);
            check(&own, "api.example.com:8443", true);
            check(&own, "api.evil.com", false);
            check(&own, &long, true);
            check(&Propagation::all(), "api.evil.com", true);
            check(&none, "api.example.com", false);
        }
        let many = 4 * SLOTS;
        (0..many).for_each(|number| check(&own, &format!("{number}.example.com"), true));
        (0..many).for_each(|number| check(&own, &format!("{number}.example.org"), false));
        assert!(!reaches(&Propagation::all(), &Uri::from_static("/a")));
    }
}
