//! The text of an address, held inline: it stands on every line, and the general way is a long one.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

/// `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`
const LONGEST: usize = 45;

#[derive(Debug)]
pub(crate) struct IpText {
    text: [u8; LONGEST],
    len: usize,
}

impl IpText {
    pub(crate) fn of(ip: IpAddr) -> Self {
        let mut out = Self { text: [0; LONGEST], len: 0 };
        match ip {
            IpAddr::V4(ip) => out.push_v4(ip),
            IpAddr::V6(ip) => write!(out, "{ip}").expect("no address is longer than the longest"),
        }
        out
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }

    fn push_v4(&mut self, ip: Ipv4Addr) {
        for (place, octet) in ip.octets().into_iter().enumerate() {
            if place > 0 {
                self.push(b'.');
            }
            if octet >= 100 {
                self.push(b'0' + octet / 100);
            }
            if octet >= 10 {
                self.push(b'0' + octet / 10 % 10);
            }
            self.push(b'0' + octet % 10);
        }
    }

    fn push(&mut self, byte: u8) {
        self.text[self.len] = byte;
        self.len += 1;
    }
}

impl Write for IpText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.text.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_text_of_the_general_way() {
        let octets = [0, 1, 9, 10, 11, 99, 100, 101, 199, 200, 255].into_iter();
        let v4 =
            octets.flat_map(|a| [[a, 0, 255, 7], [7, a, 0, 255], [255, 10, a, 100], [1, 2, 3, a]].map(IpAddr::from));
        let v6 = ["::1", "::", "fd00::1", "2001:db8:1234:5678:9abc:def0:1234:5678", "::ffff:255.255.255.255"];
        for ip in v4.chain(v6.map(|text| text.parse().unwrap())).chain([IpAddr::from([0xffff; 8])]) {
            assert_eq!(IpText::of(ip).as_bytes(), ip.to_string().as_bytes());
        }
    }
}
