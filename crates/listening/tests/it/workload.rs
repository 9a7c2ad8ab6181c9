//! Minutes and megabytes of raters.

use std::fs;

use mynah_listening::{ANSWER_SECONDS, Plan, Role, Survey, System, Workload};
use mynah_signal::{Waveform, wav};
use mynah_testkit::assert_close;

use crate::support::{cmos, items, mos};

/// Sums of a few numbers.
const ROUNDING: f64 = 1e-9;

/// Recordings of two seconds and a voice of three, at 8 kHz.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new(n_items: usize) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        for (system, seconds) in [("recordings", 2), ("voice", 3)] {
            fs::create_dir(directory.path().join(system)).expect("a directory can be made");
            for item in items(n_items) {
                let path = directory.path().join(system).join(format!("{item}.wav"));
                wav::write_pcm16(path, &Waveform::new(vec![0.1; seconds * 8000], 8000)).expect("written");
            }
        }
        Self { directory }
    }

    fn systems(&self) -> Vec<System> {
        [("recordings", Role::Reference), ("voice", Role::Candidate)]
            .map(|(name, role)| System {
                name: name.to_owned(),
                role,
                directory: self.directory.path().join(name).to_str().expect("a plain name").to_owned(),
            })
            .to_vec()
    }
}

#[test]
fn work_is_what_the_sessions_play() {
    let place = Place::new(8);
    // 8 sentences by 4 ratings on 4 raters: 8 pairs of 5 s and a null pair of 4 s each.
    let plan = Plan::new(cmos(4, 4, 1), place.systems(), items(8), "work", 1).expect("possible");
    let work = Workload::of(&plan, &Survey::of(&plan));
    assert_eq!(work.raters.len(), 4);
    for load in &work.raters {
        assert_eq!(load.n_trials, 9);
        assert_close(load.audio_minutes, 44.0 / 60.0, ROUNDING, "audio");
        assert_close(load.minutes, (44.0 + 9.0 * ANSWER_SECONDS) / 60.0, ROUNDING, "audio and answers");
        // And a recording to set the volume.
        let expected = (46.0 * 16_000.0 + 19.0 * 44.0) / 1e6;
        assert_close(load.megabytes, expected, ROUNDING, "megabytes");
    }
    assert_close(work.total_minutes(), 4.0 * 89.0 / 60.0, ROUNDING, "all raters");
    let (least, most) = work.range(|load| load.minutes);
    assert_close(least, most, ROUNDING, "all do the same");

    let plan = Plan::new(mos(4, 2), place.systems(), items(8), "work", 1).expect("possible");
    let work = Workload::of(&plan, &Survey::of(&plan));
    // Two systems by 8 sentences by 2 ratings, on 4 raters.
    let total: f64 = work.raters.iter().map(|load| load.audio_minutes).sum();
    assert_close(total, (16.0 * 2.0 + 16.0 * 3.0) / 60.0, ROUNDING, "each of two systems is heard alone");
}

#[test]
fn more_raters_shorten_sessions() {
    let place = Place::new(20);
    let plan = Plan::new(cmos(4, 4, 2), place.systems(), items(20), "work", 1).expect("possible");
    let survey = Survey::of(&plan);
    let longest = |raters: u32| {
        let protocol = cmos(raters, 4, 2);
        let plan = Plan::new(protocol, place.systems(), items(20), "work", 1).expect("possible");
        Workload::of(&plan, &survey).range(|load| load.minutes).1
    };
    let check = |minutes: f64| {
        let raters = Workload::raters_for(&plan, &survey, minutes).expect("possible").expect("it helps");
        assert!(longest(raters) <= minutes, "{minutes}: {raters}");
        // The step before does not do.
        assert!(raters == 4 || longest(raters - 1) > minutes, "{minutes}: {raters}");
        raters
    };
    assert_eq!(check(100.0), 4);
    let two = check(2.0);
    assert!(two > 4 && check(1.0) > two);
    // Two null pairs take 18 s.
    assert_eq!(Workload::raters_for(&plan, &survey, 0.29).expect("possible"), None);
}
