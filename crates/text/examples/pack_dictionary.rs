//! Packs CMUdict into `crates/text/data`.
//!
//! ```text
//! git clone https://github.com/cmusphinx/cmudict && git -C cmudict checkout <commit of data/README.md>
//! cargo run --release -p mynah-text --example pack_dictionary -- cmudict/cmudict.dict crates/text/data
//! ```
//!
//! The same input gives the same bytes; `data/README.md` has the hashes of both.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use mynah_text::{Lexicon, pack_dictionary};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [source, data] = arguments.as_slice() else {
        return Err("usage: pack_dictionary CMUDICT.dict OUT_DIRECTORY".into());
    };
    let lexicon = Lexicon::parse(source, &fs::read_to_string(source)?)?;
    let packed = pack_dictionary(&lexicon)?;
    fs::write(Path::new(data).join("cmudict-words.fst"), packed.words)?;
    fs::write(Path::new(data).join("cmudict-phones.bin"), packed.phones)?;
    Ok(())
}
