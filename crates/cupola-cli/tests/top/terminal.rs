//! A terminal of a given size, and the command in it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use vt100::{Parser, Screen};

use crate::server::PATIENCE;

/// What is on the screen, and who waits for it to change.
type Shown = Arc<(Mutex<Parser>, Condvar)>;

pub(crate) struct Terminal {
    ours: File,
    theirs: File,
    child: Child,
    shown: Shown,
}

impl Terminal {
    pub(crate) fn start(command: &Command, (columns, rows): (u16, u16)) -> Self {
        let ours = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        rustix::pty::grantpt(&ours).unwrap();
        rustix::pty::unlockpt(&ours).unwrap();
        let name = rustix::pty::ptsname(&ours, Vec::new()).unwrap();
        let theirs = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let ours = File::from(ours);
        size(&ours, columns, rows);
        // The terminal is to be its own, not the one where somebody tests.
        let mut own = Command::new("setsid");
        own.arg("--ctty").arg(command.get_program()).args(command.get_args());
        own.current_dir(command.get_current_dir().unwrap()).env("TERM", "xterm-256color").env("TZ", "UTC");
        ["NO_COLOR", "COLUMNS", "CUPOLA_READ_TOKEN"].iter().for_each(|name| _ = own.env_remove(name));
        let other = || theirs.try_clone().unwrap();
        let child = own.stdin(other()).stdout(other()).stderr(other()).spawn().unwrap();
        let shown: Shown = Arc::new((Mutex::new(Parser::new(some(rows), some(columns), 0)), Condvar::new()));
        let (mut from, to) = (ours.try_clone().unwrap(), shown.clone());
        std::thread::spawn(move || {
            let mut piece = [0; 4_096];
            while let Ok(length @ 1..) = from.read(&mut piece) {
                to.0.lock().unwrap().process(&piece[..length]);
                to.1.notify_all();
            }
        });
        Self { ours, theirs, child, shown }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.shown.0.lock().unwrap().screen_mut().set_size(some(rows), some(columns));
        size(&self.ours, columns, rows);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the screen is so.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, is: impl Fn(&str) -> bool) -> String {
        self.until_screen(what, |screen| is(&screen.contents()))
    }

    #[track_caller]
    pub(crate) fn until_has(&self, text: &str) -> String {
        self.until(text, |shown| shown.contains(text))
    }

    #[track_caller]
    fn until_screen(&self, what: &str, is: impl Fn(&Screen) -> bool) -> String {
        let (parser, changed) = &*self.shown;
        let parser = parser.lock().unwrap();
        let (parser, timeout) = changed.wait_timeout_while(parser, PATIENCE, |parser| !is(parser.screen())).unwrap();
        let contents = parser.screen().contents();
        assert!(!timeout.timed_out(), "not on the screen: {what}\n{contents}");
        contents
    }

    /// Whether a text stands in colours.
    pub(crate) fn has_colors(&self) -> bool {
        let parser = self.shown.0.lock().unwrap();
        let screen = parser.screen();
        let (rows, columns) = screen.size();
        let cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
        cells.filter_map(|(row, column)| screen.cell(row, column)).any(|cell| cell.fgcolor() != vt100::Color::Default)
    }

    /// Waits for the end; the terminal has to be as it was. Returns the exit code.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let code = self.child.wait().unwrap().code();
        self.until_screen("the screen of before", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        assert!(!self.is_raw(), "lines are edited and echoed again");
        code
    }

    pub(crate) fn is_raw(&self) -> bool {
        !tcgetattr(&self.theirs).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// How much processor time it has used, in hundredths of a second.
    pub(crate) fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn some(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn size(of: &File, columns: u16, rows: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(of, size).unwrap();
}
