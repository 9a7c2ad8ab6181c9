//! Prints any table, from any program: `cargo run -p mynah-table --example read_foreign -- TABLE`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::env;
use std::error::Error;
use std::path::Path;

use mynah_table::read_text_table;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: read_foreign TABLE")?;
    let table = read_text_table(Path::new(&path))?;
    println!("{}", table.columns.join(" | "));
    for row in table.rows {
        let cells: Vec<String> =
            row.into_iter().map(|cell| cell.unwrap_or_else(|| "(none)".to_owned())).collect();
        println!("{}", cells.join(" | "));
    }
    Ok(())
}
