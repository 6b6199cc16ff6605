//! Indexes beside closed files: made of each, gone with it, and never of anything else.

#[cfg(feature = "pack")]
use cupola_line::Packing;
use cupola_line::index::{Identity, Index, IndexBuilder};

use super::*;

/// A closed file with these lines, as it was left there.
fn leave(folder: &Path, name: &str, lines: &[String]) {
    fs::write(folder.join(name), lines.concat()).unwrap();
}

fn indexed(folder: &Path) -> FilesConfig {
    FilesConfig { index: true, backup_count: 100, ..flat(folder) }
}

/// Whether the index beside a file is one of it.
fn fits(file: &Path) -> bool {
    let Ok(bytes) = fs::read(file.with_file_name(format!("{}.idx", file.file_name().unwrap().display()))) else {
        return false;
    };
    let index = Index::read(&bytes).unwrap();
    File::open(file).is_ok_and(|mut file| Identity::read(&mut file).unwrap() == index.identity())
}

fn index_of(text: &str) -> Index<'static> {
    let mut builder = IndexBuilder::new();
    builder.push(text.as_bytes());
    builder.finish()
}

#[test]
fn each_closed_file_has_one_and_the_one_that_is_written_to_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(FilesConfig { max_bytes: 4096, ..indexed(folder.path()) });
    assert_eq!(log.write(&lines(200)), 0);
    let closed = |end: &str| -> Vec<String> {
        let is_wanted = |name: &String| name.starts_with("api.2026") && name.ends_with(end);
        names(folder.path()).into_iter().filter(is_wanted).collect()
    };
    assert!(closed(".log").len() > 3);
    eventually("all have one", || closed(".log.idx").len() == closed(".log").len());
    drop(log);
    for name in closed(".log") {
        let bytes = fs::read(folder.path().join(format!("{name}.idx"))).unwrap();
        assert_eq!(Index::read(&bytes).unwrap(), index_of(&text(folder.path().join(name))));
    }
    assert!(!names(folder.path()).iter().any(|name| name == "api.log.idx" || name.ends_with(".tmp")));
}

#[test]
fn whoever_wants_none_has_none() {
    let folder = tempfile::tempdir().unwrap();
    leave(folder.path(), "api.2026-11-20.001.log", &lines(1));
    leave(folder.path(), "api.2026-11-01.001.log", &lines(1));
    let log = Log::open(FilesConfig { max_age_days: Some(9), ..flat(folder.path()) });
    eventually("it was looked at", || !folder.path().join("api.2026-11-01.001.log").exists());
    drop(log);
    assert_eq!(names(folder.path()), ["api.2026-11-20.001.log"]);
}

#[test]
fn one_that_is_foreign_old_or_half_written_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["api.2026-11-18.001.log", "api.2026-11-19.001.log", "api.2026-11-20.001.log"] {
        leave(folder.path(), name, &lines(9));
    }
    let old = |name: &str, bytes: &[u8]| {
        fs::write(at(name), bytes).unwrap();
        File::options().append(true).open(at(name)).unwrap().set_modified(UNIX_EPOCH).unwrap();
    };
    old("api.2026-11-18.001.log.idx", b"foreign");
    old("api.2026-11-19.001.log.idx", &index_of("an older file").to_bytes());
    fs::write(at("api.2026-11-20.001.log.idx.tmp"), "half").unwrap();
    let log = Log::open(indexed(folder.path()));
    eventually("the last one has one", || at("api.2026-11-20.001.log.idx").exists());
    drop(log);
    for name in ["api.2026-11-18.001.log", "api.2026-11-19.001.log", "api.2026-11-20.001.log"] {
        assert!(fits(&at(name)) && !at(&format!("{name}.idx.tmp")).exists(), "{name}");
    }
    // One that bears its file's time is left.
    let (file, index) = (at("api.2026-11-20.001.log"), at("api.2026-11-20.001.log.idx"));
    fs::write(&index, "as it was").unwrap();
    let index_file = File::options().append(true).open(&index).unwrap();
    index_file.set_modified(fs::metadata(file).unwrap().modified().unwrap()).unwrap();
    leave(folder.path(), "api.2026-11-20.002.log", &lines(9));
    let log = Log::open(indexed(folder.path()));
    eventually("the new one has its own", || at("api.2026-11-20.002.log.idx").exists());
    drop(log);
    assert_eq!(text(index), "as it was");
}

#[test]
fn it_goes_with_its_file_and_counts_with_it() {
    let folder = tempfile::tempdir().unwrap();
    for day in 1..=4 {
        leave(folder.path(), &format!("api.2026-11-0{day}.001.log"), &lines(5));
        fs::write(folder.path().join(format!("api.2026-11-0{day}.001.log.idx")), [b'x'; 500]).unwrap();
    }
    // Whose file somebody has taken away.
    fs::write(folder.path().join("api.2026-11-05.001.log.idx"), "orphan").unwrap();
    fs::write(folder.path().join("api-access.2026-11-05.001.log.idx"), "mine").unwrap();
    let one = lines(5).concat().len() as u64 + 500;
    let log = Log::open(FilesConfig { total_bytes: Some(2 * one), backup_count: 3, ..flat(folder.path()) });
    eventually("the bound holds", || !folder.path().join("api.2026-11-02.001.log.idx").exists());
    drop(log);
    let expected =
        ["03.001.log", "03.001.log.idx", "04.001.log", "04.001.log.idx"].map(|end| format!("api.2026-11-{end}"));
    assert_eq!(names(folder.path())[1..], expected);
    assert_eq!(names(folder.path())[0], "api-access.2026-11-05.001.log.idx");
}

#[cfg(feature = "pack")]
mod packed {
    use std::io::Read;

    use super::*;

    /// Packs one file of several blocks, and checks what lies there then.
    fn check(packing: Packing, name: &str) {
        let folder = tempfile::tempdir().unwrap();
        let batch = lines(8_000);
        leave(folder.path(), "api.2026-11-20.001.log", &batch);
        fs::write(folder.path().join("api.2026-11-20.001.log.idx"), "of when it was not packed").unwrap();
        let log = Log::open(FilesConfig { packing, ..indexed(folder.path()) });
        eventually("it is packed", || names(folder.path()) == [name.to_owned(), format!("{name}.idx")]);
        drop(log);
        let path = folder.path().join(name);
        assert!(fits(&path));
        assert_eq!(super::super::packing::unpacked(&path), batch.concat());
        let index = fs::read(folder.path().join(format!("{name}.idx"))).unwrap();
        let index = Index::read(&index).unwrap();
        let plain = index_of(&batch.concat());
        assert!(plain.blocks().len() > 3);
        let file = fs::read(&path).unwrap();
        for (block, plain) in index.blocks().iter().zip(plain.blocks()) {
            assert_eq!((block.offset, block.length, block.levels), (plain.offset, plain.length, plain.levels));
            let Some(frame) = block.frame.clone() else { continue };
            let mut text = String::new();
            let frame = &file[frame.start as usize..frame.end as usize];
            zstd::Decoder::new(frame).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, batch.concat()[block.offset as usize..(block.offset + block.length) as usize]);
        }
        assert_eq!(index.blocks().len(), plain.blocks().len());
        assert!(index.blocks().iter().all(|block| block.frame.is_some() == (packing == Packing::Zstd)));
    }

    #[test]
    fn each_block_of_zstd_is_a_frame() {
        check(Packing::Zstd, "api.2026-11-20.001.log.zst");
    }

    #[test]
    fn gzip_is_one_piece() {
        check(Packing::Gzip, "api.2026-11-20.001.log.gz");
    }

    #[test]
    fn a_file_without_lines_is_packed_too() {
        let folder = tempfile::tempdir().unwrap();
        leave(folder.path(), "api.2026-11-20.001.log", &[]);
        leave(folder.path(), "api.2026-11-20.002.log", &["{\"torn".to_owned()]);
        let log = Log::open(FilesConfig { packing: Packing::Zstd, ..indexed(folder.path()) });
        eventually("all are packed", || names(folder.path()).iter().filter(|name| name.ends_with(".idx")).count() == 2);
        drop(log);
        for (number, expected) in [(1, ""), (2, "{\"torn")] {
            let path = folder.path().join(format!("api.2026-11-20.00{number}.log.zst"));
            assert_eq!(super::super::packing::unpacked(&path), expected);
            assert!(fits(&path));
        }
    }

    /// A folder stands where the index is to be written.
    #[test]
    fn where_no_index_can_be_written_the_file_is_packed_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        leave(folder.path(), "api.2026-11-20.001.log", &lines(3));
        fs::create_dir(folder.path().join("api.2026-11-20.001.log.zst.idx.tmp")).unwrap();
        let log = Log::open(FilesConfig { packing: Packing::Zstd, ..indexed(folder.path()) });
        eventually("it is packed", || !folder.path().join("api.2026-11-20.001.log").exists());
        drop(log);
        let path = folder.path().join("api.2026-11-20.001.log.zst");
        assert_eq!(super::super::packing::unpacked(&path), lines(3).concat());
        assert!(!fits(&path));
    }
}
