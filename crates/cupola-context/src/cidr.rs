//! Networks of addresses, as `10.0.0.0/8` and `fd00::/8` name them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A network: an address and how many of its leading bits count. An address alone is a network of one.
///
/// ```
/// use cupola_context::Cidr;
///
/// let office: Cidr = "192.0.2.0/24".parse()?;
/// assert!(office.contains("192.0.2.7".parse().unwrap()));
/// assert_eq!("10.0.0.0/33".parse::<Cidr>().unwrap_err().to_string(), "the prefix of `10.0.0.0/33` is not 0 to 32");
/// # Ok::<(), cupola_context::InvalidCidr>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Whether an address is in the network; `::ffff:10.0.0.5` is 10.0.0.5.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => leading(net.to_bits() ^ ip.to_bits(), self.prefix),
            (IpAddr::V6(net), IpAddr::V6(ip)) => (net.to_bits() ^ ip.to_bits()).leading_zeros() >= self.prefix.into(),
            _ => false,
        }
    }
}

fn leading(difference: u32, prefix: u8) -> bool {
    difference.leading_zeros() >= prefix.into()
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        read(text).map_err(|what| InvalidCidr { text: text.into(), what })
    }
}

fn read(text: &str) -> Result<Cidr, What> {
    let (address, digits) = text.split_once('/').map_or((text, None), |(address, digits)| (address, Some(digits)));
    let address: IpAddr = address.parse().map_err(|_| What::Address)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    // `parse` would take a sign.
    let number = |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let prefix = digits.map_or(Some(most), number).filter(|prefix| *prefix <= most).ok_or(What::Prefix(most))?;
    let network = masked(address, prefix);
    if network != address {
        return Err(What::HostBits(Cidr { address: network, prefix }));
    }
    Ok(canonical(address, prefix))
}

/// `::ffff:10.0.0.0/104` is 10.0.0.0/8: peers are compared in their shorter form.
fn canonical(address: IpAddr, prefix: u8) -> Cidr {
    match (address.to_canonical(), prefix.checked_sub(96)) {
        (short @ IpAddr::V4(_), Some(rest)) if address.is_ipv6() => Cidr { address: short, prefix: rest },
        _ => Cidr { address, prefix },
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((ip.to_bits() & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text names no network; the error's text says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCidr {
    text: Box<str>,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Address,
    Prefix(u8),
    HostBits(Cidr),
}

impl fmt::Display for InvalidCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match self.what {
            What::Address => write!(f, "`{text}` is no IP address, nor a network such as 10.0.0.0/8 or fd00::/8"),
            What::Prefix(most) => write!(f, "the prefix of `{text}` is not 0 to {most}"),
            What::HostBits(meant) => write!(f, "`{text}` is an address inside a network: {meant} is the network"),
        }
    }
}

impl std::error::Error for InvalidCidr {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let check = |network: &str, ip: &str, inside: bool| {
            let network: Cidr = network.parse().unwrap();
            assert_eq!(network.contains(ip.parse().unwrap()), inside, "{ip} in {network}");
        };
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("10.0.0.0/8", "::a00:1", false);
        check("::ffff:10.0.0.0/104", "10.1.2.3", true);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.6", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::/0", "2001:db8::1", true);
        check("fd00::/8", "fdff::1", true);
        check("fd00::/8", "fc00::1", false);
        check("2001:db8::1", "2001:db8::1", true);
    }

    #[test]
    fn what_is_no_network_says_why() {
        let check = |text: &str, why: &str| assert_eq!(text.parse::<Cidr>().unwrap_err().to_string(), why);
        check("", "`` is no IP address, nor a network such as 10.0.0.0/8 or fd00::/8");
        check("localhost", "`localhost` is no IP address, nor a network such as 10.0.0.0/8 or fd00::/8");
        check("10.0/8", "`10.0/8` is no IP address, nor a network such as 10.0.0.0/8 or fd00::/8");
        check("10.0.0.0/33", "the prefix of `10.0.0.0/33` is not 0 to 32");
        check("10.0.0.0/+8", "the prefix of `10.0.0.0/+8` is not 0 to 32");
        check("10.0.0.0/", "the prefix of `10.0.0.0/` is not 0 to 32");
        check("fd00::/129", "the prefix of `fd00::/129` is not 0 to 128");
        check("10.1.2.3/8", "`10.1.2.3/8` is an address inside a network: 10.0.0.0/8 is the network");
        check("fd00::1/8", "`fd00::1/8` is an address inside a network: fd00::/8 is the network");
    }
}
