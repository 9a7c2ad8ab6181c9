//! Scores of every known tool, each in a file as the tool writes it: from `gate init` to a report beside our own scores.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{ITEMS, Place};

/// A tool with the file that it writes.
struct Tool {
    name: &'static str,
    /// Name of its file.
    file: &'static str,
    /// Layout as it is reported.
    layout: &'static str,
    /// Writes values that are better by as much as is given.
    write: fn(f64) -> String,
    /// A metric that `gate init` finds, and its mean or pooled value at 0 and at 0.1 better.
    metric: (&'static str, f64, f64),
}

/// Formats a line for each item, given its place from 0 to 3.
fn lines(line: impl Fn(usize, &str) -> String) -> String {
    ITEMS.iter().enumerate().map(|(place, item)| line(place, item) + "\n").collect()
}

/// Values whose mean is that of 0, 1, 2 and 3 hundredths above a level.
fn around(level: f64, place: usize) -> f64 {
    level + place as f64 / 100.0
}

const TOOLS: [Tool; 14] = [
    Tool {
        name: "VERSA",
        file: "versa.txt",
        layout: "VERSA, a row for each utterance",
        write: |better| {
            lines(|place, item| {
                format!(
                    "{{\"key\": \"{item}\", \"mcd\": {}, \"f0corr\": NaN, \"utmos\": {}, \"sir\": Infinity, \"ref_text\": \"the \
                     finance\", \"whisper_wer_delete\": 1, \"whisper_wer_insert\": 0, \"whisper_wer_replace\": 0, \
                     \"whisper_wer_equal\": 9}}",
                    around(5.0 - better, place),
                    around(4.0 + better, place)
                )
            })
        },
        metric: ("utmos", 4.015, 4.115),
    },
    Tool {
        name: "VERSA, older",
        file: "result.json",
        layout: "VERSA, a row for each utterance",
        write: |better| {
            lines(|place, item| {
                format!("{{'key': '{item}', 'dns_overall': {}, 'pesq': None}}", around(3.0 + better, place))
            })
        },
        metric: ("dns_overall", 3.015, 3.115),
    },
    Tool {
        name: "ESPnet",
        file: "utt2mcd",
        layout: "ESPnet, a row for each utterance",
        write: |better| lines(|place, item| format!("{item} {}", around(6.0 - better, place))),
        metric: ("mcd", 6.015, 5.915),
    },
    Tool {
        name: "ESPnet, in percent",
        file: "utt2vuv_error",
        layout: "ESPnet, a row for each utterance",
        write: |better| lines(|place, item| format!("{item} {}%", 100.0 * around(0.2 - better, place))),
        metric: ("vuv_error", 0.215, 0.115),
    },
    Tool {
        name: "sclite",
        file: "score_wer/result.txt",
        layout: "sclite, a row for each utterance",
        write: |better| {
            let wrong = if better > 0.0 { 1 } else { 2 };
            let head = "\tSYSTEM SUMMARY PERCENTAGES by SPEAKER\n| Sum/Avg | 4 40 | 80.0 |\n\
                        Speaker sentences   0:  LJ   #utts: 4\n";
            head.to_owned()
                + &lines(|_, item| {
                    format!(
                        "id: (LJ-{item})\nScores: (#C #S #D #I) {} {wrong} 0 0\nREF:  a\nHYP:  b\nEval: S\n",
                        10 - wrong
                    )
                })
        },
        metric: ("wer", 0.2, 0.1),
    },
    Tool {
        name: "NISQA",
        file: "NISQA_results.csv",
        layout: "NISQA, a row for each utterance",
        write: |better| {
            "deg,mos_pred,noi_pred,dis_pred,col_pred,loud_pred,model\n".to_owned()
                + &lines(|place, item| {
                    format!("{item}.wav,{},4.1,4.2,3.9,4.0,NISQAv2", around(4.2 + better, place))
                })
        },
        metric: ("mos_pred", 4.215, 4.315),
    },
    Tool {
        name: "DNSMOS of Microsoft",
        file: "dnsmos.csv",
        layout: "DNSMOS, a row for each utterance",
        write: |better| {
            ",filename,len_in_sec,sr,num_hops,OVRL_raw,SIG_raw,BAK_raw,OVRL,SIG,BAK,P808_MOS\n".to_owned()
                + &lines(|place, item| {
                    let overall = around(3.1 + better, place);
                    format!("{place},clips/{item}.wav,4.5,16000,1,3.9,4.2,4.3,{overall},3.4,4.0,3.8")
                })
        },
        metric: ("OVRL", 3.115, 3.215),
    },
    Tool {
        name: "DNSMOS of speechmos",
        file: "speechmos.csv",
        layout: "DNSMOS, a row for each utterance",
        write: |better| {
            ",filename,ovrl_mos,sig_mos,bak_mos,p808_mos\n".to_owned()
                + &lines(|place, item| {
                    format!("{place},x/{item}.wav,{},3.4,4.0,3.8", around(3.2 + better, place))
                })
        },
        metric: ("ovrl_mos", 3.215, 3.315),
    },
    Tool {
        name: "UTMOSv2 by its script",
        file: "utmosv2.csv",
        layout: "table, a row for each utterance",
        write: |better| {
            "utt_id,mos\n".to_owned()
                + &lines(|place, item| format!("{item},{}", around(3.3 + better, place)))
        },
        metric: ("mos", 3.315, 3.415),
    },
    Tool {
        name: "UTMOSv2 by its function",
        file: "utmosv2.json",
        layout: "UTMOS, a row for each utterance",
        write: |better| {
            let rows: Vec<Value> = ITEMS
                .iter()
                .enumerate()
                .map(|(place, item)| {
                    serde_json::json!({"file_path": format!("wavs/{item}.wav"), "predicted_mos": around(3.3 + better, place)})
                })
                .collect();
            Value::from(rows).to_string()
        },
        metric: ("predicted_mos", 3.315, 3.415),
    },
    Tool {
        name: "DistillMOS",
        file: "distillmos_inference.csv",
        layout: "table, a row for each utterance",
        write: |better| {
            "filename, DistillMOS\n".to_owned()
                + &lines(|place, item| format!("wavs/{item}.wav, {}", around(3.6 + better, place)))
        },
        metric: ("DistillMOS", 3.615, 3.715),
    },
    Tool {
        name: "TTSDS",
        file: "ttsds.csv",
        layout: "TTSDS, scores of whole runs",
        write: |better| {
            let head = "benchmark_name,benchmark_category,dataset,score,time_taken,noise_dataset,reference_dataset\n";
            let mut text = head.to_owned();
            for (name, category, score) in [
                ("MPM", "PROSODY", 88.0),
                ("Hubert Token SR", "PROSODY", 91.0),
                ("Wav2Vec2 Activations", "INTELLIGIBILITY", 90.0),
            ] {
                writeln!(text, "{name},{category},v,{},1.5,noise_all_ones,real", score + better)
                    .expect("a string");
            }
            text
        },
        metric: ("Hubert Token SR", 91.0, 91.1),
    },
    Tool {
        name: "seed-tts-eval, errors",
        file: "wav_res_ref_text.wer",
        layout: "seed-tts-eval, a row for each utterance",
        write: |better| {
            let heard = if better > 0.0 {
                "one two three four five six seven eight nine then"
            } else {
                "one two three four five six seven eight then"
            };
            let (deleted, replaced, rate) = if better > 0.0 { (0.0, 0.1, 0.1) } else { (0.1, 0.1, 0.2) };
            lines(|_, item| {
                let read = "One two three, four five six seven eight nine ten.";
                format!("out/{item}.wav\t{rate}\t{read}\t{heard}\t0.0\t{deleted}\t{replaced}")
            })
        },
        metric: ("wer", 0.2, 0.1),
    },
    Tool {
        name: "seed-tts-eval, similarity",
        file: "wav_res_ref_text.sim",
        layout: "seed-tts-eval, a row for each utterance",
        write: |better| {
            lines(|place, item| {
                format!("out/{item}.wav_0_-1|prompts/p{place}.wav_0_-1\t{}", around(0.6 + better, place))
            }) + "avg score: 0.6"
        },
        metric: ("sim", 0.615, 0.715),
    },
];

#[test]
fn files_of_every_tool_are_judged_and_reported_beside_our_scores() {
    let place = Place::new();
    // Two checkpoints of ours, whose steps the rows of the other tools share.
    for (name, step) in [("quiet", 1000), ("cut", 2000)] {
        let line = |item: &str| {
            format!(
                "{{\"id\": \"{item}\", \"status\": \"ok\", \"message\": null, \"real_time_factor\": 0.1, \"step\": {step}}}\n"
            )
        };
        place.write(&format!("{name}/synthesis.jsonl"), ITEMS.map(line).concat());
    }
    place.write("ours.toml", "metrics = [\"duration_ratio\", \"longest_silence\"]\n");
    place
        .score("run --reference recordings --system step-1000=quiet --system step-2000=cut --protocol ours.toml --out ours.csv")
        .exits_with(0);
    for tool in &TOOLS {
        let (old, new) = (format!("old/{}", tool.file), format!("new/{}", tool.file));
        place.write(&old, (tool.write)(0.0));
        place.write(&new, (tool.write)(0.1));
        place.summarize(&format!("gate init --scores {old} --out gate.toml --force")).exits_with(0);
        let gate = place.read("gate.toml");
        let (metric, before, after) = tool.metric;
        assert!(gate.contains(&format!("name = \"{metric}\"")), "{}: {gate}", tool.name);
        // The whole gate reads the table, whatever it says about four utterances.
        let outcome = place
            .summarize(&format!("gate check --gate gate.toml --baseline {old} --candidate {new} --out gate"));
        assert!([0, 1, 3].contains(&outcome.code), "{}: {outcome:?}", tool.name);
        let json: Value = serde_json::from_str(&place.read("gate/gate.json")).expect("it is JSON");
        let judged = json["judgments"].as_array().expect("a list").iter().find(|it| it["metric"] == metric);
        let judged = judged.unwrap_or_else(|| panic!("{}: {json}", tool.name));
        if !tool.layout.ends_with("whole runs") {
            assert_eq!(judged["coverage"]["n_compared"], ITEMS.len(), "{}: {judged}", tool.name);
        }

        let report = format!(
            "report --scores ours.csv --foreign step-1000={old} --foreign step-2000={new} --foreign-metrics gate.toml \
             --no-baselines --out report"
        );
        place.summarize(&report).exits_with(0).says(tool.layout);
        let json: Value = serde_json::from_str(&place.read("report/report.json")).expect("it is JSON");
        let metrics = json["metrics"].as_array().expect("a list");
        assert!(metrics.iter().any(|it| it["profile"] == "duration_ratio/ln-1"), "{}", tool.name);
        let found =
            metrics.iter().find(|it| it["profile"] == metric).unwrap_or_else(|| panic!("{}", tool.name));
        for (system, step, expected) in [(0, 1000, before), (1, 2000, after)] {
            let system = &found["systems"][system];
            let mean = system["mean"]["value"].as_f64().unwrap_or_else(|| panic!("{}: {system}", tool.name));
            assert!((mean - expected).abs() < 1e-9, "{}: {mean} at {step}", tool.name);
            assert_eq!(system["step"], step, "{}", tool.name);
        }
    }
}

#[test]
fn averages_are_refused_with_the_file_to_name_instead() {
    let place = Place::new();
    for (file, text) in [
        ("avg_result.txt", "mcd: 5.2\nutmos: 4.1\n"),
        ("mcd_avg_result.txt", "#utterances: 250\nAverage: 6.7912 \u{b1} 0.8123\n"),
        ("show.csv", "metric_name,category,count,mean,median\nmcd,spectral,250,5.2,5.1\n"),
    ] {
        place.write(file, text);
        place
            .summarize(&format!("gate init --scores {file} --out gate.toml --force"))
            .exits_with(2)
            .says(file)
            .says("averages of a whole run")
            .says("`utt2mcd`");
    }
}
