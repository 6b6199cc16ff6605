//! A collector that does as it is told: one script a request, over plain sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with a request.
#[allow(dead_code, reason = "two packages compile this file, and one of them does not need every answer")]
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Answers with this status line's rest and headers, and this body.
    Says(&'static str, Vec<u8>),
    /// Answers with a success once nobody holds this any longer.
    Held(Arc<Mutex<()>>),
    /// Never answers.
    Hangs,
    /// Closes the connection without a word.
    Closes,
    /// Answers with something that is no HTTP.
    Babbles,
}

impl Answer {
    pub(crate) fn ok() -> Self {
        Self::Says("200 OK", Vec::new())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The request line and the headers, as sent.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_end())
    }
}

/// Listens until the test ends; what it was asked can be received.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    asked: Receiver<Asked>,
}

impl Collector {
    /// Answers as the script says, and with its last word for ever after.
    pub(crate) fn start(script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::serve(listener, script)
    }

    pub(crate) fn serve(listener: TcpListener, script: Vec<Answer>) -> Self {
        let (address, (send, asked)) = (listener.local_addr().unwrap(), channel());
        let script = Arc::new(Mutex::new(script));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (script, send) = (script.clone(), send.clone());
                std::thread::spawn(move || connection.map(|connection| converse(connection, &script, &send)));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request.
    pub(crate) fn next(&self) -> Asked {
        self.asked.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

pub(crate) fn converse<C>(connection: C, script: &Mutex<Vec<Answer>>, asked: &Sender<Asked>) -> Option<()>
where
    C: Read + Write,
{
    let mut reader = BufReader::new(connection);
    loop {
        let request = read(&mut reader)?;
        let answer = next(script);
        asked.send(request).ok()?;
        let connection = reader.get_mut();
        if let Answer::Held(gate) = &answer {
            drop(gate.lock());
        }
        match answer {
            Answer::Held(_) => connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?,
            Answer::Says(head, body) => {
                let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
                connection.write_all(&[head.as_bytes(), &body].concat()).ok()?;
            }
            // Until the other side has enough of it.
            Answer::Hangs => drop(connection.read(&mut [0])),
            Answer::Closes => return None,
            Answer::Babbles => connection.write_all(b"220 mail.example.com ESMTP\r\n").ok()?,
        }
    }
}

fn next(script: &Mutex<Vec<Answer>>) -> Answer {
    let mut script = script.lock().unwrap();
    if script.len() > 1 { script.remove(0) } else { script[0].clone() }
}

fn read(reader: &mut impl BufRead) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut asked = Asked { head, body: Vec::new() };
    let length = asked.header("content-length")?.parse().ok()?;
    asked.body.resize(length, 0);
    reader.read_exact(&mut asked.body).ok()?;
    Some(asked)
}
