//! Alignments of sclite, as ESPnet writes them into `score_wer/result.txt`.

use std::path::Path;

use super::grid::Grid;

/// Beginning of the line with the counts of correct, substituted, deleted and inserted words.
const SCORES: &str = "Scores: (#C #S #D #I)";

/// Reads the counts of each utterance; None if the text has another form.
///
/// The names of the columns begin with the unit, if the folder is called `score_cer` or the like.
pub(super) fn read(text: &str, path: &Path) -> Option<Grid> {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let unit = folder.strip_prefix("score_").map(|unit| format!("{unit}_")).unwrap_or_default();
    let names = ["hits", "substitutions", "deletions", "insertions"].map(|name| format!("{unit}{name}"));
    let mut grid = Grid {
        columns: [vec!["item".to_owned()], names.to_vec()].concat(),
        tool: Some("sclite"),
        ..Grid::default()
    };
    let mut utterance = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(name) = line.strip_prefix("id:") {
            utterance = name.trim().strip_prefix('(').and_then(|name| name.strip_suffix(')'));
        } else if let Some(counts) = line.strip_prefix(SCORES) {
            let counts = counts.split_whitespace().take(names.len()).map(|count| Some(count.to_owned()));
            let name = Some(without_speaker(utterance.take()?).to_owned());
            grid.rows.push([name].into_iter().chain(counts).collect());
            grid.lines.push(number);
        }
    }
    (!grid.rows.is_empty()).then_some(grid)
}

/// Drops the speaker that ESPnet puts before the name of an utterance, which by Kaldi's rule begins with it too.
fn without_speaker(name: &str) -> &str {
    let ends = name.match_indices('-').map(|(end, _)| end);
    let twice = |end: usize| name[end + 1..].strip_prefix(&name[..end]).map(|_| &name[end + 1..]);
    ends.filter(|end| *end > 0).find_map(twice).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_counts_of_each_utterance() {
        let text = "                     SYSTEM SUMMARY PERCENTAGES by SPEAKER\n| Sum/Avg | 2  11 | 81.8 |\n\n\
                    Speaker sentences   0:  LJ   #utts: 2\nid: (LJ-LJ050-0029)\n\
                    Scores: (#C #S #D #I) 5 1 0 0\nREF:  a b\nHYP:  a c\nEval:   S\n\n\
                    id: (1089-1089-134686-0000)\nScores: (#C #S #D #I) 4 0 1 2\n";
        let grid = read(text, Path::new("exp/score_cer/result.txt")).unwrap();
        assert_eq!(grid.columns[1..], ["cer_hits", "cer_substitutions", "cer_deletions", "cer_insertions"]);
        let row = |row: usize| (0..5).map(|column| grid.text(row, column)).collect::<Vec<_>>().join(" ");
        assert_eq!(
            (row(0), row(1)),
            ("LJ050-0029 5 1 0 0".to_owned(), "1089-134686-0000 4 0 1 2".to_owned())
        );
        assert_eq!(read(text, Path::new("result.txt")).unwrap().columns[1], "hits");
        assert!(read("SYSTEM SUMMARY PERCENTAGES\n", Path::new("result.txt")).is_none());
        for (name, expected) in [("a-b", "a-b"), ("-x", "-x"), ("a-b-a-b-1", "a-b-1"), ("lj-lj1", "lj1")] {
            assert_eq!(without_speaker(name), expected);
        }
    }
}
