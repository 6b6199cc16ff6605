//! What would be recorded in vain: wiring that looks right and leads nowhere, told once, at the start.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
#[cfg(feature = "axum")]
use std::sync::atomic::Ordering;

use crate::cupola::Cupola;

/// Makes the process's own meters lead to `/metrics`, and looks for what would be recorded in vain.
pub(crate) fn begin(cupola: &Cupola) {
    // In a build without either there is nothing to lead.
    let _ = cupola;
    #[cfg(feature = "otel")]
    {
        let meter = cupola_telemetry::metrics::install_meter(cupola.registry());
        // There is one installation a process, and so one meter.
        let _ = cupola.0.meter.set(meter);
        check_versions();
    }
    #[cfg(feature = "metrics_0_24")]
    if cupola_telemetry::metrics::install_recorder(cupola.registry()).is_err() {
        tracing::warn!(
            target: "cupola",
            "the process has a recorder of the metrics facade already: what libraries tell it is not on /metrics"
        );
    }
}

/// Looks whether requests are watched. Called where serving begins: by then the layer stands around the application.
#[cfg(feature = "axum")]
pub(crate) fn check(cupola: &Cupola) {
    if !cupola.0.layer_taken.load(Ordering::Relaxed) {
        tracing::warn!(
            target: "cupola",
            "nobody has taken the layer, so requests are neither logged nor counted: add `.layer(cupola.layer())` around \
             the application"
        );
    }
    #[cfg(feature = "otel")]
    check_meter(cupola);
}

/// Looks whether OpenTelemetry's global meter still leads to `/metrics`.
#[cfg(all(feature = "axum", feature = "otel"))]
fn check_meter(cupola: &Cupola) {
    if cupola.0.meter.get().is_some_and(|meter| !meter.is_global()) {
        tracing::warn!(
            target: "cupola",
            "somebody has replaced OpenTelemetry's global meter provider: what libraries record through it is not on \
             /metrics"
        );
    }
}

/// Looks for several versions of OpenTelemetry's interface in this program, each with globals of its own. It reads the
/// whole file, so it has a thread to itself, and the start does not wait for it.
#[cfg(feature = "otel")]
fn check_versions() {
    let look = || {
        let found = std::env::current_exe().and_then(|path| versions(&path)).unwrap_or_default();
        if found.len() > 1 {
            let versions = found.into_iter().collect::<Vec<_>>().join(", ");
            tracing::warn!(
                target: "cupola",
                versions,
                "several versions of opentelemetry are linked: what is recorded through one is not seen by the others; \
                 `cargo tree -i opentelemetry` tells who brings them"
            );
        }
    };
    // Without a thread there is no look, and nothing else is lost.
    let _ = std::thread::Builder::new().name("cupola-wiring".to_owned()).spawn(look);
}

/// What stands before a version in the paths of sources, which the places of possible panics keep in a program.
const MARK: &[u8] = b"/opentelemetry-0.";

/// How much of a file is looked at together.
const CHUNK: usize = 1 << 20;

/// The longest text that is looked for.
const OVERLAP: usize = 64;

/// The versions of the `opentelemetry` crate that a program was built from, where its file tells.
#[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "only then there is something to look for"))]
fn versions(program: &Path) -> io::Result<BTreeSet<String>> {
    let (mut file, mut chunk, mut kept) = (File::open(program)?, vec![0; CHUNK + OVERLAP], 0);
    let mut found = BTreeSet::new();
    loop {
        let read = file.read(&mut chunk[kept..])?;
        if read == 0 {
            return Ok(found);
        }
        let end = kept + read;
        collect(&chunk[..end], &mut found);
        // A text that lies across the border is whole in the next chunk.
        kept = end.min(OVERLAP);
        chunk.copy_within(end - kept..end, 0);
    }
}

fn collect(bytes: &[u8], found: &mut BTreeSet<String>) {
    for start in memchr::memmem::find_iter(bytes, MARK) {
        let version = &bytes[start + MARK.len() - 2..];
        let length = version.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(version.len());
        let version = String::from_utf8_lossy(&version[..length]).into_owned();
        // This very function has the mark too, and whatever the compiler has put behind it.
        let whole = version.split('.').count() == 3 && version.split('.').all(|part| !part.is_empty());
        if whole && bytes.get(start + MARK.len() - 2 + length) == Some(&b'/') {
            found.insert(version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made when it is needed: written out, it would be found in this very program.
    fn path(text: &str) -> String {
        text.replace("CRATE", "opentelemetry")
    }

    #[test]
    fn versions_are_read_from_paths() {
        let mut found = BTreeSet::new();
        let text = path("\0/src/CRATE-0.33.1/src/global.rs\0/CRATE-0.32.0/x /CRATE-0.9 /CRATE-0./ /CRATE-0.33.1/y");
        collect(text.as_bytes(), &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["0.32.0", "0.33.1"]);
    }

    #[test]
    fn a_text_across_two_chunks_is_seen() {
        let file = std::env::temp_dir().join(format!("cupola-wiring-{}", std::process::id()));
        let mut program = vec![0; CHUNK + OVERLAP - 7];
        program.extend_from_slice(path("/CRATE-0.31.2/src/lib.rs\0").as_bytes());
        std::fs::write(&file, program).expect("the temporary folder can be written");
        let found = versions(&file).expect("the file is there");
        std::fs::remove_file(&file).expect("it is there");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["0.31.2"]);
    }

    #[cfg(feature = "otel")]
    #[test]
    fn this_program_has_one_version() {
        let found = versions(&std::env::current_exe().expect("it runs")).expect("it can be read");
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
