//! Styles, scripts and pictures, in the program itself. Their names have a digest of what is in them, so that they are kept for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

use super::answer::{guarded, gzip, is_compressed, reads_gzip};

/// One file.
struct Asset {
    /// `style-1f0e3dad.css`.
    name: String,
    kind: &'static str,
    bytes: &'static [u8],
    compressed: Vec<u8>,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// One file for all: a page is not drawn before it has its styles.
const STYLES: &str = concat!(
    include_str!("assets/style.css"),
    include_str!("assets/charts.css"),
    include_str!("assets/entries.css"),
    include_str!("assets/work.css"),
);

/// Stem, ending, type and bytes of each.
const FILES: &[(&str, &str, &str, &[u8])] = &[
    ("style", "css", CSS, STYLES.as_bytes()),
    ("page", "js", SCRIPT, include_bytes!("assets/page.js")),
    ("chart", "js", SCRIPT, include_bytes!("assets/chart.js")),
    ("logs", "js", SCRIPT, include_bytes!("assets/logs.js")),
    ("icon", "svg", "image/svg+xml", include_bytes!("assets/icon.svg")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |(stem, ending, kind, bytes): (&str, &str, &'static str, &'static [u8])| {
        let digest = Sha256::digest(bytes);
        let start: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Asset { name: format!("{stem}-{start}.{ending}"), kind, bytes, compressed: gzip(bytes, Compression::best()) }
    };
    FILES.iter().copied().map(asset).collect()
});

/// The address of a file by its stem and ending: `style.css`.
pub(super) fn path(file: &str) -> String {
    let named = FILES.iter().position(|(stem, ending, ..)| {
        file.strip_prefix(stem).is_some_and(|rest| rest.strip_prefix('.') == Some(ending))
    });
    let name = named.and_then(|place| ASSETS.get(place)).map_or(file, |asset| &asset.name);
    format!("/cupola/assets/{name}")
}

pub(super) async fn serve(Path(name): Path<String>, asked: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return guarded(StatusCode::NOT_FOUND.into_response());
    };
    let is_small = reads_gzip(&asked);
    let mut answer = if is_small { asset.compressed.as_slice() } else { asset.bytes }.into_response();
    is_compressed(answer.headers_mut(), is_small);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    guarded(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_an_address_of_its_own() {
        for &(stem, ending, ..) in FILES {
            let path = path(&format!("{stem}.{ending}"));
            let digest = path
                .strip_prefix(&format!("/cupola/assets/{stem}-"))
                .and_then(|rest| rest.strip_suffix(&format!(".{ending}")));
            assert_eq!(digest.map(str::len), Some(8), "{path}");
        }
    }
}
