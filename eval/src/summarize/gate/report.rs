//! The files of a verdict: JSON, Markdown for a comment on a pull request, and JUnit XML.

use std::fmt::Write as _;

use serde::Serialize;

use super::config::Gate;
use super::judge::{Ground, Judgment, Outcome, Word};
use super::words::{Style, bound};

/// Version of the JSON.
const FORMAT: u32 = 1;

/// Everything that a gate found.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    format: u32,
    version: &'static str,
    /// Name of what was tested, such as a commit.
    label: Option<&'a str>,
    #[serde(flatten)]
    outcome: &'a Outcome,
    /// The runs, by system.
    baseline_runs: Vec<&'a str>,
    candidate_runs: Vec<&'a str>,
    /// The gate as it was used.
    gate: &'a Gate,
}

impl<'a> Report<'a> {
    /// Gathers what a gate found.
    pub(crate) fn new(
        gate: &'a Gate,
        outcome: &'a Outcome,
        label: Option<&'a str>,
        [baseline_runs, candidate_runs]: [Vec<&'a str>; 2],
    ) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self { format: FORMAT, version, label, outcome, baseline_runs, candidate_runs, gate }
    }

    /// Writes JSON.
    pub(crate) fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Writes Markdown.
    pub(crate) fn markdown(&self) -> String {
        let title = match self.label {
            Some(label) => {
                format!("Quality gate of {}: {}", escape_markdown(label), self.outcome.word.as_str())
            }
            None => format!("Quality gate: {}", self.outcome.word.as_str()),
        };
        let mut text = format!("## {title}\n\n");
        text.push_str(
            "| | metric | baseline | candidate | difference | bound |\n|---|---|---|---|---|---|\n",
        );
        for judgment in &self.outcome.judgments {
            let style = Style::of(judgment);
            let value = |value: Option<f64>| value.map_or("–".to_owned(), |value| style.value(value));
            let difference = match (judgment.difference, &judgment.interval) {
                (Some(difference), Some(interval)) => {
                    format!("{} ({})", style.difference(difference), style.ends(interval))
                }
                (Some(difference), None) => style.difference(difference),
                _ => "–".to_owned(),
            };
            let word = match judgment.word {
                Some(word) if judgment.judged => format!("**{}**", word.as_str()),
                Some(word) => format!("({})", word.as_str()),
                None => "–".to_owned(),
            };
            let _ = writeln!(
                text,
                "| {word} | {} | {} | {} | {difference} | {} |",
                escape_markdown(&judgment.metric),
                value(judgment.baseline),
                value(judgment.candidate),
                bound(judgment).unwrap_or_else(|| "–".to_owned()),
            );
        }
        text.push('\n');
        for judgment in &self.outcome.judgments {
            let _ = writeln!(
                text,
                "- **{}**: {}",
                escape_markdown(&judgment.metric),
                escape_markdown(&judgment.words)
            );
        }
        self.markdown_failures(&mut text);
        let _ = write!(
            text,
            "\n<sub>{} of the baseline, {} of the candidate. A candidate exactly at a bound passes with at most {} %; a \
             metric within its bound fails with at most {} % over all metrics. Words in parentheses do not count.</sub>\n",
            counted(self.baseline_runs.len(), "run"),
            counted(self.candidate_runs.len(), "run"),
            percent(self.gate.alpha),
            percent(self.gate.alpha),
        );
        text
    }

    fn markdown_failures(&self, text: &mut String) {
        let listed = self.outcome.judgments.iter().filter(|judgment| !is_about_failures(judgment));
        let failures: std::collections::BTreeSet<(&str, &str, &str)> = listed
            .flat_map(|judgment| &judgment.coverage.candidate_failures)
            .map(|failure| (failure.item.as_str(), failure.run.as_str(), failure.reason.as_str()))
            .collect();
        if failures.is_empty() {
            return;
        }
        text.push_str("\n<details><summary>Failures of the candidate</summary>\n\n");
        for (item, run, reason) in failures {
            let [item, run, reason] = [item, run, reason].map(escape_markdown);
            let _ = writeln!(text, "- {item} in {run}: {reason}");
        }
        text.push_str("\n</details>\n");
    }

    /// Writes JUnit XML: a metric that failed is a failure, an inconclusive one an error, one that is only reported
    /// skipped.
    pub(crate) fn junit(&self) -> String {
        let judgments = &self.outcome.judgments;
        let count = |word: Word| judgments.iter().filter(|it| it.judged && it.word == Some(word)).count();
        let skipped = judgments.iter().filter(|it| !it.judged || it.word.is_none()).count();
        let totals = format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\"",
            judgments.len(),
            count(Word::Fail),
            count(Word::Inconclusive),
        );
        let name = escape_xml(
            &self.label.map_or("quality gate".to_owned(), |label| format!("quality gate of {label}")),
        );
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {totals}>\n  <testsuite name=\"{name}\" {totals}>\n"
        );
        for judgment in judgments {
            let (metric, words) = (escape_xml(&judgment.metric), escape_xml(&judgment.words));
            let element = match judgment.word.filter(|_| judgment.judged) {
                None => Some("skipped"),
                Some(Word::Pass) => None,
                Some(Word::Fail) => Some("failure"),
                Some(Word::Inconclusive) => Some("error"),
            };
            let _ = writeln!(text, "    <testcase classname=\"mynah.gate\" name=\"{metric}\">");
            match element {
                Some(element) => {
                    let _ = writeln!(text, "      <{element} message=\"{words}\"/>");
                }
                None => {
                    let _ = writeln!(text, "      <system-out>{words}</system-out>");
                }
            }
            text.push_str("    </testcase>\n");
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }
}

fn is_about_failures(judgment: &Judgment) -> bool {
    matches!(judgment.ground, Ground::NoMoreFailures | Ground::MoreFailures)
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("{n} {what}") } else { format!("{n} {what}s") }
}

fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Escapes what Markdown would read as markup; code in backticks stays.
fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut is_code = false;
    for character in text.chars() {
        is_code ^= character == '`';
        match character {
            _ if is_code && character != '\n' && character != '\r' => escaped.push(character),
            '|' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '\\' => escaped.extend(['\\', character]),
            '\n' | '\r' => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Escapes text for attributes and content of XML, without the characters that it cannot hold.
fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if character.is_control() => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_users_is_escaped() {
        assert_eq!(escape_xml("a<b & \"c\"\u{1}\n'd'"), "a&lt;b &amp; &quot;c&quot; &apos;d&apos;");
        assert_eq!(escape_markdown("a_b|<c>\nd `e_f`"), "a\\_b\\|\\<c\\> d `e_f`");
        assert_eq!((percent(0.05), percent(0.1), percent(0.025)), ("5".into(), "10".into(), "2.5".into()));
        assert_eq!((counted(1, "run"), counted(3, "run")), ("1 run".to_owned(), "3 runs".to_owned()));
    }
}
