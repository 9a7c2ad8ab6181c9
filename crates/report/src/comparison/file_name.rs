//! File names made from names of systems, items and metrics, which may contain any character.

use std::collections::BTreeSet;

/// Turns `wanted` into a file name, with a number appended if the name is already taken.
pub(crate) fn free_name(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String =
        wanted.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let numbered = (2..).map(|number| format!("{plain}-{number}"));
    let free = std::iter::once(plain.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
    free.unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_plain_and_unique_file_names() {
        let mut taken = BTreeSet::new();
        let names = ["mel-a/b", "mel-a b", "mel-a_b"].map(|name| free_name(name, &mut taken));
        assert_eq!(names, ["mel-a_b", "mel-a_b-2", "mel-a_b-3"]);
    }
}
