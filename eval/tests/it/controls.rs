//! Exercises, gold trials and traps through the programs, from the protocol to the verdict.

use std::fs;

use mynah_listening::{Kind, Plan, Rating};
use mynah_table::read_table;
use serde_json::json;

use crate::client::{Client, Server, bundle_of};
use crate::support::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mynah-listen");
const CONTROLS: &str = r#"
[[control]]
id = "first-steps"
purpose = "practice"
clips = ["exercises/a.wav", "exercises/b.wav"]
lowest = -3
highest = -1
feedback = "The second clip is distorted."

[[control]]
id = "known"
purpose = "gold"
clips = ["exercises/a.wav", "exercises/a.wav"]
lowest = -1
highest = 1

[[control]]
id = "click-3"
purpose = "trap"
clips = ["exercises/a.wav", "traps/click-3.wav"]
lowest = 3
highest = 3
"#;
const PLAN: &str = "plan --protocol study/controls.toml --reference recordings=recordings --system quiet=quiet \
                    --out PLAN.toml";

/// A place with a protocol in a folder of its own, which the wavs of its controls lie in.
fn placed() -> Place {
    let place = Place::new();
    place.write_small_protocol();
    let screening = "minimum_ratings_per_item = 20\nscreening = [\"traps\", \"gold\"]";
    let protocol = place.read("small.toml").replace("minimum_ratings_per_item = 20", screening);
    place.write("study/controls.toml", protocol + CONTROLS);
    for (name, item) in
        [("exercises/a", "LJ001-0045"), ("exercises/b", "LJ002-0009"), ("traps/click-3", "LJ002-0151")]
    {
        let clip = fs::read(place.path(&format!("recordings/{item}.wav"))).expect("it is there");
        place.write(&format!("study/{name}.wav"), clip);
    }
    place
}

#[test]
fn wavs_of_controls_belong_to_the_protocol_and_must_be_there() {
    let place = placed();
    let planned = place.listen(PLAN).exits_with(0).stdout;
    assert!(planned.contains("4 items, 6 raters, 5 ratings each, 30 in all\n"), "{planned}");
    assert!(planned.contains("besides, in each session: 1 exercise, 1 gold trial, 1 trap\n"), "{planned}");
    let plan = Plan::read(&place.path("PLAN.toml")).expect("it was written");
    assert_eq!(plan.controls_directory.as_deref(), Some("study"));

    fs::rename(place.path("study/traps"), place.path("study/moved")).expect("it is there");
    let missing = "`study/traps/click-3.wav` does not exist";
    place.listen(&PLAN.replace("PLAN.toml", "other.toml")).exits_with(2).says(missing).says("make the wav");
    assert!(!place.path("other.toml").exists());
    place
        .listen("build PLAN.toml --out B")
        .exits_with(2)
        .says(missing)
        .says("`controls_directory` in the plan");

    // Wavs may move: the directory may be edited, and the design stays.
    fs::rename(place.path("study/moved"), place.path("study/traps")).expect("it is there");
    fs::rename(place.path("study"), place.path("elsewhere")).expect("it is there");
    let text = place.read("PLAN.toml");
    place.write(
        "PLAN.toml",
        text.replace("controls_directory = \"study\"", "controls_directory = \"elsewhere\""),
    );
    place.listen("build PLAN.toml --out B").exits_with(0);
    assert!(place.read("B.key.json").contains("elsewhere/traps/click-3.wav"));
    place.write("PLAN.toml", text.replace("lowest = 3", "lowest = 2"));
    place.listen("build PLAN.toml --out C").exits_with(2).says("the plan was changed after it was made");

    let faulty = |from: &str, to: &str, says: &str| {
        place.write("elsewhere/faulty.toml", place.read("elsewhere/controls.toml").replace(from, to));
        let plan = PLAN.replace("study/controls.toml", "elsewhere/faulty.toml");
        place.listen(&plan.replace("PLAN.toml", "other.toml")).exits_with(2).says(says);
    };
    faulty("lowest = 3", "lowest = 4", "a point of the scale, -3 to 3");
    faulty("\"exercises/a.wav\", \"traps", "\"traps", "a list of 2 names of wavs");
    faulty("purpose = \"trap\"", "purpose = \"trick\"", "trick");
    faulty("purpose = \"trap\"", "purpose = \"gold\"", "without `traps`, since sessions have no traps");
}

#[test]
fn a_served_study_counts_controls_for_raters_only() {
    let place = placed();
    place.listen(PLAN).exits_with(0);
    place.listen("build PLAN.toml --out BUNDLE").exits_with(0);
    let plan = Plan::read(&place.path("PLAN.toml")).expect("it was written");
    let server = Server::start(PROGRAM.as_ref(), &place.path(""), 0, &["--entry", "prolific"]);
    let client = Client::new(&server.address, &bundle_of(&place.path("")));
    let (_, page) = client.get("/?PROLIFIC_PID=p0", &[]);
    let page = String::from_utf8(page).expect("it is text");
    assert!(page.contains("The second clip is distorted."), "exercises are on the page");
    assert!(!page.contains("click-3") && !page.contains("known\""), "the others are not");
    for person in 0..6 {
        let joined = client.join(&json!({ "PROLIFIC_PID": format!("p{person}") })).expect("there are places");
        let session = plan.session_of(joined.session["rater"].as_str().expect("a name")).expect("planned");
        let practice = json!({ "answers": [{ "id": "first-steps", "clicked": [2, -2], "accepted": true }] });
        assert_eq!(joined.put("practice", &practice).0, 200);
        for (page, trial) in plan.sessions[session].trials.iter().enumerate() {
            // The last one does not listen.
            let score = match trial.kind {
                Kind::Trap if person != 5 => 3,
                Kind::Gold => 0,
                _ => page as i64 % 3 - 1,
            };
            let (id, answer) = joined.answer(page, score);
            assert_eq!(joined.put(&id, &answer).0, 200);
        }
        assert_eq!(joined.finish().0, 200);
    }
    let progress = place
        .listen("progress PLAN.toml --store answers.sqlite --payments payments.csv")
        .exits_with(0)
        .stdout;
    assert!(progress.contains("30 ratings, 30 planned"), "{progress}");
    let line =
        |rater: &str| progress.lines().find(|line| line.starts_with(rater)).expect("a line").to_owned();
    assert!(line("r01").contains("1/1    1/1"), "{progress}");
    assert!(line("r06").contains("0/1    1/1") && line("r06").contains("failed 1 of 1 traps"), "{progress}");
    let payments = place.read("payments.csv");
    assert_eq!(payments.matches("failed 1 of 1 traps").count(), 1, "{payments}");

    place.listen("collect PLAN.toml --store answers.sqlite --out ratings.jsonl").exits_with(0);
    let rows: Vec<Rating> = read_table(&place.path("ratings.jsonl")).expect("it was written");
    assert_eq!(rows.iter().filter(|row| row.kind.is_control()).count(), 12);
    place.summarize("verdict --plan PLAN.toml --ratings ratings.jsonl --out verdict");
    let excluded = place.read("verdict/tables/screening.csv");
    let row = "r06,traps,5,failed 1 of 1 traps,yes";
    assert!(excluded.contains(row), "four ratings and a null pair: {excluded}");
    assert_eq!(excluded.lines().count(), 2, "nobody else: {excluded}");
    let page = place.read("verdict/index.html");
    assert!(page.contains(
        "Of 6 raters with traps, r06 failed 1 of 1 traps. All 6 raters with gold trials passed them."
    ));
}

#[test]
fn simulated_and_rehearsed_tests_have_controls() {
    let place = placed();
    place.listen(PLAN).exits_with(0);
    place.listen("simulate PLAN.toml --right-controls 1 --out right.csv").exits_with(0);
    let rows: Vec<Rating> = read_table(&place.path("right.csv")).expect("it was written");
    let plan = Plan::read(&place.path("PLAN.toml")).expect("it was written");
    let counts = plan.protocol.control_counts(&rows);
    assert_eq!(counts.len(), 6);
    assert!(counts.iter().all(|one| one.traps.n_right() == 1 && one.gold.n_right() == 1), "{counts:?}");
    place.listen("simulate PLAN.toml --right-controls 2 --out no.csv").exits_with(2).says("must be 0 to 1");
    let rates = place.listen("simulate PLAN.toml --studies 20 --careless 0.5").exits_with(0).stdout;
    assert!(rates.contains("concludes: inconclusive"), "{rates}");
}
