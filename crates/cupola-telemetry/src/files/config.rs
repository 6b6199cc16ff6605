//! Where files lie, how large they grow and how long they stay.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cupola_line::{FileFamily, Packing};
use cupola_record::{VarError, Vars};

/// What variables say about log files.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `LOG_DIR` | a folder, made where it is missing | no files |
/// | `LOG_FILE` | the path of one file with every line, in place of `LOG_DIR` or beside it | none |
/// | `CUPOLA_LOG_LAYOUT` | `files`: `api.log` with every line, `errors.log` with those at ERROR; `categories`: a folder for each category with a file for each day; `both` | `both` |
/// | `CUPOLA_LOG_PER_SERVICE` | yes or no: a folder for each service in `LOG_DIR` | no |
/// | `LOG_MAX_BYTES` | bytes after which a file is closed and another begun | 10485760 |
/// | `LOG_BACKUP_COUNT` | how many closed files of a kind stay | 5 |
/// | `CUPOLA_LOG_MAX_AGE_DAYS` | days after which a closed file goes | it stays |
/// | `CUPOLA_LOG_TOTAL_BYTES` | bytes of all closed files together; the oldest go first | no bound |
/// | `CUPOLA_LOG_PACK` | `zstd`, `gzip` or `none`: how closed files are packed | `zstd` |
/// | `CUPOLA_LOG_INDEX` | yes or no: an index beside each closed file, by which a viewer finds lines without reading it all | yes |
/// | `CUPOLA_LOG_SYNC` | `never`, `batch`, or milliseconds: when what was written is forced to the disk | `never` |
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilesConfig {
    /// The folder of `api.log`, `errors.log` and the categories' folders.
    pub folder: Option<PathBuf>,
    /// One file with every line.
    pub file: Option<PathBuf>,
    /// What is in the folder.
    pub layout: Layout,
    /// A file that would grow beyond this is closed before.
    pub max_bytes: u64,
    /// How many closed files of a kind stay.
    pub backup_count: usize,
    /// How old a closed file becomes.
    pub max_age_days: Option<u32>,
    /// How large all closed files are together.
    pub total_bytes: Option<u64>,
    /// How closed files are packed.
    pub packing: Packing,
    /// Whether an index is left beside each closed file, of about 1 % of its size.
    pub index: bool,
    /// When what was written is forced to the disk.
    pub sync: Sync,
}

/// What is in the folder of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// `api.log` and `errors.log`.
    Files,
    /// A folder for each category.
    Categories,
    /// All of them.
    #[default]
    Both,
}

/// When what was written is forced to the disk. Without it a crash of the machine, but not of the process, may cost
/// the last lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sync {
    /// When the system pleases.
    #[default]
    Never,
    /// After each batch.
    Batch,
    /// After a batch, if so much time has passed since the last time.
    Every(Duration),
}

/// What a folder has. A file that is written to twice would have every line twice.
const OWN: [&str; 2] = ["api.log", "errors.log"];

const MAX_BYTES: u64 = 10 * 1024 * 1024;
const BACKUP_COUNT: usize = 5;

impl FilesConfig {
    /// `api.log`, `errors.log` and the categories in this folder, all else as if no variable were set.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..Self::nowhere() }
    }

    /// Reads the variables; `service` is the name that the code gives. `None` where no file is named.
    pub fn from_vars(service: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, VarError> {
        let vars = Vars::new(vars);
        let per_service = vars.yes_or_no("CUPOLA_LOG_PER_SERVICE")? == Some(true);
        let folder = vars.text("LOG_DIR").map(PathBuf::from);
        let folder = folder.map(|folder| if per_service { folder.join(safe(service)) } else { folder });
        let file = vars.read("LOG_FILE", "the path of a file that LOG_DIR does not have anyway", |path| {
            let is_own =
                folder.as_ref().is_some_and(|folder| OWN.iter().any(|own| folder.join(own) == Path::new(path)));
            let is_file = Path::new(path).file_name().is_some_and(|name| name.to_str().is_some());
            (is_file && !is_own).then(|| PathBuf::from(path))
        })?;
        let layout = vars.read("CUPOLA_LOG_LAYOUT", "files, categories or both", layout)?.unwrap_or_default();
        let max_bytes = vars.read("LOG_MAX_BYTES", "a number of bytes, at least 1024", max_bytes)?;
        let backup_count = vars.parsed("LOG_BACKUP_COUNT", "a number of files")?;
        let config = Self {
            folder,
            file,
            layout,
            max_bytes: max_bytes.unwrap_or(MAX_BYTES),
            backup_count: backup_count.unwrap_or(BACKUP_COUNT),
            max_age_days: vars.parsed("CUPOLA_LOG_MAX_AGE_DAYS", "a number of days")?,
            total_bytes: vars.parsed("CUPOLA_LOG_TOTAL_BYTES", "a number of bytes")?,
            packing: vars.read("CUPOLA_LOG_PACK", PACKINGS, packing)?.unwrap_or(DEFAULT_PACKING),
            index: vars.yes_or_no("CUPOLA_LOG_INDEX")?.unwrap_or(true),
            sync: vars.read("CUPOLA_LOG_SYNC", "never, batch or a number of milliseconds", sync)?.unwrap_or_default(),
        };
        let is_somewhere = config.folder.is_some() || config.file.is_some();
        let is_wanted =
            vars.read("CUPOLA_LOG_OUTPUT", "stdout or stderr, while neither LOG_DIR nor LOG_FILE is set", |outputs| {
                let named = outputs.split(',').any(|output| output.trim().eq_ignore_ascii_case("files"));
                (is_somewhere || !named).then_some(named)
            })?;
        Ok((is_somewhere && is_wanted != Some(false)).then_some(config))
    }

    fn nowhere() -> Self {
        Self {
            folder: None,
            file: None,
            layout: Layout::default(),
            max_bytes: MAX_BYTES,
            backup_count: BACKUP_COUNT,
            max_age_days: None,
            total_bytes: None,
            packing: DEFAULT_PACKING,
            index: true,
            sync: Sync::default(),
        }
    }

    /// The one file's folder and family.
    pub(super) fn single(&self) -> Option<(PathBuf, FileFamily)> {
        let path = self.file.as_ref()?;
        let name = Path::new(path.file_name()?);
        let part = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).unwrap_or_default().to_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some((folder.to_owned(), FileFamily::named(part(name.file_stem()), part(name.extension()))))
    }
}

#[cfg(feature = "pack")]
const DEFAULT_PACKING: Packing = Packing::Zstd;
#[cfg(not(feature = "pack"))]
const DEFAULT_PACKING: Packing = Packing::None;

#[cfg(feature = "pack")]
const PACKINGS: &str = "zstd, gzip or none";
#[cfg(not(feature = "pack"))]
const PACKINGS: &str = "none: this build packs nothing";

fn packing(value: &str) -> Option<Packing> {
    match value.to_ascii_lowercase().as_str() {
        "none" => Some(Packing::None),
        "gzip" | "gz" if cfg!(feature = "pack") => Some(Packing::Gzip),
        "zstd" | "zst" if cfg!(feature = "pack") => Some(Packing::Zstd),
        _ => None,
    }
}

fn layout(value: &str) -> Option<Layout> {
    match value.to_ascii_lowercase().as_str() {
        "files" => Some(Layout::Files),
        "categories" => Some(Layout::Categories),
        "both" => Some(Layout::Both),
        _ => None,
    }
}

fn sync(value: &str) -> Option<Sync> {
    match value.to_ascii_lowercase().as_str() {
        "never" => Some(Sync::Never),
        "batch" => Some(Sync::Batch),
        number => number.parse().ok().filter(|ms| *ms > 0).map(|ms| Sync::Every(Duration::from_millis(ms))),
    }
}

fn max_bytes(value: &str) -> Option<u64> {
    value.parse().ok().filter(|bytes| *bytes >= 1024)
}

/// A service's name as that of a folder.
fn safe(service: &str) -> String {
    let safe = |char: char| if char.is_ascii_alphanumeric() || "-_.".contains(char) { char } else { '_' };
    let name: String = service.chars().take(64).map(safe).collect();
    if name.trim_matches('.').is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<FilesConfig>, VarError> {
        let value = |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        FilesConfig::from_vars("billing/eu", &value)
    }

    #[test]
    fn files_are_where_the_variables_say() {
        assert_eq!(read(&[("LOG_MAX_BYTES", "2048")]).unwrap(), None);
        assert_eq!(read(&[("LOG_DIR", "logs")]).unwrap(), Some(FilesConfig::in_folder("logs")));
        assert_eq!(read(&[("LOG_DIR", "logs"), ("CUPOLA_LOG_OUTPUT", "stderr")]).unwrap(), None);
        assert!(read(&[("LOG_DIR", "logs"), ("CUPOLA_LOG_OUTPUT", "Files")]).unwrap().is_some());
        let config = read(&[
            ("LOG_DIR", "logs"),
            ("CUPOLA_LOG_PER_SERVICE", "yes"),
            ("CUPOLA_LOG_LAYOUT", "categories"),
            ("LOG_MAX_BYTES", "2048"),
            ("LOG_BACKUP_COUNT", "0"),
            ("CUPOLA_LOG_MAX_AGE_DAYS", "30"),
            ("CUPOLA_LOG_TOTAL_BYTES", "1000000"),
            ("CUPOLA_LOG_PACK", "none"),
            ("CUPOLA_LOG_INDEX", "off"),
            ("CUPOLA_LOG_SYNC", "250"),
        ]);
        let expected = FilesConfig {
            folder: Some("logs/billing_eu".into()),
            file: None,
            layout: Layout::Categories,
            max_bytes: 2048,
            backup_count: 0,
            max_age_days: Some(30),
            total_bytes: Some(1_000_000),
            packing: Packing::None,
            index: false,
            sync: Sync::Every(Duration::from_millis(250)),
        };
        assert_eq!(config.unwrap(), Some(expected));
    }

    #[test]
    fn one_file_has_a_family_of_its_own() {
        let check = |path: &str, folder: &str, active: &str| {
            let config = read(&[("LOG_FILE", path)]).unwrap().unwrap();
            let (found, family) = config.single().unwrap();
            let day = cupola_line::Day::of_unix_seconds(0);
            assert_eq!((found.as_path(), family.active(day).as_str()), (Path::new(folder), active), "{path}");
        };
        check("/var/log/app/app.log", "/var/log/app", "app.log");
        check("app", ".", "app");
        check("logs/app.v2.log", "logs", "app.v2.log");
    }

    #[test]
    fn a_bad_value_names_itself() {
        let check = |name, value, text: &str| assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), text);
        check(
            "CUPOLA_LOG_OUTPUT",
            "stdout,files",
            "CUPOLA_LOG_OUTPUT is `stdout,files`; accepted: stdout or stderr, while neither LOG_DIR nor LOG_FILE is set",
        );
        check("LOG_MAX_BYTES", "10", "LOG_MAX_BYTES is `10`; accepted: a number of bytes, at least 1024");
        check("LOG_BACKUP_COUNT", "-1", "LOG_BACKUP_COUNT is `-1`; accepted: a number of files");
        check("CUPOLA_LOG_LAYOUT", "flat", "CUPOLA_LOG_LAYOUT is `flat`; accepted: files, categories or both");
        check("CUPOLA_LOG_SYNC", "0", "CUPOLA_LOG_SYNC is `0`; accepted: never, batch or a number of milliseconds");
        let accepted = "accepted: the path of a file that LOG_DIR does not have anyway";
        check("LOG_FILE", "logs/..", &format!("LOG_FILE is `logs/..`; {accepted}"));
        let twice = read(&[("LOG_DIR", "logs"), ("LOG_FILE", "logs/./api.log")]).unwrap_err();
        assert_eq!(twice.to_string(), format!("LOG_FILE is `logs/./api.log`; {accepted}"));
    }

    #[test]
    fn a_service_is_a_folder_and_no_path() {
        for (service, expected) in [("billing", "billing"), ("../etc", ".._etc"), ("..", "_"), ("a b/ü", "a_b__")] {
            assert_eq!(safe(service), expected);
        }
    }
}
