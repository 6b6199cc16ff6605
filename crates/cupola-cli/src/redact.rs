//! `cupola redact`: scrubs a log, a HAR file or a request before it is shared.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use cupola_redact::{End, KeyPolicy, Media, Stream, Surface, Tally};

use crate::Failure;
use crate::environment::variable;
use crate::input::Source;

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// Masks passwords, tokens, keys, cookies and the like, and passes everything else byte for byte.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Redact {
    /// Files to read, one after the other; `-`, or none, is standard input
    files: Vec<PathBuf>,

    /// What the input is: a media type (application/json, application/x-ndjson, application/x-www-form-urlencoded,
    /// multipart/form-data; boundary=..., text/event-stream, text/plain, ...), or header (one `Name: value` a line), url,
    /// query, cookie, set-cookie (the header's value alone). Without it the file's name tells, else what it begins with
    #[arg(long = "as", value_name = "TYPE")]
    surface: Option<Surface>,

    /// The input was cut, so that its end may be the beginning of a secret
    #[arg(long)]
    truncated: bool,

    /// Feeds so many bytes at a time; the output is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    chunk: Option<u32>,

    /// Prints how often each rule was used to standard error
    #[arg(long)]
    report: bool,

    /// Rules of your own, beside the default ones
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  cupola redact trace.har > shared.har
  kubectl logs api | cupola redact --as application/x-ndjson
  curl -v https://example.org 2>&1 | cupola redact --as header
  echo 'https://bob:pw@example.org/?token=abc' | cupola redact --as url

A policy file (TOML):
  deny = [\"customer_ref\"]           # names that hold secrets, in every spelling
  keep = [\"session\"]                # names that are shown nevertheless
  headers = [\"x-tenant\"]            # headers that are shown
  deny_paths = [\"$.user.note\"]      # paths of JSON
  pii = true                        # e-mail addresses, telephone numbers, IBANs, IP addresses too
  form = \"typed\"                    # [REDACTED:jwt] instead of [REDACTED]

Exit codes: 0 done, 1 reading or writing failed, 2 bad usage.";

impl Redact {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let policy = read_policy(self.policy.as_deref()).map_err(Failure::Usage)?;
        let mut out = BufWriter::with_capacity(PIECE, io::stdout().lock());
        let mut tally = Tally::default();
        for source in Source::all(&self.files) {
            self.pass(&source, &policy, &mut out, &mut tally)?;
        }
        out.flush().map_err(|error| Failure::Work(error.into()))?;
        if self.report {
            report(&tally).map_err(|error| Failure::Work(error.into()))?;
        }
        Ok(())
    }

    /// Scrubs one input.
    fn pass(
        &self,
        source: &Source,
        policy: &KeyPolicy,
        out: &mut impl Write,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        // A file that is not there is a wrong argument.
        let mut input = source.open().map_err(Failure::Usage)?;
        let mut pass = || -> anyhow::Result<()> {
            let mut buffer = vec![0; PIECE];
            let mut filled = read(&mut input, &mut buffer, source)?;
            let surface = self.surface.clone().unwrap_or_else(|| guess(source, &buffer[..filled]));
            let mut stream = Stream::of(policy, &surface);
            let step = self.chunk.map_or(PIECE, |chunk| chunk as usize);
            while filled > 0 {
                for piece in buffer[..filled].chunks(step) {
                    out.write_all(stream.feed(piece))?;
                }
                // What is known is shown, so that a log that is being written can be followed.
                if filled < PIECE {
                    out.flush()?;
                }
                filled = read(&mut input, &mut buffer, source)?;
            }
            let finished = stream.finish(if self.truncated { End::Truncated } else { End::Complete });
            out.write_all(&finished.rest)?;
            tally.add(&finished.tally);
            Ok(())
        };
        pass().map_err(Failure::Work)
    }
}

fn read(input: &mut impl Read, buffer: &mut [u8], source: &Source) -> anyhow::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.with_context(|| format!("cannot read {}", source.name())),
        }
    }
}

/// The rules of a file, beside the default ones; those alone where there is none.
pub(crate) fn read_policy(path: Option<&Path>) -> anyhow::Result<KeyPolicy> {
    let Some(path) = path else { return Ok(KeyPolicy::default()) };
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the policy {}", path.display()))?;
    KeyPolicy::from_toml_with(&text, &variable).with_context(|| path.display().to_string())
}

/// What an input is of which nobody has said it.
fn guess(source: &Source, head: &[u8]) -> Surface {
    let media = match source.extension().as_deref() {
        Some("json" | "har") => Media::Json,
        Some("ndjson" | "jsonl" | "log") => Media::NdJson,
        Some("sse") => Media::EventStream,
        _ if looks_like_lines_of_json(head) => Media::NdJson,
        _ => Media::Text,
    };
    media.into()
}

/// An object on the first line, and one on the second.
fn looks_like_lines_of_json(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default().trim_ascii();
    first.starts_with(b"{") && first.ends_with(b"}") && lines.next().is_some_and(|second| second.starts_with(b"{"))
}

fn report(tally: &Tally) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for (rule, count) in tally.used() {
        writeln!(err, "{rule} {count}")?;
    }
    writeln!(err, "redactions {}", tally.redactions())
}
