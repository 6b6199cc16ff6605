//! The way that messages go: to a collector, or no further than this process.

use bytes::Bytes;

use super::client::Client;
use super::config::Config;
use super::exporter::ExportError;
use super::queue::Message;
use super::reply::{Failure, Reply, What};
use super::taker::Taker;

#[derive(Debug)]
pub(crate) enum Way {
    Collector(Box<Client>),
    Here(Taker),
}

impl Way {
    pub(crate) fn new(config: &Config) -> Result<Self, ExportError> {
        Ok(match &config.taker {
            Some(taker) => Self::Here(taker.clone()),
            None => Self::Collector(Box::new(Client::new(config)?)),
        })
    }

    /// What is handed over, made once for all attempts.
    pub(crate) fn body(&self, message: Message) -> Bytes {
        match self {
            Self::Collector(client) => client.body(message),
            Self::Here(_) => message.pieces.concat().into(),
        }
    }

    /// One attempt.
    pub(crate) async fn send(&mut self, body: Bytes) -> Result<Reply, Failure> {
        match self {
            Self::Collector(client) => client.send(body).await,
            Self::Here(taker) if taker.take(&body) => Ok(Reply::default()),
            Self::Here(_) => Err(Failure::again(What::NotTaken)),
        }
    }
}
