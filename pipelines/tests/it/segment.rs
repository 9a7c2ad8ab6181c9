//! `mynah-prepare segment`: a recording of all bundled clips is cut again.

use std::fs;

use mynah_corpus::{Code, Corpus, Dataset, SourceRecipe};
use mynah_signal::{Recording, Waveform, wav};

use crate::support::{Place, silence};

/// Writes a recording of the bundled clips in order and once more in reverse, with half a second of faint noise between
/// them, and returns their texts and the times of their beginnings.
fn write_recording(place: &Place, left_out: Option<usize>) -> Vec<(String, f64)> {
    let bundled = mynah_testkit::mini_corpus();
    let entries = Corpus::open(&bundled, &SourceRecipe::default()).unwrap().list().unwrap().entries;
    let mut samples: Vec<f32> = Vec::new();
    let mut state = 1_u32;
    let mut clips = Vec::new();
    for (index, entry) in entries.iter().chain(entries.iter().rev()).enumerate() {
        for _ in 0..11_025 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            samples.push((f64::from(state >> 16) / 65_536.0 - 0.5) as f32 * 6e-4);
        }
        clips.push((entry.normalized.clone(), samples.len() as f64 / 22_050.0));
        if left_out != Some(index) {
            samples.extend(Recording::read(bundled.join(&entry.audio)).unwrap().into_samples());
        }
    }
    wav::write_pcm16(place.path("book.wav"), &Waveform::new(samples, 22_050)).unwrap();
    clips
}

#[test]
fn cuts_a_recording_into_a_corpus_that_can_be_prepared() {
    let place = Place::new();
    let clips = write_recording(&place, None);
    let lines: Vec<&str> = clips.iter().map(|(text, _)| text.as_str()).collect();
    place.write("book.txt", lines.join("\n") + "\n");
    place.prepare("segment book.wav book.txt --by line --max-seconds 20 --out corpus").exits_with(0);
    let listing = Corpus::open(&place.path("corpus"), &SourceRecipe::default()).unwrap().list().unwrap();
    let texts: Vec<&str> = listing.entries.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, lines);
    assert_eq!(listing.entries[0].id, "book-0001");
    let table = place.read("corpus/segments.csv");
    let starts = table.lines().skip(1).map(|line| line.split(',').nth(2).unwrap().parse::<f64>().unwrap());
    for (start, (_, true_start)) in starts.zip(&clips) {
        // A bundled clip begins with up to 0.2 s of silence.
        assert!(start > true_start - 0.3 && start < true_start + 0.25, "{start} {true_start}");
    }
    place.write("recipe.toml", "[sup_phones]\nmerges = 20\n");
    // So few clips are not judged well: some texts may be doubtful, but all are prepared.
    place.prepare("run corpus --recipe recipe.toml --out dataset");
    assert_eq!(Dataset::open(&place.path("dataset")).unwrap().utterances().len(), 24);
    place
        .prepare("segment book.wav book.txt --out corpus")
        .exits_with(2)
        .says("`corpus` contains a corpus")
        .says("name another directory");
}

#[test]
fn reports_what_was_not_read_and_what_was_not_written() {
    let place = Place::new();
    let clips = write_recording(&place, Some(16));
    let mut lines: Vec<&str> = clips.iter().map(|(text, _)| text.as_str()).collect();
    lines.remove(20);
    lines[1] = "* * *";
    place.write("book.txt", lines.join("\n") + "\n");
    place.prepare("segment book.wav book.txt --by line --max-seconds 20 --out corpus").exits_with(1);
    let problems = place.problems("corpus");
    let at = |code: Code| -> Vec<Option<u64>> {
        problems.iter().filter(|problem| problem.code == code).map(|problem| problem.line).collect()
    };
    assert_eq!(at(Code::EmptyText), [Some(2)]);
    assert_eq!(at(Code::NotRead), [Some(17)]);
    let sounds: Vec<f64> = problems
        .iter()
        .filter(|problem| problem.code == Code::NoText)
        .map(|problem| problem.message.split(' ').find_map(|word| word.parse().ok()).unwrap())
        .collect();
    for unwritten in [1, 20] {
        let (from, to) = (clips[unwritten].1, clips[unwritten + 1].1);
        assert!(sounds.iter().any(|start| (from..to).contains(start)), "{unwritten}: {sounds:?}");
    }
    let table = place.read("corpus/passages.csv");
    assert_eq!(table.lines().count(), 1 + lines.len() - 1, "the passage without words is not looked for");
}

#[test]
fn refuses_what_cannot_be_cut() {
    let place = Place::new();
    place.write("silent.wav", silence(1, 22_050, 44_100));
    place.write("stereo.wav", silence(2, 22_050, 44_100));
    place.write("text.txt", "Hello there.\n");
    place.write("empty.txt", "--\n");
    place.write("latin.txt", b"Hello\ncaf\xe9\n");
    let refuses = |arguments: &str, says: &str| {
        place
            .prepare(&format!("segment {arguments} --out corpus"))
            .exits_with(2)
            .says(says)
            .says("what to do: ");
        assert!(!place.has("corpus/metadata.csv"));
    };
    refuses("silent.wav text.txt", "there is no sound in the recording");
    refuses("stereo.wav text.txt", "`stereo.wav` has 2 channels");
    refuses("silent.wav empty.txt", "there are no words in `empty.txt`");
    refuses("silent.wav latin.txt", "line 2 of `latin.txt` is not UTF-8");
    refuses("silent.wav text.txt --min-seconds 9 --max-seconds 3", "`--min-seconds` (9)");
    refuses("silent.wav text.txt --margin-seconds 99", "`--margin-seconds` is 99");
    assert!(fs::read_dir(place.path("corpus")).is_err() || !place.has("corpus/wavs"));
}
