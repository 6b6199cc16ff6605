//! What an index says, against lines read one by one, and what it does with damaged and hostile bytes.

use super::*;
use crate::Timestamp;

const SECOND: i64 = 1_000_000;

/// Lines as our own writer has them; every 50th is a warning that is older than the one before.
fn log(lines: usize) -> Vec<u8> {
    let (mut text, mut time) = (String::new(), Timestamp::new());
    for number in 0..lines {
        let (level, back) = if number % 50 == 49 { ("WARN", 5) } else { ("INFO", 0) };
        let time = time.unix_micros((number as i64 - back) * SECOND);
        text += &format!(
            r#"{{"timestamp":"{time}","level":"{level}","target":"a","message":"m","request_id":"r-{number}","#
        );
        text += &format!(r#""user_id":{},"route":"/r/{}","status":{}}}"#, number % 7, number / 5000, 200 + number % 3);
        text.push('\n');
    }
    text.into_bytes()
}

fn build(log: &[u8], step: usize) -> Index<'static> {
    let mut builder = IndexBuilder::new();
    log.chunks(step).for_each(|piece| builder.push(piece));
    builder.finish()
}

#[test]
fn blocks_say_what_their_lines_say() {
    let log = log(20_000);
    let index = build(&log, 1 << 20);
    assert!(index.blocks().len() > 5);
    let mut at = 0;
    for block in index.blocks() {
        let text = &log[at..at + block.length as usize];
        assert_eq!((block.offset, text.last()), (at as u64, Some(&b'\n')));
        at += block.length as usize;
        let lines: Vec<&str> = std::str::from_utf8(text).unwrap().lines().collect();
        let warnings = lines.iter().filter(|line| line.contains("WARN")).count() as u64;
        assert_eq!(block.levels, [0, 0, lines.len() as u64 - warnings, warnings, 0]);
        assert_eq!((block.lines, block.statuses), (lines.len() as u64, [0, lines.len() as u64, 0, 0, 0]));
        assert!(block.is_canonical && !block.is_ordered);
        let routes: u64 = index.routes(block).unwrap().map(|(_, lines)| lines).sum();
        assert_eq!(routes, block.lines);
        let ids = lines.iter().map(|line| line.split("\"r-").nth(1).unwrap().split('"').next().unwrap());
        assert!(ids.clone().all(|id| index.may_hold(block, id_hash(format!("r-{id}").as_bytes()))));
        assert!(index.may_hold(block, id_hash(b"6")) && !index.may_hold(block, id_hash(b"r-none")));
        let numbers: Vec<i64> = ids.map(|id| id.parse().unwrap()).collect();
        let (first, last) = block.times.unwrap();
        assert!(first <= numbers[0] * SECOND && last <= *numbers.last().unwrap() * SECOND && first < last);
    }
    assert_eq!(at, log.len());
    assert_eq!(index.identity(), Identity::of(log.len() as u64, &log, &log));
}

#[test]
fn it_is_the_same_however_the_bytes_come() {
    for log in
        [log(9_000), log(3), Vec::new(), b"{\"torn\":".to_vec(), [log(6_000), b"plain\n\n\nopen".to_vec()].concat()]
    {
        let whole = build(&log, usize::MAX);
        assert_eq!(whole.blocks().iter().map(|block| block.length).sum::<u64>(), log.len() as u64);
        for step in [7, 4096, 4097, 100_000] {
            assert_eq!(build(&log, step), whole, "{step}");
        }
        assert_eq!(Index::read(&whole.to_bytes()).as_ref(), Ok(&whole));
    }
}

#[test]
fn only_the_block_with_a_foreign_line_is_not_canonical() {
    let text = [log(10_000), b"not ours\n".to_vec(), log(10_000)].concat();
    let index = build(&text, 65_536);
    let foreign = index.blocks().iter().filter(|block| !block.is_canonical).count();
    assert_eq!((foreign, index.blocks().iter().map(|block| block.lines).sum::<u64>()), (1, 20_001));
}

#[test]
fn a_line_without_end_takes_little_memory() {
    let mut builder = IndexBuilder::new();
    let piece = vec![b'x'; 1 << 20];
    (0..40).for_each(|_| builder.push(&piece));
    builder.push(b"\n");
    builder.push(&log(2));
    let index = builder.finish();
    let found: Vec<_> = index.blocks().iter().map(|block| (block.length, block.lines, block.is_canonical)).collect();
    assert_eq!(found, [((40 << 20) + 1, 1, false), (log(2).len() as u64, 2, true)]);
}

#[test]
fn a_last_line_without_end_may_fill_its_block() {
    for length in [BLOCK_BYTES - 2, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 9 << 20] {
        let log = vec![b'x'; length];
        for step in [length, 100_000] {
            let index = build(&log, step);
            let blocks: Vec<_> = index.blocks().iter().map(|block| (block.offset, block.length, block.lines)).collect();
            assert_eq!(blocks, [(0, length as u64, 1)], "{length} {step}");
        }
    }
}

#[test]
fn routes_without_number_are_left_out() {
    let line = |number: usize| {
        format!(
            "{{\"timestamp\":\"1970-01-01T00:00:01.000000Z\",\"level\":\"INFO\",\"target\":\"a\",\"route\":\"/{number}\"}}\n"
        )
    };
    let index = build((0..9_000).map(line).collect::<String>().as_bytes(), usize::MAX);
    let known: Vec<bool> = index.blocks().iter().map(|block| index.routes(block).is_some()).collect();
    assert!(known[0] && !known.last().unwrap() && index.blocks().iter().all(|block| block.is_canonical));
}

#[test]
fn frames_of_a_compressed_file() {
    let log = log(10_000);
    let index = build(&log, usize::MAX);
    let identity = Identity::of(1_000, b"head", b"tail");
    let count = index.blocks().len() as u64;
    let ends: Vec<u64> = (1..=count).map(|number| number * 100).collect();
    let packed = index.clone().packed(identity, &ends).unwrap();
    assert_eq!(packed.blocks()[1].frame, Some(100..200));
    let bytes = packed.to_bytes();
    assert_eq!(Index::read(&bytes).as_ref(), Ok(&packed));
    assert_eq!(packed.clone().sealed(identity).blocks()[1].frame, None);
    assert_eq!(index.clone().packed(identity, &ends[1..]), None);
    assert_eq!(index.clone().packed(Identity::of(count * 100 - 1, b"", b""), &ends), None);
    assert_eq!(index.packed(identity, &vec![2; ends.len() - 1].into_iter().chain([1]).collect::<Vec<_>>()), None);
}

#[test]
fn it_is_small() {
    let log = log(40_000);
    assert!(build(&log, usize::MAX).to_bytes().len() * 50 < log.len());
}

#[test]
fn versions() {
    let mut bytes = build(&log(10), usize::MAX).to_bytes();
    assert_eq!(Index::read(b"something else"), Err(IndexError::NotAnIndex));
    assert_eq!(Index::read(b""), Err(IndexError::NotAnIndex));
    assert_eq!(Index::read(&bytes[..40]), Err(IndexError::Damaged));
    bytes[8] = 2;
    assert_eq!(Index::read(&bytes), Err(IndexError::Version(2)));
}

/// Changes and cuts are all seen.
#[test]
fn damage_is_seen() {
    let bytes = build(&log(1_000), usize::MAX).to_bytes();
    for at in (0..bytes.len()).filter(|at| *at < 200 || at % 13 == 0) {
        assert!(Index::read(&bytes[..at]).is_err(), "cut at {at}");
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        assert!(Index::read(&changed).is_err(), "changed at {at}");
    }
}

/// Whoever makes a hostile index gets its hashes right.
#[test]
fn hostile_summaries_do_no_harm() {
    let forge = |summary: &[u8]| {
        let mut bytes = b"CUPOLIDX\x01\0\0\0\0\0\0\0".to_vec();
        bytes.extend_from_slice(&((48 + summary.len()) as u64).to_le_bytes());
        bytes.extend_from_slice(&(summary.len() as u64).to_le_bytes());
        let seed = xxhash_rust::xxh3::xxh3_64(&bytes);
        bytes.extend_from_slice(&xxhash_rust::xxh3::xxh3_64_with_seed(summary, seed).to_le_bytes());
        bytes.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(&[]).to_le_bytes());
        bytes.extend_from_slice(summary);
        bytes
    };
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let identity = [0; 17];
    let check = |tail: &[&[u8]], is_good| {
        let bytes = forge(&[&identity[..], &tail.concat()].concat());
        assert_eq!(Index::read(&bytes).is_ok(), is_good, "{tail:?}");
    };
    check(&[&[0, 0]], true);
    check(&[&huge], false);
    check(&[&[0], &huge], false);
    check(&[&[1], &huge, b"x"], false);
    check(&[&[1, 1, 0xff, 0]], false);
    // One block: marks, length, lines, ten counts, routes, filter.
    check(&[&[0, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]], true);
    check(&[&[0, 1, 0, 9, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]], false);
    check(&[&[0, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0]], false);
    check(&[&[0, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]], false);
    check(&[&[0, 1, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &huge], false);
    check(&[&[0, 2, 0], &huge, &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]], false);
    check(&[&[0, 1, 1, 9, 1, 2], &huge, &[0; 12]], false);
    check(&[&[0, 1, 16, 9, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]], false);
    check(&[&[0, 1, 0, 9, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]], false);

    // Every byte of a real one, changed to anything, with hashes that fit: no panic, and what is read can be asked.
    let real = build(&log(4), usize::MAX).to_bytes();
    let summary = &real[48..48 + u64::from_le_bytes(real[24..32].try_into().unwrap()) as usize];
    for at in 0..summary.len() {
        for byte in 0..=255 {
            let mut changed = summary.to_vec();
            changed[at] = byte;
            let bytes = forge(&changed);
            if let Ok(index) = Index::read(&bytes) {
                for block in index.blocks() {
                    index.may_hold(block, 7);
                    index.routes(block).map(Iterator::count);
                }
            }
        }
    }
}

/// In pieces it says what it says as a whole.
#[test]
fn answers_are_those_of_the_whole() {
    let index = build(&log(30_000), usize::MAX);
    let bytes = index.to_bytes();
    let asked: Vec<u64> = ["r-1", "r-29999", "r-none", "6"].map(|id| id_hash(id.as_bytes())).to_vec();
    let answers = Answers::read(&mut &bytes[..], &asked).unwrap();
    assert_eq!((answers.identity(), answers.blocks()), (index.identity(), index.blocks()));
    let mut found = [0; 4];
    for (place, block) in index.blocks().iter().enumerate() {
        for (number, id) in asked.iter().enumerate() {
            assert_eq!(answers.may_hold(place, number), index.may_hold(block, *id));
            found[number] += usize::from(answers.may_hold(place, number));
        }
    }
    assert!(found[0] < index.blocks().len() && found[0] > 0 && found[3] == index.blocks().len(), "{found:?}");
    assert!(Answers::read(&mut &bytes[..], &[]).unwrap().may_hold(0, 0), "who has not asked knows nothing");
    assert!(Answers::read(&mut &bytes[..], &[0; 65]).is_err());
    for at in (0..bytes.len()).filter(|at| *at < 200 || at % 1013 == 0) {
        assert!(Answers::read(&mut &bytes[..at], &asked).is_err(), "cut at {at}");
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        assert!(Answers::read(&mut &changed[..], &asked).is_err(), "changed at {at}");
    }
}
