//! Lists of text: `utterance value`, as Kaldi and ESPnet write them, and the results of seed-tts-eval.

use std::path::Path;

use mynah_cli::Advised;

use super::grid::Grid;

/// Columns of a result of seed-tts-eval, and two of our own: the counts behind its rates.
const SEED_TTS: [&str; 9] = ["item", "wer", "text_ref", "text_res", "ins", "del", "sub", "errors", "words"];

/// Returns the name of the column of a list: that of the file without `utt2`, `result_` and its extension.
pub(super) fn column_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let bare = ["utt2", "utt_", "result_", "results_"].iter().find_map(|prefix| stem.strip_prefix(prefix));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(&stem).to_owned()
}

/// Reads lines of an utterance and a value.
pub(super) fn kaldi(text: &str, column: &str) -> anyhow::Result<Grid> {
    let mut grid =
        Grid { columns: vec!["item".to_owned(), column.to_owned()], tool: Some("ESPnet"), ..Grid::default() };
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            [comment, ..] if comment.starts_with('#') => {}
            [item, value] => {
                grid.rows.push(vec![Some(item.to_owned()), Some(value.to_owned())]);
                grid.lines.push(number);
            }
            _ => {
                let message = format!("line {number} is not an utterance and a value");
                let remedy =
                    "name a table in .parquet, .csv, .tsv or .jsonl, or a list of lines `utterance value`";
                return Err(Advised::new(message, remedy).into());
            }
        }
    }
    Ok(grid)
}

/// Reads a result of seed-tts-eval: path, WER, reference, hypothesis and the rates of insertions, deletions and
/// substitutions, separated by tabs, possibly between a header and the mean.
///
/// Returns None if the text has another form. Counts of errors and words are restored from the rates and the reference.
pub(super) fn seed_tts(text: &str) -> Option<Grid> {
    let is_header = |line: &str| line.starts_with("utt\twav_res");
    let is_mean = |line: &str| line.starts_with("WER:");
    let lines: Vec<(u64, &str)> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty() && !is_header(line) && !is_mean(line))
        .collect();
    let mut grid = Grid {
        columns: SEED_TTS.map(str::to_owned).to_vec(),
        tool: Some("seed-tts-eval"),
        ..Grid::default()
    };
    for &(number, line) in &lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let [item, wer, reference, hypothesis, inserted, deleted, replaced] = cells[..] else { return None };
        let rates = [wer, inserted, deleted, replaced].map(|cell| cell.trim().parse::<f64>());
        let [Ok(wer_rate), Ok(..), Ok(..), Ok(..)] = rates else { return None };
        let n_words = n_words(reference, &rates.map(Result::unwrap_or_default));
        let mut row: Vec<Option<String>> = [item, wer, reference, hypothesis, inserted, deleted, replaced]
            .map(|cell| Some(cell.to_owned()))
            .to_vec();
        row.push(n_words.map(|n| (wer_rate * n as f64).round().to_string()));
        row.push(n_words.map(|n| n.to_string()));
        grid.rows.push(row);
        grid.lines.push(number);
    }
    (!grid.rows.is_empty()).then_some(grid)
}

/// Reads the similarities of seed-tts-eval: the wav and its prompt, each with the samples between which it was compared, and the
/// cosine, before an average.
///
/// Returns None if the text has another form.
pub(super) fn seed_similarity(text: &str) -> Option<Grid> {
    let is_average =
        |line: &str| ["avg score:", "ASV:", "ASV-var:"].iter().any(|name| line.starts_with(name));
    let mut grid = Grid {
        columns: ["item", "sim"].map(str::to_owned).to_vec(),
        tool: Some("seed-tts-eval"),
        ..Grid::default()
    };
    for (number, line) in
        (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !is_average(line))
    {
        let (pair, similarity) = line.split_once('\t')?;
        let (wav, prompt) = pair.split_once('|')?;
        let (wav, _) = without_samples(wav).zip(without_samples(prompt))?;
        grid.rows.push(vec![Some(wav.to_owned()), Some(similarity.to_owned())]);
        grid.lines.push(number);
    }
    (!grid.rows.is_empty()).then_some(grid)
}

/// Drops the first and the last sample from the end of a path.
fn without_samples(path: &str) -> Option<&str> {
    let mut parts = path.rsplitn(3, '_');
    let is_number = |part: &str| part.parse::<i64>().is_ok();
    (is_number(parts.next()?) && is_number(parts.next()?)).then_some(())?;
    parts.next()
}

/// Returns true for the averages that ESPnet, VERSA and sclite write beside the values of utterances.
pub(super) fn is_averages(text: &str) -> bool {
    let lines = || text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let is_named = |line: &str| line.split_once(':').is_some_and(|(_, value)| value.starts_with([' ', '\t']));
    text.contains("SYSTEM SUMMARY PERCENTAGES") || (lines().next().is_some() && lines().all(is_named))
}

/// Returns the number of words, or of characters in a language without blanks, for which all rates are whole numbers.
fn n_words(reference: &str, rates: &[f64]) -> Option<usize> {
    const ROUNDING: f64 = 1e-6;
    let kept: String = reference
        .chars()
        .filter(|&character| {
            character == '\''
                || character.is_alphanumeric()
                || character.is_whitespace()
                || is_mark(character)
        })
        .collect();
    let is_whole = |n: usize| {
        rates.iter().all(|rate| {
            let count = rate * n as f64;
            (count - count.round()).abs() < ROUNDING * count.max(1.0)
        })
    };
    let words = kept.split_whitespace().count();
    let characters = kept.chars().filter(|character| !character.is_whitespace()).count();
    let is_ideographic = kept.chars().any(|character| ('\u{2e80}'..='\u{9fff}').contains(&character));
    let counts = if is_ideographic { [characters, words] } else { [words, characters] };
    counts.into_iter().find(|&n| n > 0 && is_whole(n))
}

/// Returns true for accents that are characters of their own.
fn is_mark(character: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_columns_after_files() {
        for (path, expected) in [
            ("eval/utt2mcd", "mcd"),
            ("result_utmos.txt", "utmos"),
            ("scores.txt", "scores"),
            ("utt2", "utt2"),
            ("log_f0_rmse", "log_f0_rmse"),
        ] {
            assert_eq!(column_name(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn reads_lists_of_espnet() {
        let grid = kaldi("# header\nutt1 12.34%\n\nutt2\t5.5\n", "vuv").unwrap();
        assert_eq!(
            (grid.text(0, 0), grid.text(0, 1), grid.place(1)),
            ("utt1", "12.34%", "line 4".to_owned())
        );
        let error = kaldi("utt1 1 2\n", "x").unwrap_err().to_string();
        assert_eq!(error, "line 1 is not an utterance and a value");
    }

    #[test]
    fn reads_similarities_of_seed_tts_eval() {
        let text = "out/a.wav_0_-1|prompts/p_1.wav_0_-1\t0.71\nout/b_2.wav_0_-1|prompts/p.wav_0_-1\t0.65\n\
                    avg score: 0.68";
        let grid = seed_similarity(text).unwrap();
        assert_eq!((grid.text(0, 0), grid.text(0, 1)), ("out/a.wav", "0.71"));
        assert_eq!((grid.text(1, 0), grid.rows.len()), ("out/b_2.wav", 2));
        assert!(seed_similarity("a|b\t0.7\n").is_none() && seed_similarity("avg score: 1").is_none());
        assert!(!is_averages("utt1 5.2\n") && !is_averages("a:b 1.0\n") && !is_averages("# x: 1\n"));
    }

    #[test]
    fn restores_the_counts_of_seed_tts_eval() {
        let text = "utt\twav_res\tres_wer\ttext_ref\ttext_res\tres_wer_ins\tres_wer_del\tres_wer_sub\n\
                    out/a.wav\t0.25\tIt's so, isn't it?\tIt's so is it\t0.0\t0.0\t0.25\n\
                    out/b.wav\t0.3333333333333333\t你好吗\t你好\t0.0\t0.3333333333333333\t0.0\n\
                    out/c.wav\t0.3\tone two three\tone\t0.0\t0.0\t0.0\n\
                    WER: 19.4%\n";
        let grid = seed_tts(text).unwrap();
        let counts: Vec<(&str, &str)> = (0..3).map(|row| (grid.text(row, 7), grid.text(row, 8))).collect();
        assert_eq!(counts, [("1", "4"), ("1", "3"), ("", "")]);
        assert!(seed_tts("a\tb\n").is_none() && seed_tts("").is_none());
    }
}
