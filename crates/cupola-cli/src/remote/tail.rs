//! What a server tells of as it comes in: server-sent events.

use anyhow::{Context as _, bail};
use cupola_store::Entry;
use memchr::memmem::find;
use reqwest::Response;

use super::answer;

/// No event is larger.
const MOST: usize = 16 << 20;

/// What has come.
#[derive(Debug)]
pub(crate) enum Came {
    Entry(Entry),
    /// So many were not told of, since whoever watches is slow.
    Dropped(u64),
}

/// What comes in at a server.
#[derive(Debug)]
pub(crate) struct Tail {
    response: Response,
    buffer: Vec<u8>,
}

impl Tail {
    pub(super) fn new(response: Response) -> Self {
        Self { response, buffer: Vec::new() }
    }

    /// What has come next. The server has ended it where it is an error.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Vec<Came>> {
        let piece = self.response.chunk().await.map_err(reqwest::Error::without_url)?;
        self.buffer.extend_from_slice(&piece.context("the server has ended it")?);
        let came = events(&mut self.buffer)?;
        if self.buffer.len() > MOST {
            bail!("the server tells of an entry of more than {} MiB", MOST >> 20);
        }
        Ok(came)
    }
}

/// Takes the events out that are whole.
fn events(buffer: &mut Vec<u8>) -> anyhow::Result<Vec<Came>> {
    let (mut came, mut read) = (Vec::new(), 0);
    while let Some(length) = find(&buffer[read..], b"\n\n") {
        came.extend(event(&buffer[read..read + length])?);
        read += length + 2;
    }
    buffer.drain(..read);
    Ok(came)
}

/// One event; of those that are not known nothing is told, nor of what only says that the server is there.
fn event(lines: &[u8]) -> anyhow::Result<Option<Came>> {
    let Some((kind, data)) = std::str::from_utf8(lines)?.split_once('\n') else { return Ok(None) };
    let data = data.strip_prefix("data: ").unwrap_or_default();
    Ok(match kind {
        "event: entry" => Some(Came::Entry(answer::entry(&serde_json::from_str(data)?)?)),
        "event: dropped" => Some(Came::Dropped(data.parse()?)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_pieces() {
        let stream = "event: entry\ndata: {\"time\":\"2026-11-21T03:46:02Z\",\"fields\":{\"message\":\"up\"}}\n\n\
                      : still here\n\nevent: other\ndata: 1\n\nevent: dropped\ndata: 7\n\n";
        let (mut buffer, mut told) = (Vec::new(), Vec::new());
        for piece in stream.as_bytes().chunks(5) {
            buffer.extend_from_slice(piece);
            for came in events(&mut buffer).unwrap() {
                told.push(match came {
                    Came::Entry(entry) => format!("{} {:?}", entry.time(), entry.get("message")),
                    Came::Dropped(count) => count.to_string(),
                });
            }
        }
        assert_eq!(told, ["1795232762000000000 Some(Text(\"up\"))", "7"]);
        assert!(buffer.is_empty());
        assert!(events(&mut b"event: dropped\ndata: many\n\n".to_vec()).is_err());
    }
}
