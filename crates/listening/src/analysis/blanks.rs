//! Blanks around names in tables of other tools.

/// Names with blanks around them, by what they name.
pub(crate) struct Blanks<const N: usize> {
    counts: [(&'static str, usize); N],
}

impl<const N: usize> Blanks<N> {
    /// Creates counts of zero for names of these kinds, as plurals.
    pub(crate) fn of(kinds: [&'static str; N]) -> Self {
        Self { counts: kinds.map(|kind| (kind, 0)) }
    }

    /// Removes the blanks around a name of the kind at `place`, and counts it if it had any.
    pub(crate) fn remove(&mut self, name: &mut String, place: usize) {
        let bare = name.trim();
        if bare.len() < name.len() {
            *name = bare.to_owned();
            self.counts[place].1 += 1;
        }
    }

    /// Reports how many names had blanks; `None` if none had.
    pub(crate) fn note(&self) -> Option<String> {
        let found: Vec<String> = self
            .counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{count} of {kind}"))
            .collect();
        (!found.is_empty()).then(|| {
            format!(
                "Blanks around names were removed ({}), so that such names are not different.",
                found.join(", ")
            )
        })
    }
}
