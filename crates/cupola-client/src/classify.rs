//! What kind of failure an error is.

use std::error::Error;
use std::io;

use cupola_record::ErrorKind;

use crate::call_error::CallError;
#[cfg(feature = "reqwest")]
use crate::reqwest_0_13::limited_body::Overrun;

/// The kind of an error that a client fails with: the first in its chain of sources that is known decides.
///
/// Known are our own [`CallError`], the kinds of [`io::Error`], with features `hyper`, `reqwest` and `http2` the errors of hyper 1, reqwest 0.13 and h2 0.4; and of those
/// whose types have no public name, the words that they always say: `dns error` of hyper-util's connector, `deadline has
/// elapsed` and `request timed out` of tokio's and tower's timeouts.
///
/// ```
/// use std::io;
/// use cupola_client::classify;
/// use cupola_record::ErrorKind;
///
/// assert_eq!(classify(&io::Error::from(io::ErrorKind::ConnectionRefused)), ErrorKind::Connect);
/// ```
pub fn classify(error: &(dyn Error + 'static)) -> ErrorKind {
    let mut kinds = chain(error).filter_map(kind_of_one);
    kinds.next().or_else(|| chain(error).find_map(by_stage)).unwrap_or(ErrorKind::Other)
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    // Bounded, should an error be its own source.
    std::iter::successors(Some(error), |error| next(*error)).take(32)
}

/// An [`io::Error`] that carries another error says that one's source as its own: the one that it carries comes first.
fn next<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    carried.map(|carried| carried as &(dyn Error + 'static)).or_else(|| error.source())
}

fn kind_of_one(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    if let Some(error) = error.downcast_ref::<CallError>() {
        return Some(error.kind());
    }
    if let Some(kind) = kind_of_reqwest(error) {
        return Some(kind);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return kind_of_io(error);
    }
    kind_of_hyper(error).or_else(|| kind_of_h2(error)).or_else(|| kind_of_words(&error.to_string()))
}

#[cfg(feature = "hyper")]
fn kind_of_hyper(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let error = error.downcast_ref::<hyper::Error>()?;
    match error {
        error if error.is_timeout() => Some(ErrorKind::Timeout),
        error if error.is_parse() || error.is_incomplete_message() || error.is_canceled() => Some(ErrorKind::Protocol),
        _ => None,
    }
}

#[cfg(not(feature = "hyper"))]
fn kind_of_hyper(_: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None
}

/// What is refused in this way was not looked at: RFC 9113, section 8.7.
#[cfg(feature = "http2")]
fn kind_of_h2(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let error = error.downcast_ref::<h2::Error>().filter(|error| error.is_remote())?;
    let refuses = match error.reason() {
        Some(h2::Reason::REFUSED_STREAM) => error.is_reset(),
        Some(h2::Reason::NO_ERROR) => error.is_go_away(),
        _ => false,
    };
    refuses.then_some(ErrorKind::Refused)
}

#[cfg(not(feature = "http2"))]
fn kind_of_h2(_: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None
}

#[cfg(feature = "reqwest")]
fn kind_of_reqwest(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    if let Some(overrun) = error.downcast_ref::<Overrun>() {
        return Some(overrun.0);
    }
    match error.downcast_ref::<reqwest::Error>()? {
        error if error.is_timeout() && error.is_connect() => Some(ErrorKind::ConnectTimeout),
        error if error.is_timeout() => Some(ErrorKind::Timeout),
        error if error.is_redirect() => Some(ErrorKind::Redirect),
        error if error.is_status() => Some(ErrorKind::Status),
        error if error.is_builder() => Some(ErrorKind::Request),
        _ => None,
    }
}

#[cfg(not(feature = "reqwest"))]
fn kind_of_reqwest(_: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None
}

/// Where nothing in the chain says what went wrong, where it did.
#[cfg(feature = "reqwest")]
fn by_stage(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    match error.downcast_ref::<reqwest::Error>()? {
        error if error.is_connect() => Some(ErrorKind::Connect),
        error if error.is_decode() => Some(ErrorKind::Decode),
        error if error.is_body() => Some(ErrorKind::Body),
        _ => None,
    }
}

#[cfg(not(feature = "reqwest"))]
fn by_stage(_: &(dyn Error + 'static)) -> Option<ErrorKind> {
    None
}

fn kind_of_words(said: &str) -> Option<ErrorKind> {
    match said {
        "dns error" => Some(ErrorKind::Dns),
        "deadline has elapsed" | "request timed out" => Some(ErrorKind::Timeout),
        _ => None,
    }
}

fn kind_of_io(error: &io::Error) -> Option<ErrorKind> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Some(ErrorKind::Connect),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(ErrorKind::Protocol),
        io::ErrorKind::TimedOut => Some(ErrorKind::Timeout),
        // As TLS libraries say that a handshake failed; hyper tells what is no HTTP by errors of its own.
        io::ErrorKind::InvalidData => Some(ErrorKind::Tls),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Wrapped(&'static str, Box<dyn Error + Send + Sync>);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.1)
        }
    }

    fn io(kind: io::ErrorKind) -> Box<dyn Error + Send + Sync> {
        io::Error::from(kind).into()
    }

    #[test]
    fn the_first_that_is_known_decides() {
        let check = |error: Box<dyn Error + Send + Sync>, expected| {
            let wrapped = Wrapped("client error", Box::new(Wrapped("again", error)));
            assert_eq!(classify(&wrapped), expected, "{wrapped:?}");
        };
        check(io(io::ErrorKind::ConnectionRefused), ErrorKind::Connect);
        check(io(io::ErrorKind::ConnectionReset), ErrorKind::Protocol);
        check(io(io::ErrorKind::TimedOut), ErrorKind::Timeout);
        check(io(io::ErrorKind::InvalidData), ErrorKind::Tls);
        check(io(io::ErrorKind::Other), ErrorKind::Other);
        check(Box::new(Wrapped("dns error", io(io::ErrorKind::Other))), ErrorKind::Dns);
        check(io::Error::other(Wrapped("dns error", io(io::ErrorKind::Other))).into(), ErrorKind::Dns);
        check("request timed out".into(), ErrorKind::Timeout);
        check("request timed out: https://x?key=dns error".into(), ErrorKind::Other);
        check(Box::new(CallError::in_body(io(io::ErrorKind::ConnectionReset))), ErrorKind::Body);
    }
}
