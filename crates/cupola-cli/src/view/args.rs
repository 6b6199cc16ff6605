//! `cupola view`'s command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::options::select::Select;
use crate::options::{Looks, When};

/// Shows logs: pretty, filtered, several files in one order of time.
///
/// Files may be rotated, compressed with gzip or zstd, and of other JSON loggers (tracing-subscriber, pino, bunyan, zap, slog,
/// structlog, ECS, OpenTelemetry). Without any, the last 50 lines of api.log and errors.log in LOG_DIR, else in ./logs, are shown.
#[derive(Debug, Args, Default)]
#[command(after_long_help = EXAMPLES)]
pub struct View {
    /// Files, folders, `-` for standard input; and expressions that lines must match, such as status=5xx
    #[arg(value_name = "FILE|EXPRESSION")]
    pub(super) what: Vec<String>,

    #[command(flatten)]
    pub(super) select: Select,

    /// The last so many of the lines that match
    #[arg(short = 'n', long, value_name = "N", help_heading = FILTERS)]
    pub(super) lines: Option<usize>,

    /// Goes on with what comes, through rotation and truncation
    #[arg(short = 'F', long, help_heading = FILTERS)]
    pub(super) follow: bool,

    /// So many lines of the file before and after each line that matches
    #[arg(short = 'C', long, value_name = "N", conflicts_with = "follow", default_value_t = 0, hide_default_value = true, help_heading = FILTERS)]
    pub(super) context: usize,

    /// Lines that cannot be read too, in their places, whatever the filters say
    #[arg(long, help_heading = FILTERS)]
    pub(super) unparsed: bool,

    /// These fields and no others, beside time, level and message
    #[arg(long, value_name = "FIELD", value_delimiter = ',', help_heading = LOOKS)]
    pub(super) fields: Vec<String>,

    /// Not these fields
    #[arg(long, value_name = "FIELD", value_delimiter = ',', help_heading = LOOKS)]
    pub(super) hide: Vec<String>,

    /// Fields too that are seldom worth their room: system, span ids, user agent, ...
    #[arg(short, long, help_heading = LOOKS)]
    pub(super) all_fields: bool,

    /// The lines as they stand in the files
    #[arg(long, conflicts_with_all = ["json_array", "html"], help_heading = LOOKS)]
    pub(super) json: bool,

    /// One JSON array, in the order of time
    #[arg(long, conflicts_with_all = ["html", "follow"], help_heading = LOOKS)]
    pub(super) json_array: bool,

    /// Writes a page to attach to a ticket: one file, for any browser
    #[arg(long, value_name = "FILE", conflicts_with = "follow", help_heading = LOOKS)]
    pub(super) html: Option<PathBuf>,

    /// Masks passwords, tokens, keys and the like in everything that is shown or written
    #[arg(long, help_heading = LOOKS)]
    pub(super) redact: bool,

    #[command(flatten)]
    pub(super) looks: Looks,

    /// Which colours
    #[arg(long, value_enum, value_name = "THEME", default_value_t, env = "CUPOLA_THEME", help_heading = LOOKS)]
    pub(super) theme: ThemeName,

    /// A pager ($PAGER, else less -R); `auto` is on a terminal
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, help_heading = LOOKS)]
    pub(super) pager: When,

    /// Does not say at the end which lines were not shown
    #[arg(short, long, help_heading = LOOKS)]
    pub(super) quiet: bool,

    /// Where api.log and errors.log are, if no files are named
    #[arg(long, value_name = "DIR", env = "LOG_DIR", help_heading = FOLDER)]
    pub(super) log_dir: Option<PathBuf>,

    /// Only this one of them
    #[arg(long = "type", value_enum, value_name = "TYPE", help_heading = FOLDER)]
    pub(super) kind: Option<Kind>,

    /// Counts the lines rather than showing them, as cupola stats does
    #[arg(long, conflicts_with_all = ["follow", "html", "json_array", "context"], help_heading = LOOKS)]
    pub(super) stats: bool,

    /// Only errors
    #[arg(long, help_heading = FOLDER)]
    pub(super) errors_only: bool,
}

const FILTERS: &str = "Which lines";
const LOOKS: &str = "How they look";
const FOLDER: &str = "A service's folder";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeName {
    /// For light text on a dark ground
    #[default]
    Dark,
    /// For dark text on a light ground
    Light,
    /// Bright, and nothing faint
    Vivid,
    /// No colours, only bold and faint
    Mono,
}

/// One of a service's two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// api.log
    Api,
    /// errors.log
    Errors,
}

const EXAMPLES: &str = "\
Examples:
  cupola view                                        the last 50 lines of ./logs
  cupola view api.log status=5xx                     one file, one condition
  cupola view logs/ --level warn --since '1h ago'    a folder, rotated and compressed files included
  cupola view api.log -f 'duration_ms>500 and (route=/vms/* or not method=GET)'
  cupola view api.log 'message~time.?out' 'user_id!=' --fields user_id,vm_id
  cupola view logs/ --request 0193f2a4-0719-79ca-a8d8-0ff831a7272b
  kubectl logs -f api | cupola view - --level warn
  cupola view --follow
  cupola view --stats --hours 24
  cupola view api.log --status 5xx --redact --html ticket.html

Expressions:
  field=value  field!=value      * stands for anything; status=5xx for a hundred of them
  field>500  >=  <  <=           numbers; levels (level>=warn); times (time>=yesterday); duration>1.5s
  field~regex  field!~regex      a regular expression is found in it, or is not
  field!=  field=                there is one, or there is none
  \"text\"  word  /regex/          anywhere in the line
  and, or, not, -, ( )           `and` may be left out; -healthz is not healthz
  Fields of objects: error.kind=Timeout. The names of other loggers mean the same: msg, severity, http.route, ...
  Of a name that a line has twice the last one counts.

Exit codes: 0 something was shown, 1 nothing matched, 2 an error.";
