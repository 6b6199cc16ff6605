//! `X-Forwarded-For`, `-Proto` and `-Host`: lists to which each proxy appends.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use super::{Client, Step, Told, Way, node, scheme};

pub(super) const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(super) const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

pub(super) fn client<'h>(headers: &'h HeaderMap, way: &Way<'_>) -> Client<'h> {
    let steps = entries(headers, &FOR).map(|entry| Step { ip: node::address(entry), ..Step::default() });
    let (mut client, believed) = way.follow(steps);
    // The outermost believed proxy's entry. The peer writes the last one, even where it names no address. Many proxies
    // replace these two and do not append: then there is one entry, the nearest proxy's.
    let count = believed.max(1);
    client.scheme = entries(headers, &PROTO).take(count).last().and_then(scheme);
    client.host = entries(headers, &HOST).take(count).last().map(Cow::Borrowed);
    if client.told == Told::Direct && (client.scheme.is_some() || client.host.is_some()) {
        client.told = Told::Part;
    }
    client
}

/// The entries of all lines of a header, from the right; empty ones are none.
fn entries<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> + use<'h> {
    let lines = headers.get_all(name).into_iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty())
}
