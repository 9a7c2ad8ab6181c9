//! The files that the page would hand to raters who click by a rule.

use mynah_listening::{Key, Plan};
use serde_json::{Value, json};

use crate::support::Place;

/// A page in front of a rater.
pub(crate) struct Shown<'a> {
    /// Number of the rater, from 0.
    pub(crate) rater: usize,
    /// Number of the page within the session, from 0.
    pub(crate) page: usize,
    /// The page in the data of the bundle.
    pub(crate) trial: &'a Value,
    /// The clips in the data of the bundle.
    pub(crate) clips: &'a Value,
    /// The key of the bundle.
    pub(crate) key: &'a Key,
}

impl Shown<'_> {
    /// The names of the clips, in the order in which they are offered.
    pub(crate) fn names(&self) -> Vec<&str> {
        let clips = self.trial["clips"].as_array().expect("clips").iter();
        clips.map(|name| name.as_str().expect("a name")).collect()
    }

    /// The system that is heard in each of the clips.
    pub(crate) fn voices(&self) -> Vec<&str> {
        self.names().into_iter().map(|name| self.key.clips[name].system.as_str()).collect()
    }
}

/// Writes a file of answers for every session of `PLAN.toml`, built as `BUNDLE`. Returns the names, separated by spaces.
pub(crate) fn write_answers(place: &Place, answer: impl Fn(&Shown<'_>) -> Value) -> String {
    let plan = Plan::read(&place.path("PLAN.toml")).expect("it was planned");
    let page = place.read("BUNDLE/index.html");
    let (_, rest) = page.split_once("id=\"data\">").expect("the page has data");
    let (data, _) = rest.split_once("</script>").expect("the data ends");
    let data: Value = serde_json::from_str(data).expect("the data is JSON");
    let key: Key = serde_json::from_str(&place.read("BUNDLE.key.json")).expect("it is a key");
    let mut files = Vec::new();
    for (rater, session) in plan.sessions.iter().enumerate() {
        let mut sessions = data["sessions"].as_object().expect("sessions").values();
        let own = sessions.find(|own| own["rater"] == session.rater).expect("a session");
        let pages = own["pages"].as_array().expect("pages").iter().enumerate();
        let answers: Vec<Value> = pages
            .map(|(page, trial)| answer(&Shown { rater, page, trial, clips: &data["clips"], key: &key }))
            .collect();
        let file = json!({
            "format": 2, "study": plan.study, "design": plan.design, "bundle": key.bundle, "rater": session.rater,
            "started": "2026-11-30T10:00:00.000Z", "finished": null, "user_agent": "a test", "answers": answers,
        });
        let name = format!("ratings-{}.json", session.rater);
        place.write(&name, file.to_string());
        files.push(name);
    }
    files.join(" ")
}

/// Writes the answers of raters who hear every clip once and choose by the voices on a page and its number.
pub(crate) fn write_choices(place: &Place, clicked: impl Fn(&[&str], usize) -> i64) -> String {
    write_answers(place, |shown| {
        let page = shown.page;
        let heard: Vec<Value> =
            shown.names().into_iter().map(|name| json!({ "clip": name, "plays": 1 })).collect();
        json!({
            "trial": shown.trial["id"], "page": page, "score_raw": clicked(&shown.voices(), page), "clips": heard,
            "milliseconds": 4000, "answered": format!("2026-11-30T10:00:{page:02}.000Z"),
        })
    })
}
