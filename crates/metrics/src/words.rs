//! Errors of a transcript against the text that was read.
//!
//! An error rate of a corpus is pooled: all errors over all words, so that long sentences count for what they are.

/// A step of an edit from a reference to a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edit {
    /// The next words of both are equal.
    Hit,
    /// The next word of the reference is replaced by that of the hypothesis.
    Substitution,
    /// The next word of the reference is missing from the hypothesis.
    Deletion,
    /// The next word of the hypothesis is not in the reference.
    Insertion,
}

/// Numbers of the steps of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct EditCounts {
    /// Equal words.
    pub hits: u64,
    /// Replaced words.
    pub substitutions: u64,
    /// Words of the reference that are missing.
    pub deletions: u64,
    /// Words that are not in the reference.
    pub insertions: u64,
}

impl EditCounts {
    /// Returns the number of errors.
    #[must_use]
    pub fn errors(self) -> u64 {
        self.substitutions + self.deletions + self.insertions
    }

    /// Returns the number of words of the reference.
    #[must_use]
    pub fn length(self) -> u64 {
        self.hits + self.substitutions + self.deletions
    }

    /// Returns what the best edit has least of: errors, then substitutions.
    fn cost(self) -> Cost {
        (self.errors(), self.substitutions)
    }

    fn with(mut self, edit: Edit) -> Self {
        match edit {
            Edit::Hit => self.hits += 1,
            Edit::Substitution => self.substitutions += 1,
            Edit::Deletion => self.deletions += 1,
            Edit::Insertion => self.insertions += 1,
        }
        self
    }
}

/// Counts the steps of the edit with the fewest errors from a reference to a hypothesis; of several, those of [`edits`].
///
/// Time grows with the product of the lengths, memory with the length of the hypothesis.
///
/// # Examples
///
/// ```
/// let reference = ["the", "house", "of", "commons"];
/// let counts = mynah_metrics::edit_counts(&reference, &["the", "mouse", "of"]);
/// assert_eq!((counts.substitutions, counts.deletions, counts.insertions, counts.length()), (1, 1, 0, 4));
/// ```
#[must_use]
pub fn edit_counts<T: PartialEq>(reference: &[T], hypothesis: &[T]) -> EditCounts {
    // Row i has the counts of the first i words of the reference against each beginning of the hypothesis.
    let mut row: Vec<EditCounts> = (0..=hypothesis.len() as u64)
        .map(|insertions| EditCounts { insertions, ..EditCounts::default() })
        .collect();
    for word in reference {
        let mut diagonal = row[0];
        row[0] = row[0].with(Edit::Deletion);
        for (column, other) in hypothesis.iter().enumerate() {
            let (above, left) = (row[column + 1], row[column]);
            row[column + 1] = match best(word == other, [diagonal, above, left].map(EditCounts::cost)) {
                edit @ (Edit::Hit | Edit::Substitution) => diagonal.with(edit),
                Edit::Deletion => above.with(Edit::Deletion),
                Edit::Insertion => left.with(Edit::Insertion),
            };
            diagonal = above;
        }
    }
    row[hypothesis.len()]
}

/// Returns the steps of the edit with the fewest errors from a reference to a hypothesis.
///
/// Of several such edits, one with the most hits, which has the fewest substitutions. Time and memory grow with the product of the
/// lengths.
#[must_use]
pub fn edits<T: PartialEq>(reference: &[T], hypothesis: &[T]) -> Vec<Edit> {
    let width = hypothesis.len() + 1;
    let mut steps = vec![Edit::Insertion; width * (reference.len() + 1)];
    let mut costs: Vec<Cost> = (0..width as u64).map(|insertions| (insertions, 0)).collect();
    for (index, word) in reference.iter().enumerate() {
        let mut diagonal = costs[0];
        costs[0].0 += 1;
        let own = &mut steps[(index + 1) * width..][..width];
        own[0] = Edit::Deletion;
        for (column, other) in hypothesis.iter().enumerate() {
            let neighbors = [diagonal, costs[column + 1], costs[column]];
            let edit = best(word == other, neighbors);
            own[column + 1] = edit;
            diagonal = costs[column + 1];
            costs[column + 1] = after(edit, neighbors);
        }
    }
    let (mut row, mut column) = (reference.len(), hypothesis.len());
    let mut path = Vec::with_capacity(row.max(column));
    while row > 0 || column > 0 {
        let edit = steps[row * width + column];
        path.push(edit);
        row -= usize::from(edit != Edit::Insertion);
        column -= usize::from(edit != Edit::Deletion);
    }
    path.reverse();
    path
}

/// Errors, and the substitutions among them.
type Cost = (u64, u64);

/// Chooses the last step, given the costs before it: of both sequences without their last words, of the reference without it, of
/// the hypothesis without it.
fn best(is_equal: bool, neighbors: [Cost; 3]) -> Edit {
    let both = if is_equal { Edit::Hit } else { Edit::Substitution };
    let [of_both, of_deletion, of_insertion] =
        [both, Edit::Deletion, Edit::Insertion].map(|edit| after(edit, neighbors));
    if of_both <= of_deletion && of_both <= of_insertion {
        both
    } else if of_deletion <= of_insertion {
        Edit::Deletion
    } else {
        Edit::Insertion
    }
}

/// Returns the cost after a step.
fn after(edit: Edit, [both, above, left]: [Cost; 3]) -> Cost {
    match edit {
        Edit::Hit => both,
        Edit::Substitution => (both.0 + 1, both.1 + 1),
        Edit::Deletion => (above.0 + 1, above.1),
        Edit::Insertion => (left.0 + 1, left.1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The fewest errors, and then the fewest substitutions, by the definition, tried out for every pair of ends.
    fn fewest(reference: &[u8], hypothesis: &[u8]) -> Cost {
        match (reference, hypothesis) {
            ([], rest) | (rest, []) => (rest.len() as u64, 0),
            ([a, others @ ..], [b, more @ ..]) => {
                let neighbors = [fewest(others, more), fewest(others, hypothesis), fewest(reference, more)];
                let both = if a == b { Edit::Hit } else { Edit::Substitution };
                [both, Edit::Deletion, Edit::Insertion]
                    .map(|edit| after(edit, neighbors))
                    .into_iter()
                    .min()
                    .unwrap()
            }
        }
    }

    proptest! {
        #[test]
        fn edits_are_minimal_and_lead_from_one_to_the_other(
            reference in proptest::collection::vec(0_u8..3, 0..7),
            hypothesis in proptest::collection::vec(0_u8..3, 0..7),
        ) {
            let path = edits(&reference, &hypothesis);
            let counts = path.iter().fold(EditCounts::default(), |counts, &edit| counts.with(edit));
            prop_assert_eq!(counts, edit_counts(&reference, &hypothesis));
            prop_assert_eq!(counts.cost(), fewest(&reference, &hypothesis));
            prop_assert_eq!(counts.length(), reference.len() as u64);
            prop_assert_eq!(counts.hits + counts.substitutions + counts.insertions, hypothesis.len() as u64);
            let (mut left, mut right) = (reference.iter(), hypothesis.iter());
            for edit in path {
                match edit {
                    Edit::Hit => prop_assert_eq!(left.next(), right.next()),
                    Edit::Substitution => prop_assert_ne!(left.next(), right.next()),
                    Edit::Deletion => prop_assert!(left.next().is_some()),
                    Edit::Insertion => prop_assert!(right.next().is_some()),
                }
            }
        }
    }

    #[test]
    fn nothing_said_is_all_deletions() {
        let counts = edit_counts(&["a", "b"], &[]);
        assert_eq!(counts, EditCounts { deletions: 2, ..EditCounts::default() });
        let counts = edit_counts(&[], &["a"]);
        assert_eq!((counts.insertions, counts.length()), (1, 0));
    }
}
