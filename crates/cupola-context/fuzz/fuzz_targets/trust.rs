//! Networks and trust policies: what is accepted reads as it is shown, and says the same of every address.
#![no_main]

use std::net::IpAddr;

use cupola_context::{Cidr, Propagators, TrustPolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, [u8; 4], [u8; 16])| {
    let (text, v4, v6) = input;
    let peers = [IpAddr::from(v4), IpAddr::from(v6)];
    if let Ok(network) = text.parse::<Cidr>() {
        let again: Cidr = network.to_string().parse().expect("it is shown as it is written");
        assert_eq!(again, network);
        peers.into_iter().for_each(|peer| assert_eq!(network.contains(peer), network.contains(peer.to_canonical())));
    }
    if let Ok(policy) = text.parse::<TrustPolicy>() {
        let again: TrustPolicy = policy.to_string().parse().expect("it is shown as it is written");
        assert_eq!(again.to_string(), policy.to_string());
        peers.into_iter().for_each(|peer| assert_eq!(again.of(Some(peer)), policy.of(Some(peer))));
        assert!(policy.needs_peer() || policy.of(None) == policy.of(Some(peers[0])));
    }
    if let Ok(list) = text.parse::<Propagators>() {
        assert_eq!(list.to_string().parse(), Ok(list));
    }
});
