//! Shows a log on the terminal: `show < app.log`, in colour with `show color`, with every field with `show all`.

use std::io::{self, BufRead, Write};

use cupola_line::{Style, pretty};

fn main() -> io::Result<()> {
    let wanted = |word: &str| std::env::args().any(|argument| argument == word);
    let style = Style::new().color(wanted("color")).all_fields(wanted("all"));
    let (mut input, mut output) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    let (mut line, mut shown) = (Vec::new(), Vec::new());
    while input.read_until(b'\n', &mut line)? > 0 {
        pretty(&mut shown, &line, style);
        output.write_all(&shown)?;
        line.clear();
        shown.clear();
    }
    output.flush()
}
