//! Prints the schema: as JSON Schema, or with an argument the tables of the documentation.

use std::io::{self, Write};

use cupola_line::schema::{Part, json_schema};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    if std::env::args().len() == 1 {
        return out.write_all(json_schema().as_bytes());
    }
    for part in Part::ALL {
        writeln!(out, "\n## {part:?}\n\n| field | type | what it says |\n|---|---|---|")?;
        for field in part.fields() {
            writeln!(out, "| `{}` | {} | {} |", field.name, field.kind, field.says)?;
        }
    }
    Ok(())
}
