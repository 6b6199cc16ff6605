//! What a text is: a body of some media type, or a single value that stands alone on its line.

use std::fmt;
use std::str::FromStr;

use crate::Media;
use crate::media;

/// What a text is, which decides how it is read.
///
/// ```
/// use cupola_redact::{KeyPolicy, Stream, Surface};
///
/// let mut stream = Stream::of(&KeyPolicy::default(), &"header".parse::<Surface>()?);
/// assert_eq!(stream.feed(b"Authorization: Bearer abc\n"), b"Authorization: Bearer [REDACTED]\n");
/// # Ok::<(), cupola_redact::UnknownSurface>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface(pub(crate) Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `label` is what a body is called that is not shown.
    Body {
        media: Media,
        boundary: Option<String>,
        label: Option<String>,
    },
    Lines(Value),
}

/// A value that stands alone on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// `Name: value`.
    Header,
    Url,
    Query,
    Cookie,
    SetCookie,
}

impl Surface {
    /// A body of this kind.
    pub const fn body(media: Media) -> Self {
        Self(Kind::Body { media, boundary: None, label: None })
    }

    /// A body of this `Content-Type`, which may name the boundary of a multipart body.
    pub fn content_type(content_type: &str) -> Self {
        let (media, boundary) = (Media::from_content_type(content_type), media::boundary(content_type));
        let essence = content_type.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
        // A stranger's text is shown only where it is a media type to the letter.
        let label = (media == Media::Binary && essence.len() <= 64 && is_media_type(&essence)).then_some(essence);
        Self(Kind::Body { media, boundary, label })
    }

    /// Headers, one `Name: value` a line.
    pub const fn header() -> Self {
        Self(Kind::Lines(Value::Header))
    }

    /// URLs, one a line.
    pub const fn url() -> Self {
        Self(Kind::Lines(Value::Url))
    }

    /// Queries without their `?`, one a line.
    pub const fn query() -> Self {
        Self(Kind::Lines(Value::Query))
    }

    /// Values of `Cookie` headers, one a line.
    pub const fn cookie() -> Self {
        Self(Kind::Lines(Value::Cookie))
    }

    /// Values of `Set-Cookie` headers, one a line.
    pub const fn set_cookie() -> Self {
        Self(Kind::Lines(Value::SetCookie))
    }
}

impl From<Media> for Surface {
    fn from(media: Media) -> Self {
        Self::body(media)
    }
}

/// `header`, `url`, `query`, `cookie`, `set-cookie`, or a media type.
impl FromStr for Surface {
    type Err = UnknownSurface;

    fn from_str(text: &str) -> Result<Self, UnknownSurface> {
        let text = text.trim();
        Ok(match text.to_ascii_lowercase().as_str() {
            "header" => Self::header(),
            "url" => Self::url(),
            "query" => Self::query(),
            "cookie" => Self::cookie(),
            "set-cookie" => Self::set_cookie(),
            other if is_media_type(other) => Self::content_type(text),
            _ => return Err(UnknownSurface(text.to_owned())),
        })
    }
}

fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+*".contains(&byte);
        !part.is_empty() && part.bytes().all(is_part)
    };
    essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// A text that names no [`Surface`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSurface(String);

impl fmt::Display for UnknownSurface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(
            f,
            "{text:?} is neither a media type such as application/json nor header, url, query, cookie or set-cookie"
        )
    }
}

impl std::error::Error for UnknownSurface {}
