//! What was wrong, in few lines.

use std::collections::BTreeMap;

use mynah_corpus::{Code, Problem};

/// All problems of one kind.
pub(crate) struct Group<'a> {
    pub(crate) code: Code,
    pub(crate) count: usize,
    pub(crate) first: &'a Problem,
}

impl Group<'_> {
    /// Where the first one is.
    pub(crate) fn place(&self) -> String {
        let Problem { id, file, line, .. } = self.first;
        match (id, line) {
            (_, Some(line)) => format!("line {line} of {file}"),
            (Some(id), None) if !file.contains(id.as_str()) => format!("{id} ({file})"),
            _ => file.clone(),
        }
    }
}

/// The problems by code, in the order of the codes.
pub(crate) fn group(problems: &[Problem]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Code, Group<'_>> = BTreeMap::new();
    for problem in problems {
        let new = Group { code: problem.code, count: 0, first: problem };
        groups.entry(problem.code).or_insert(new).count += 1;
    }
    groups.into_values().collect()
}

/// A line for each kind of problem, with the first of them and the remedy.
pub(crate) fn lines(problems: &[Problem]) -> Vec<String> {
    group(problems)
        .iter()
        .map(|group| {
            let first = if group.count > 1 { "the first: " } else { "" };
            format!(
                "  {:>6} × {:<18} {first}{}: {}\n{:30}{}",
                group.count,
                group.code.word(),
                group.place(),
                group.first.message,
                "",
                group.first.remedy
            )
        })
        .collect()
}
