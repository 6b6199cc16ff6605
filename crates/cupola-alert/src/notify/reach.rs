//! Which addresses a receiver may have. Whoever may add a receiver by a form could otherwise have this process ask what only it can see.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::SettingError;

/// How far requests may go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Everywhere: whoever wrote the address is trusted as much as this process.
    #[default]
    Anywhere,
    /// To public addresses, and to those of these networks. It is held at each connection, whatever a name leads to.
    Public {
        /// `10.1.0.0/16`, `fd00::/8`, `127.0.0.1`.
        besides: Vec<Network>,
    },
}

/// A network: an address, and how many of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Reach {
    pub(crate) fn is_limited(&self) -> bool {
        *self != Self::Anywhere
    }

    /// Addresses that are written as numbers; names are looked up when they are connected to.
    pub(crate) fn check(&self, field: &'static str, url: &Url) -> Result<(), SettingError> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(SettingError::new(field, "has no host")),
        };
        if self.allows(address) {
            return Ok(());
        }
        Err(SettingError::new(field, "leads to an internal address, which is not allowed here"))
    }

    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public { besides } => is_public(address) || besides.iter().any(|network| network.has(address)),
        }
    }
}

impl Network {
    /// Reads `10.1.0.0/16`, or an address alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    fn has(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(own.to_bits().into(), other.to_bits().into(), 32 - self.bits),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

fn same(own: u128, other: u128, but: u8) -> bool {
    own.checked_shr(but.into()).unwrap_or(0) == other.checked_shr(but.into()).unwrap_or(0)
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_of_protocols = (a, b, c) == (192, 0, 0) || a == 198 && (18..20).contains(&b);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || is_shared
        || is_of_protocols)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match segments {
        // What a translator makes an address of the older kind of.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, ..] | [0x2001, 0xdb8, ..] | [0x2001, 0, ..] => false,
        // Of what is assigned to be global, and nothing else.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_addresses_in_every_disguise() {
        let public = Reach::Public { besides: Vec::new() };
        let check = |address: &str, expected: bool| {
            let url = Url::parse(&format!("http://{address}/hook")).unwrap();
            assert_eq!(public.check("url", &url).is_ok(), expected, "{address}");
            assert!(Reach::Anywhere.check("url", &url).is_ok());
        };
        for internal in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[ff02::1]",
            "[::127.0.0.1]",
        ] {
            check(internal, false);
        }
        for other in ["1.1.1.1", "172.32.0.1", "[2606:4700::1111]", "[64:ff9b::101:101]", "hooks.example"] {
            check(other, true);
        }
    }

    #[test]
    fn networks_that_are_allowed() {
        let check = |network: &str, address: &str, expected: Option<bool>| {
            let has = Network::parse(network).map(|network| network.has(address.parse().unwrap()));
            assert_eq!(has, expected, "{network} {address}");
        };
        check("10.1.0.0/16", "10.1.255.1", Some(true));
        check("10.1.0.0/16", "10.2.0.1", Some(false));
        check("10.1.2.3", "10.1.2.3", Some(true));
        check("10.1.2.3", "::ffff:10.1.2.3", Some(true));
        check("0.0.0.0/0", "10.1.2.3", Some(true));
        check("0.0.0.0/0", "::1", Some(false));
        check("fd00::/8", "fdff::1", Some(true));
        check("::/0", "fdff::1", Some(true));
        check("10.0.0.0/33", "10.0.0.0", None);
        check("ten", "10.0.0.0", None);
    }
}
