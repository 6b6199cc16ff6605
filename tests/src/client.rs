//! A client on one connection: it sends what it is given, byte by byte, however wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection to a service.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// What a service has answered.
#[derive(Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    ///
    /// # Panics
    /// Where there is no such header.
    pub fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    /// Connects; whoever does not answer within half a minute fails the test.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Sends these bytes, and nothing else.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A server that has answered already may have closed its side; what it said is still to be read.
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    /// Asks for a path, with more header lines where there are any, each ended by CR LF.
    pub fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"));
        self.answer()
    }

    /// Sends a body of this media type.
    pub fn post(&mut self, path: &str, media: &str, body: impl AsRef<[u8]>) -> Answer {
        let (body, length) = (body.as_ref(), body.as_ref().len());
        self.send(format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n"
        ));
        self.send(body);
        self.answer()
    }

    /// Reads one answer; the status is zero where the server has closed the connection without one.
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        answer.body = match (answer.find("content-length"), answer.find("transfer-encoding")) {
            (Some(length), _) => self.exactly(length.parse().unwrap()),
            (None, Some(_)) => self.chunks(),
            (None, None) => Vec::new(),
        };
        answer
    }

    /// Reads a head only.
    pub fn head(&mut self) -> Answer {
        let mut answer = Answer::default();
        if let Some(status) = self.line().split(' ').nth(1) {
            answer.status = status.parse().unwrap();
        }
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { return answer };
            answer.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    /// Reads a body of this length in pieces, without keeping it.
    pub fn drain(&mut self, length: usize, mut seen: impl FnMut(&[u8])) {
        let mut left = length;
        while left > 0 {
            let piece = self.stream.fill_buf().unwrap();
            assert!(!piece.is_empty(), "the body ended {left} bytes early");
            let count = piece.len().min(left);
            seen(&piece[..count]);
            self.stream.consume(count);
            left -= count;
        }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        let _ = self.stream.read_until(b'\n', &mut line);
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        body
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line(), 16).unwrap();
            body.extend(self.exactly(length));
            self.line();
            if length == 0 {
                return body;
            }
        }
    }
}
