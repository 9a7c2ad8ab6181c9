//! Blinding by `mynah-listen`: nothing but their speech gives systems away.

use std::fs;

use mynah_listening::{Key, Plan};
use mynah_signal::{Resampler, Waveform, wav};

use crate::support::{ITEMS, Place};

const PLAN: &str =
    "plan --protocol small.toml --reference recordings=recordings --system quiet=quiet --out PLAN.toml";

fn rewrite(place: &Place, path: &str, change: impl FnOnce(Waveform) -> Waveform) {
    let waveform = wav::read(place.path(path)).expect("the clip is fine");
    place.write(path, wav::encode_pcm16(&change(waveform)));
}

#[test]
fn mixed_sample_rates_are_made_equal_on_request() {
    let place = Place::new();
    place.write_small_protocol();
    place.listen(PLAN).exits_with(0);
    let design = Plan::read(&place.path("PLAN.toml")).unwrap().design;
    let up = Resampler::new(22_050, 44_100).unwrap();
    for item in &ITEMS[..3] {
        rewrite(&place, &format!("quiet/wavs/{item}.wav"), |clip| up.resample(&clip));
    }
    let refused = place.listen(&PLAN.replace("PLAN.toml", "other.toml")).exits_with(2);
    refused.says("3 at 44100 Hz").says("or pass --resample to `plan` and `build`");
    place
        .listen(&format!("{PLAN} --resample"))
        .exits_with(0)
        .says("3 clips of `quiet` have to be resampled from 44100 to 22050 Hz: build with --resample");
    assert_eq!(Plan::read(&place.path("PLAN.toml")).unwrap().design, design, "presentation is no design");

    place.listen("build PLAN.toml --out B").exits_with(2).says("or build with --resample");
    place
        .listen("build PLAN.toml --out B --resample")
        .exits_with(0)
        .says("(LJ001-0045, LJ002-0009, LJ002-0151) of `quiet`: resampled from 44100 to 22050 Hz");
    let key: Key = serde_json::from_str(&place.read("B.key.json")).unwrap();
    for (name, clip) in &key.clips {
        assert_eq!(wav::read(place.path(&format!("B/clips/{name}.wav"))).unwrap().sample_rate(), 22_050);
        assert_eq!(clip.note.is_some(), clip.system == "quiet" && clip.item != ITEMS[3], "{clip:?}");
    }
}

#[test]
fn says_what_gives_a_system_away() {
    let place = Place::new();
    place.write_small_protocol();
    for item in ITEMS {
        rewrite(&place, &format!("quiet/wavs/{item}.wav"), |clip| {
            let rate = clip.sample_rate();
            let silence = vec![0.0; rate as usize / 2];
            Waveform::new([clip.into_samples(), silence].concat(), rate)
        });
    }
    place.listen(PLAN).exits_with(0);
    let kept = place.listen("build PLAN.toml --out kept --edges keep").exits_with(0).stdout;
    let words = "The silence after the speech gives `quiet` away: more than that of `recordings` in 4 of 4 sentences, +0.50 s";
    assert!(kept.contains(words) && kept.contains("--edges trim"), "{kept}");
    // What is printed can be printed again.
    assert_eq!(place.listen("audit PLAN.toml kept").exits_with(0).stdout, kept);
    let trimmed = place.listen("build PLAN.toml --out trimmed").exits_with(0).stdout;
    assert!(trimmed.contains("None of these properties gives a system away."), "{trimmed}");
    assert!(trimmed.contains("Medians of the clips, and their lengths relative to those of `recordings`:"));

    for item in ITEMS {
        let recording = fs::read(place.path(&format!("recordings/{item}.wav"))).unwrap();
        place.write(&format!("quiet/wavs/{item}.wav"), recording);
    }
    let copied = place.listen("build PLAN.toml --out copied").exits_with(0).stdout;
    assert!(copied.contains("`quiet` and `recordings` have the very same file for LJ001-0043, "), "{copied}");

    place.listen("audit PLAN.toml nowhere").exits_with(2).says("failed to read the key `nowhere.key.json`");
    place.listen(&format!("{} --seed 2", PLAN.replace("PLAN.toml", "other.toml"))).exits_with(0);
    place.listen("audit other.toml kept").exits_with(2).says("was built from a plan of design");
}

#[test]
fn tells_minutes_megabytes_and_cost_before_anybody_is_paid() {
    let place = Place::new();
    place.write_small_protocol();
    // 100 s at 8 kHz: 4 pairs and a null pair of 200 s, each with an answer of 5 s.
    let clip = wav::encode_pcm16(&Waveform::new(vec![0.0; 800_000], 8000));
    for item in ITEMS {
        place.write(&format!("recordings/{item}.wav"), &clip);
        place.write(&format!("quiet/wavs/{item}.wav"), &clip);
    }
    let short = place.listen(&format!("{PLAN} --pay-per-hour 12")).exits_with(0).stdout;
    for words in [
        "Work of a rater: 17.1 minutes, of which 16.7 are audio, each clip played once, and 5 s are spent on each answer;",
        // Ten clips and one for the volume.
        "17.6 MB to download.",
        "At 12 per hour that is 3.42 for a rater, and 20.50 for all 6.",
    ] {
        assert!(short.contains(words), "{words}\n{short}");
    }
    assert!(!short.contains("attention"), "{short}");

    let two = format!("{PLAN} --system cut=cut").replace("PLAN.toml", "two.toml");
    for item in ITEMS {
        place.write(&format!("cut/wavs/{item}.wav"), &clip);
    }
    let long = place.listen(&two).exits_with(0).stdout;
    for words in [
        "The longest session takes 31 minutes; attention fades after 25.",
        "With 8 raters instead of 6, and as many ratings of each sentence, none is longer than that",
        "2 sittings of 15 minutes",
    ] {
        assert!(long.contains(words), "{words}\n{long}");
    }
    assert!(!long.contains("per hour"), "{long}");
    for pay in ["0", "-1", "a", "inf"] {
        place.listen(&format!("{PLAN} --pay-per-hour={pay}")).exits_with(2).says("is not a number above 0");
    }
}
