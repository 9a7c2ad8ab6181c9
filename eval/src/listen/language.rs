//! The language of the raters' page.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_listening::Strings;

/// Returns the words of a language that the program brings along, or those of a file.
pub(crate) fn strings(language: &str) -> anyhow::Result<Strings> {
    if let Some(strings) = Strings::of_language(language) {
        return Ok(strings);
    }
    let path = Path::new(language);
    if !path.exists() {
        let known = Strings::LANGUAGES.join(", ");
        let message = format!("there is no language or file `{language}`");
        return Err(Advised::new(message, format!("name one of {known}, or a file of strings")).into());
    }
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{language}`"))?;
    Strings::from_toml(&text).with_context(|| format!("failed to use `{language}`"))
}
