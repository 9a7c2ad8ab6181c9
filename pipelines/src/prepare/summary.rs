//! Summaries of problems, for messages and pages.

use std::collections::BTreeMap;

use mynah_corpus::{Code, Problem};

/// The problems with one code.
pub(crate) struct Group<'a> {
    pub(crate) code: Code,
    pub(crate) count: usize,
    pub(crate) first: &'a Problem,
}

impl Group<'_> {
    /// Describes the place of the first problem.
    pub(crate) fn place(&self) -> String {
        let Problem { id, file, line, .. } = self.first;
        match (id, line) {
            (_, Some(line)) => format!("line {line} of {file}"),
            (Some(id), None) if !file.contains(id.as_str()) => format!("{id} ({file})"),
            _ => file.clone(),
        }
    }
}

/// Groups problems by code, in the order of the codes.
pub(crate) fn group(problems: &[Problem]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Code, Group<'_>> = BTreeMap::new();
    for problem in problems {
        let new = Group { code: problem.code, count: 0, first: problem };
        groups.entry(problem.code).or_insert(new).count += 1;
    }
    groups.into_values().collect()
}

/// Returns a line for each code, with the first problem and its remedy.
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
