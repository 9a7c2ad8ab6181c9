//! Metrics of known tools: the direction, unit and margin with which `gate init` starts.

use std::collections::BTreeSet;

use super::config::{Better, Kind, Metric};

/// A metric of a known tool.
struct Known {
    /// Names of its column, in lowercase letters and digits.
    names: &'static [&'static str],
    better: Better,
    target: Option<f64>,
    margin: f64,
    unit: &'static str,
}

const fn known(names: &'static [&'static str], better: Better, margin: f64, unit: &'static str) -> Known {
    Known { names, better, target: None, margin, unit }
}

const fn near(names: &'static [&'static str], target: f64, margin: f64, unit: &'static str) -> Known {
    Known { names, better: Better::Near, target: Some(target), margin, unit }
}

/// Margins are a few times smaller than what listeners or users notice; each is a start to be argued with.
const KNOWN: [Known; 38] = [
    // Ours: of a signal compared with itself every one is 0.
    near(&["durationratio"], 0.0, 0.02, ""),
    near(&["durationdifference"], 0.0, 0.1, "s"),
    near(&["loudnessdifference"], 0.0, 1.0, "LU"),
    near(&["speechdurationratio"], 0.0, 0.02, ""),
    near(&["durationsurprise"], 0.0, 0.02, ""),
    near(&["pausecountdifference"], 0.0, 0.2, "pauses"),
    near(&["pausesecondsdifference"], 0.0, 0.05, "s"),
    near(&["f0spreaddifference", "f0rangedifference"], 0.0, 0.3, "semitones"),
    near(&["dcoffset"], 0.0, 0.001, ""),
    known(
        &["mcd", "mcdespnet", "mcdpymcdplain", "mcdpymcddtw", "mcdpymcddtwsl", "mcdversa", "mcdversadtw"],
        Better::Lower,
        0.2,
        "dB",
    ),
    known(&["logf0rmseespnet"], Better::Lower, 0.01, "ln Hz"),
    known(&["voicingerror", "vuverror", "vuv", "f0grosserror", "f0frameerror"], Better::Lower, 0.01, ""),
    known(&["f0rmse"], Better::Lower, 2.0, "Hz"),
    known(&["f0medianerror"], Better::Lower, 10.0, "cents"),
    known(&["f0corr", "f0correlation", "energycorrelation"], Better::Higher, 0.02, ""),
    known(&["energyrmse", "lsd"], Better::Lower, 0.3, "dB"),
    known(&["mell1", "mell1dtw", "mrstftconvergence", "mrstftlogmagnitude"], Better::Lower, 0.02, ""),
    known(&["alignmentrun", "longestsilence", "repetition"], Better::Lower, 0.05, "s"),
    known(&["silenceshare", "clippedshare", "truncated", "runaway"], Better::Lower, 0.01, ""),
    known(&["clippedruns", "clicks", "dropouts"], Better::Lower, 0.2, ""),
    known(&["hum", "noisefloor"], Better::Lower, 1.0, "dB"),
    known(&["snr"], Better::Higher, 1.0, "dB"),
    // Predicted opinions.
    known(
        &[
            "utmos",
            "utmosv2",
            "predictedmos",
            "mospred",
            "mos",
            "singmos",
            "sheetssqa",
            "distillmos",
            "nisqamospred",
            "scoreqnr",
        ],
        Better::Higher,
        0.1,
        "points",
    ),
    known(&["noipred", "colpred", "dispred", "loudpred"], Better::Higher, 0.1, "points"),
    known(
        &[
            "ovrl",
            "sig",
            "bak",
            "ovrlmos",
            "sigmos",
            "bakmos",
            "p808mos",
            "dnsoverall",
            "dnsmosoverall",
            "dnsmosspeech",
            "dnsmosbackground",
            "dnsp808",
            "dnsmosp808",
            "plcmos",
        ],
        Better::Higher,
        0.1,
        "points",
    ),
    // Likeness.
    known(
        &["spksimilarity", "speakersimilarity", "similarity", "sim", "secs", "singersimilarity"],
        Better::Higher,
        0.01,
        "",
    ),
    known(&["speakersimilarityrelative"], Better::Higher, 0.02, ""),
    known(&["speechbert", "speechbertscore", "speechbleu"], Better::Higher, 0.01, ""),
    known(&["pesq"], Better::Higher, 0.1, ""),
    known(&["stoi", "estoi"], Better::Higher, 0.01, ""),
    known(&["sisdr", "sdr", "cisdr", "sisnr", "sir", "sar"], Better::Higher, 0.5, "dB"),
    known(&["visqol"], Better::Higher, 0.1, "points"),
    // TTSDS gives scores from 0 to 100 to whole runs.
    known(
        &["mpm", "pitch", "hubert", "wavlm", "mfcc", "dvector", "allosaurus", "whisperwer"],
        Better::Higher,
        2.0,
        "",
    ),
    known(
        &[
            "wav2vec2",
            "huberttokensr",
            "allosaurussr",
            "wav2vec2activations",
            "whisperactivations",
            "mhubert147",
            "wav2vec2xlsr53",
            "mwhisperactivations",
            "mhubert147tokensr",
        ],
        Better::Higher,
        2.0,
        "",
    ),
    known(&["generic", "prosody", "speaker", "intelligibility", "environment"], Better::Higher, 2.0, ""),
    known(&["w2v2", "w2v2wer", "wespeaker", "voicerestore", "wadasnr", "overall"], Better::Higher, 2.0, ""),
    known(&["wer", "reswer", "worderrorrate"], Better::Lower, 0.01, ""),
    known(&["cer", "charactererrorrate"], Better::Lower, 0.01, ""),
];

/// Columns of times, judged by the quantile that users wait for.
const TIMES: [&str; 8] =
    ["realtimefactor", "rtf", "latency", "latencys", "latencyms", "ttfb", "ttfbms", "timetofirstaudio"];

/// Columns of counts behind an error rate: what they begin with, then the errors and the totals.
const COUNTS: [(&[&str], &[&str]); 4] = [
    (&["_insert", "_delete", "_replace"], &["_delete", "_replace", "_equal"]),
    (&["insertions", "deletions", "substitutions"], &["deletions", "substitutions", "hits"]),
    (&["errors"], &["words"]),
    (&["n_errors"], &["n_words"]),
];

/// Error of the logarithm of F0, which is in cents in our tables and natural in those of others, so its margin is relative.
const LOG_F0: &str = "logf0rmse";

/// Models of VERSA that predict other metrics, whose names they put before those of the metrics.
const PREDICTORS: [&str; 5] = ["universa_", "arecho_", "nisqa_", "pysepm_", "se_"];

/// Returns the metrics to start with for tables of these numeric columns, and the columns about which nothing is known.
pub(crate) fn guess(columns: &BTreeSet<&str>) -> (Vec<Metric>, Vec<String>) {
    let mut metrics = Vec::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (name, errors, totals) in rates(columns) {
        used.extend(errors.iter().chain(&totals));
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let metric = blank(&name, Kind::Rate, Better::Lower);
        metrics.push(Metric { columns: owned(errors), totals: owned(totals), margin: Some(0.01), ..metric });
    }
    let has_rate = !metrics.is_empty();
    let mut unknown = Vec::new();
    for &column in columns.iter().filter(|column| !used.contains(*column)) {
        let bare = simplified(without_predictor(column));
        if has_rate && ["wer", "cer", "reswer", "ins", "del", "sub"].contains(&bare.as_str()) {
            // A mean of rates, of which the pooled rate is there.
            continue;
        }
        if bare == LOG_F0 {
            let metric = blank(column, Kind::Mean, Better::Lower);
            metrics.push(Metric { relative_margin: Some(0.05), ..metric });
        } else if TIMES.contains(&bare.as_str()) {
            let metric = blank(column, Kind::Quantile, Better::Lower);
            metrics.push(Metric { quantile: Some(0.95), relative_margin: Some(0.1), ..metric });
        } else if let Some(known) = KNOWN.iter().find(|known| known.names.contains(&bare.as_str())) {
            let metric = blank(column, Kind::Mean, known.better);
            let unit = known.unit.to_owned();
            metrics.push(Metric { target: known.target, margin: Some(known.margin), unit, ..metric });
        } else {
            unknown.push(column.to_owned());
        }
    }
    (metrics, unknown)
}

fn blank(name: &str, kind: Kind, better: Better) -> Metric {
    Metric {
        name: name.to_owned(),
        kind,
        columns: Vec::new(),
        totals: Vec::new(),
        better,
        target: None,
        margin: None,
        relative_margin: None,
        limit: None,
        quantile: None,
        above: None,
        failure_value: None,
        unit: String::new(),
        judged: true,
    }
}

/// Finds the error rates whose counts are there: their names, and the columns of errors and totals.
fn rates<'a>(columns: &BTreeSet<&'a str>) -> Vec<(String, Vec<&'a str>, Vec<&'a str>)> {
    let mut found = Vec::new();
    for (errors, totals) in COUNTS {
        let prefixes = columns.iter().filter_map(|column| column.strip_suffix(errors[0]));
        for prefix in prefixes.collect::<BTreeSet<&str>>() {
            let find = |suffixes: &[&str]| -> Option<Vec<&'a str>> {
                suffixes
                    .iter()
                    .map(|suffix| columns.get(format!("{prefix}{suffix}").as_str()).copied())
                    .collect()
            };
            // `n_errors` also ends in `errors`.
            if let (Some(errors), Some(totals)) = (find(errors), find(totals))
                && !found.iter().any(|(_, other, _): &(String, Vec<&str>, Vec<&str>)| *other == errors)
            {
                let name = prefix.trim_matches('_');
                let name = if name.is_empty() || name == "n" { "wer" } else { name };
                found.push((name.to_owned(), errors, totals));
            }
        }
    }
    found
}

/// Returns a name without the models that predict it.
fn without_predictor(mut name: &str) -> &str {
    while let Some(rest) = PREDICTORS.iter().find_map(|predictor| name.strip_prefix(predictor)) {
        name = rest;
    }
    name
}

/// Returns a name in lowercase letters and digits.
fn simplified(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use mynah_metrics::Direction;

    use super::*;

    fn names(columns: &[&'static str]) -> (Vec<String>, Vec<String>) {
        let (metrics, unknown) = guess(&columns.iter().copied().collect());
        (metrics.into_iter().map(|metric| metric.name).collect(), unknown)
    }

    #[test]
    fn finds_counts_of_errors_and_known_metrics() {
        let versa = [
            "whisper_wer_delete",
            "whisper_wer_insert",
            "whisper_wer_replace",
            "whisper_wer_equal",
            "dns_overall",
            "mystery",
        ];
        assert_eq!(names(&versa), (vec!["whisper_wer".into(), "dns_overall".into()], vec!["mystery".into()]));
        let (metrics, _) = guess(&versa.into_iter().collect());
        assert_eq!(metrics[0].totals, ["whisper_wer_delete", "whisper_wer_replace", "whisper_wer_equal"]);
        assert_eq!(names(&["errors", "words", "wer", "ins"]).0, ["wer"]);
        assert_eq!(names(&["n_errors", "n_words"]).0, ["wer"]);
        assert_eq!(names(&["insertions", "deletions", "substitutions", "hits"]).0, ["wer"]);
        assert_eq!(names(&["wer"]).0, ["wer"]);
        assert_eq!(names(&["RTF"]).0, ["RTF"]);
        // As the package speechmos writes DNSMOS.
        assert_eq!(names(&["bak_mos", "ovrl_mos", "sig_mos"]).1, Vec::<String>::new());
        // As in the results that VERSA's repository shows.
        let predicted = ["universa_utmos", "arecho_nisqa_mos_pred", "arecho_se_si_snr", "universa_dns_p808"];
        assert_eq!(
            names(&predicted),
            (
                vec![
                    "arecho_nisqa_mos_pred".into(),
                    "arecho_se_si_snr".into(),
                    "universa_dns_p808".into(),
                    "universa_utmos".into()
                ],
                Vec::new()
            )
        );
    }

    #[test]
    fn every_known_metric_is_known_once() {
        let all: Vec<&str> =
            KNOWN.iter().flat_map(|known| known.names).copied().chain(TIMES).chain([LOG_F0]).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|name| simplified(name) == *name));
        // Every metric of ours has a start, if its values are good or bad.
        for metric in mynah_metrics::all() {
            let is_judged = metric.declaration().direction != Direction::Neither;
            assert!(!is_judged || all.contains(&simplified(metric.name()).as_str()), "{}", metric.name());
        }
    }
}
