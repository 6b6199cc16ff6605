//! Logs as chance writes them, and in the forms in which they are kept.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// About so many lines make several blocks.
const LINES: usize = 6_000;

/// A file with every line, and one with the errors among them.
pub(crate) struct Log {
    pub(crate) api: Vec<u8>,
    pub(crate) errors: String,
}

/// Numbers without an end.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len() as u64) as usize]
    }
}

impl Log {
    pub(crate) fn random(seed: u64) -> Self {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (mut api, mut errors, mut micros) = (String::new(), String::new(), 0);
        for number in 0..LINES {
            micros += chance.below(1_000_000);
            let line = line(&mut chance, micros, number);
            if line.contains("ERROR") {
                errors.push_str(&line);
            }
            api.push_str(&line);
        }
        Self { api: api.into_bytes(), errors }
    }

    fn map(self, seed: u64, mut change: impl FnMut(&mut Chance, &mut Vec<String>, usize, String)) -> Self {
        let (text, mut chance, mut lines) = (String::from_utf8(self.api).unwrap(), Chance(seed), Vec::new());
        for (number, line) in text.lines().enumerate() {
            change(&mut chance, &mut lines, number, format!("{line}\n"));
        }
        Self { api: lines.concat().into_bytes(), ..self }
    }

    /// Lines up to a few hundred behind their places.
    pub(crate) fn with_late_lines(self) -> Self {
        let mut held = Vec::<(usize, String)>::new();
        self.map(11, |chance, lines, number, line| {
            held.retain(|(until, late)| {
                let is_due = *until <= number;
                if is_due {
                    lines.push(late.clone());
                }
                !is_due
            });
            match chance.below(5) {
                0 if number + 400 < LINES => held.push((number + chance.below(300) as usize, line)),
                _ => lines.push(line),
            }
        })
    }

    /// Here and there a line of another logger, of none, one that is broken, torn, spelled in another way, or very long.
    pub(crate) fn with_others(self) -> Self {
        self.map(12, |chance, lines, number, line| {
            let time = line[14..41].to_owned();
            lines.push(line.clone());
            // All in one part of the file, so that there are blocks without any.
            if number % 2000 > 300 {
                return;
            }
            match chance.below(60) {
                0 => lines.push(format!(
                    "{{\"time\":\"{time}\",\"level\":50,\"msg\":\"foreign\",\"req\":{{\"id\":\"r-1234\"}},\"route\":\"/rare\"}}\n"
                )),
                1 => lines.push("plain text, as of r-1234\n".to_owned()),
                2 => lines.push("\n".to_owned()),
                3 => lines.push(format!("{}\n", &line[..line.len() / 2])),
                4 => lines.push(line.replace("\"level\":\"INFO\"", "\"level\":\"INFO\",\"lev\\u0065l\":\"ERROR\"")),
                5 => lines.push(line.replace("\"status\"", "\"status\":503,\"status\"")),
                6 => lines.push(line.replace("\"route\":\"/", "\"route\":\"\\/")),
                7 if number % 40 == 0 => {
                    lines.push(line.replace("\"message\":\"", &format!("\"message\":\"{}", "x".repeat(200_000))));
                }
                _ => {}
            }
        })
    }

    /// The second half begins an hour before the first has begun.
    pub(crate) fn with_a_clock_that_went_back(self) -> Self {
        self.map(13, |_, lines, number, line| {
            lines.push(if number < LINES / 2 { line.replace("-21T00:", "-21T01:") } else { line });
        })
    }
}

fn line(chance: &mut Chance, micros: u64, number: usize) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let time = format!("{:02}:{:02}:{:02}.{fraction:06}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    // Every id comes twice, somewhat apart.
    let id = if number >= 40 && number % 2 == 1 { number - 39 } else { number };
    let is_rare = number % 2000 == 1000;
    let level = match chance.below(300) {
        _ if is_rare => "ERROR",
        0 => "ERROR",
        1..=9 => "WARN",
        10 => "DEBUG",
        _ => "INFO",
    };
    let route = if is_rare { "/rare" } else { chance.of(&["/r/{id}", "/r", "/other"]) };
    let status = if level == "ERROR" { 503 } else { chance.of(&["200", "204", "404"]).parse().unwrap() };
    let mut line = format!(
        "{{\"timestamp\":\"2026-11-21T{time}Z\",\"level\":\"{level}\",\"target\":\"app\",\"category\":\"api\",\"message\":\"done {}\"",
        chance.below(9)
    );
    let _ = write!(line, ",\"route\":\"{route}\",\"status\":{status},\"duration_ms\":{}", chance.below(900));
    let _ = write!(line, ",\"request_id\":\"r-{id}\",\"trace_id\":\"t-{}\",\"user_id\":{}", id / 3, chance.below(3000));
    let _ = writeln!(line, ",\"pad\":\"{}\"}}", "p".repeat(chance.below(60) as usize));
    line
}

/// How a file is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    /// Of zstd, one for each block of its index.
    Frames,
    Gzip,
}

impl Packing {
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Frames => ".zst",
            Self::Gzip => ".gz",
        }
    }

    pub(crate) fn pack(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::None => text.to_vec(),
            Self::Frames => {
                let mut builder = cupola_line::index::IndexBuilder::new();
                builder.push(text);
                let block = |block: &cupola_line::index::IndexBlock| {
                    let (start, length) = (block.offset as usize, block.length as usize);
                    zstd::encode_all(&text[start..start + length], 3).unwrap()
                };
                builder.finish().blocks().iter().flat_map(block).collect()
            }
            Self::Gzip => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(text).unwrap();
                packed.finish().unwrap()
            }
        }
    }
}
