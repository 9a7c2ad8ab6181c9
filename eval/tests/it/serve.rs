//! `mynah-listen serve`: a study over HTTP, with everything that goes wrong there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use mynah_listening::Rating;
use mynah_table::read_table;
use serde_json::{Value, json};

use crate::client::{Client, Server, bundle_of, free_port};
use crate::support::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mynah-listen");

/// A place with a plan of six sessions and its bundle.
fn built() -> (Place, String) {
    let place = Place::new();
    place.plan().exits_with(0);
    place
        .listen("build PLAN.toml --out BUNDLE --url https://example.org/test/")
        .exits_with(0)
        .says("BUNDLE.links.html");
    let bundle = bundle_of(&place.path(""));
    (place, bundle)
}

fn start(place: &Place, port: u16, arguments: &[&str]) -> Server {
    Server::start(PROGRAM.as_ref(), &place.path(""), port, arguments)
}

fn pid(name: &str) -> Value {
    json!({ "PROLIFIC_PID": name, "SESSION_ID": format!("s-{name}") })
}

#[test]
fn participants_get_sessions_and_a_completion_code() {
    let (place, bundle) = built();
    let arguments = [
        "--entry",
        "prolific",
        "--completion-code",
        "C1A2",
        "--redirect",
        "https://example.org/done",
        "--bonus",
        "1.5",
    ];
    let server = start(&place, 0, &arguments);
    let client = Client::new(&server.address, &bundle);
    let (status, page) = client.get("/?PROLIFIC_PID=anna", &[]);
    let page = String::from_utf8(page).expect("it is text");
    assert_eq!(status, 200);
    assert!(
        page.contains("connect-src 'self'") && !page.contains("\"sessions\""),
        "no session is on the page"
    );

    let anna = client.join(&pid("anna")).expect("there are places");
    for name in anna.session["clips"].as_object().expect("clips").keys() {
        let (status, bytes) = client.get(&format!("/clips/{name}.wav"), &[]);
        assert_eq!((status, &bytes[..4]), (200, &b"RIFF"[..]));
    }
    for path in [
        "/clips/none.wav",
        "/clips/..%2f..%2fPLAN.toml",
        "/PLAN.toml",
        "/clips/%2e%2e/answers.sqlite",
        "/api/join",
    ] {
        let (status, body) = client.get(path, &[]);
        assert!(status == 404 || status == 405, "{path}: {status}");
        assert!(!body.starts_with(b"SQLite") && !String::from_utf8_lossy(&body).contains("design"), "{path}");
    }
    let early = anna.finish();
    assert_eq!((early.0, &early.1["code"]), (409, &json!("unfinished")));
    for page in 0..anna.n_pages() {
        let (id, answer) = anna.answer(page, page as i64 % 3 - 1);
        assert_eq!(anna.put(&id, &answer), (200, json!({ "stored": true, "repeated": false })));
        assert_eq!(anna.put(&id, &answer).1["repeated"], json!(true));
        let (_, other) = anna.answer(page, 3);
        let (status, conflict) = anna.put(&id, &other);
        assert_eq!((status, &conflict["stored"]), (409, &answer));
    }
    assert_eq!(anna.put("consent", &json!({ "agreed": "now" })).0, 200);
    let (status, end) = anna.finish();
    assert_eq!(status, 200);
    assert_eq!(end, json!({ "completion_code": "C1A2", "redirect": "https://example.org/done" }));
    // On another device, everything that is stored comes along.
    let again = client.join(&pid("anna")).expect("it is theirs");
    assert_eq!(again.session["token"], anna.session["token"]);
    assert_eq!(again.session["stored"].as_object().map(serde_json::Map::len), Some(anna.n_pages() + 1));

    let ben = client.join(&pid("ben")).expect("there are places");
    let (id, answer) = ben.answer(0, 1);
    ben.put(&id, &answer);
    assert_eq!(ben.leave().0, 200);
    let gone = client.join(&pid("ben")).err().expect("ben has left");
    assert_eq!((gone.0, &gone.1["code"]), (403, &json!("left")));

    // The terminal and the experimenter's page, beside the running server.
    place
        .listen("progress PLAN.toml --store answers.sqlite --payments payments.csv --bonus 1.5")
        .exits_with(0)
        .says("wrote 2 payments");
    let payments = place.read("payments.csv");
    assert!(payments.contains("prolific,anna,s-anna,r01,approve"), "{payments}");
    assert!(payments.contains("prolific,ben,s-ben,r02,unfinished"), "{payments}");
    assert_eq!(place.read("payments.prolific-approve.txt"), "anna\n");
    assert_eq!(place.read("payments.prolific-bonus.csv"), "anna,1.50\n");
    assert_eq!(client.get("/experimenter", &[]).0, 401);
    let cookie = format!("mynah-experimenter={}", server.experimenter);
    let (status, seen) = client.get("/experimenter", &[("Cookie", &cookie)]);
    let seen = String::from_utf8(seen).expect("it is text");
    assert_eq!(status, 200);
    assert!(
        seen.contains("1 of 6 sessions complete. Participants: 1 complete") && seen.contains("r02"),
        "{seen}"
    );
    let (_, csv) = client.get("/experimenter/payments.csv", &[("Cookie", &cookie)]);
    assert!(String::from_utf8_lossy(&csv).contains("prolific,anna,s-anna,r01,approve"));
    assert_eq!(client.get("/experimenter/answers.json", &[("Cookie", "mynah-experimenter=0")]).0, 401);

    let (_, export) = client.get("/experimenter/answers.json", &[("Cookie", &cookie)]);
    place.write("export.json", export);
    place.listen("collect PLAN.toml export.json --out exported.csv").exits_with(1).says("has not answered");
    place
        .listen("collect PLAN.toml --store answers.sqlite --out ratings.csv")
        .exits_with(1)
        .says("has not answered");
    let read = |name: &str| -> Vec<Rating> {
        let mut ratings: Vec<Rating> = read_table(&place.path(name)).expect("it can be read");
        for rating in &mut ratings {
            rating.source_file.clear();
            rating.source_row = 0;
        }
        ratings
    };
    assert_eq!(read("ratings.csv"), read("exported.csv"));
    let of_anna = read("ratings.csv").into_iter().filter(|rating| rating.rater == "r01");
    let clicked: Vec<f64> = of_anna.map(|rating| rating.score_raw).collect();
    let expected: Vec<f64> = (0..anna.n_pages()).map(|page| (page % 3) as f64 - 1.0).collect();
    assert_eq!(clicked, expected);
}

#[test]
fn forged_and_malformed_requests_get_a_clear_status() {
    let (place, bundle) = built();
    let server = start(&place, 0, &["--entry", "mturk"]);
    let client = Client::new(&server.address, &bundle);
    let entered =
        |entry: Value| client.join(&entry).err().map(|(status, answer)| (status, answer["code"].clone()));
    assert_eq!(entered(json!({})), Some((400, json!("entry"))));
    assert_eq!(entered(json!({ "PROLIFIC_PID": "anna" })), Some((400, json!("entry"))));
    assert_eq!(entered(json!({ "workerId": "../x" })), Some((400, json!("entry"))));
    let preview = json!({ "workerId": "W1", "assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE" });
    assert_eq!(entered(preview), Some((403, json!("preview"))));
    let worker = client.join(&json!({ "workerId": "W1", "assignmentId": "A1" })).expect("there are places");
    let other = client.join(&json!({ "workerId": "W2", "assignmentId": "A2" })).expect("there are places");

    let (id, answer) = worker.answer(0, 1);
    let fine = worker.message(&id, &answer);
    let refused = |change: &dyn Fn(&mut Value), status: u16, code: &str| {
        let mut message = fine.clone();
        change(&mut message);
        let (found, answer) = client.post("/api/page", &message);
        assert_eq!((found, answer["code"].as_str()), (status, Some(code)), "{message}");
        assert!(answer["error"].as_str().is_some_and(|words| !words.is_empty()));
    };
    refused(&|message| message["bundle"] = json!("0"), 409, "other-bundle");
    refused(&|message| message["token"] = json!("0"), 401, "unknown-token");
    refused(&|message| message["token"] = other.session["token"].clone(), 404, "unknown-page");
    refused(&|message| message["page"] = json!("0"), 404, "unknown-page");
    refused(&|message| message["answer"]["score_raw"] = json!(9), 422, "answer");
    refused(&|message| message["answer"]["clips"][0]["sha256"] = json!("0"), 422, "answer");
    refused(&|message| message["answer"] = other.answer(0, 1).1, 422, "answer");
    refused(&|message| message["answer"] = json!([1]), 422, "answer");
    refused(&|message| *message = json!({ "bundle": bundle }), 400, "malformed");
    for bytes in [&b"{\"bundle\": "[..], b"", b"\xff\xfe", b"[[[[[[[[", b"null"] {
        assert_eq!(client.post_bytes("/api/page", bytes).0, 400);
    }
    let deep = "[".repeat(20_000);
    assert_eq!(client.post_bytes("/api/page", deep.as_bytes()).0, 400);
    let huge = format!("{{\"bundle\": \"{}\"}}", "x".repeat(100_000));
    let (status, _) = client.post_bytes("/api/page", huge.as_bytes());
    assert!(status == 413 || status == 0, "{status}: refused before it was read");
    assert_eq!(client.post("/api/page", &fine).0, 200, "and the server is well");
    // One session cannot keep the server busy.
    let too_many = (0..200).map(|_| client.post("/api/page", &fine).0).find(|status| *status == 429);
    assert_eq!(too_many, Some(429));
}

#[test]
fn codes_of_the_list_of_links_enter_and_others_do_not() {
    let (place, bundle) = built();
    let links = place.read("BUNDLE.links.html");
    let codes: Vec<&str> = links.split("<code>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(codes.len(), 6);
    assert!(links.contains(&format!("https://example.org/test/?code={}", codes[0])));
    let server = start(&place, 0, &[]);
    let client = Client::new(&server.address, &bundle);
    let third = client.join(&json!({ "code": codes[2].to_uppercase() })).expect("it is known");
    assert_eq!(third.session["rater"], json!("r03"));
    for code in ["r03", "", "0000000000"] {
        let refused = client.join(&json!({ "code": code })).err().expect("it is unknown");
        assert_eq!((refused.0, refused.1["code"].as_str()), (404, Some("unknown-code")));
    }
}

/// Raters at once, of whom some send everything twice, while the server is killed several times: every acknowledged
/// answer is there, once.
#[test]
fn no_acknowledged_answer_is_lost_when_the_server_is_killed() {
    const RATERS: usize = 6;
    const KILLS: usize = 3;
    let (place, bundle) = built();
    let port = free_port();
    let arguments = ["--entry", "prolific", "--joins-per-minute", "100000"];
    let mut server = start(&place, port, &arguments);
    let address = server.address.clone();
    let acknowledged: Mutex<BTreeMap<(String, usize), f64>> = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        let raters: Vec<_> = (0..RATERS)
            .map(|number| {
                let (address, bundle, acknowledged) = (&address, &bundle, &acknowledged);
                scope.spawn(move || {
                    let client = Client::new(address, bundle);
                    let participant = client.join(&pid(&format!("p{number}"))).expect("there are places");
                    let rater = participant.session["rater"].as_str().expect("a name").to_owned();
                    for page in 0..participant.n_pages() {
                        let score = ((number + page) % 7) as i64 - 3;
                        let (id, answer) = participant.answer(page, score);
                        assert_eq!(participant.put(&id, &answer).0, 200);
                        acknowledged
                            .lock()
                            .expect("nobody panicked")
                            .insert((rater.clone(), page), score as f64);
                        if number % 2 == 0 {
                            assert_eq!(participant.put(&id, &answer).1["repeated"], json!(true));
                        }
                        thread::sleep(Duration::from_millis(40));
                    }
                    assert_eq!(participant.finish().0, 200);
                })
            })
            .collect();
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(100));
            server.kill();
            server = start(&place, port, &arguments);
        }
        for rater in raters {
            rater.join().expect("every rater comes to the end");
        }
    });
    server.kill();
    place.listen("collect PLAN.toml --store answers.sqlite --out ratings.csv").exits_with(0);
    let ratings: Vec<Rating> = read_table(&place.path("ratings.csv")).expect("it can be read");
    let stored: BTreeMap<(String, usize), f64> = ratings
        .iter()
        .map(|rating| ((rating.rater.clone(), rating.page as usize), rating.score_raw))
        .collect();
    assert_eq!(stored, acknowledged.into_inner().expect("nobody panicked"));
    assert_eq!(stored.len(), ratings.len(), "each is there once");
    let raters: BTreeSet<&str> = ratings.iter().map(|rating| rating.rater.as_str()).collect();
    assert_eq!(raters.len(), RATERS);
}

#[test]
fn serves_only_what_belongs_together() {
    let (place, _) = built();
    let serve = "serve BUNDLE --plan PLAN.toml --store answers.sqlite --address 127.0.0.1:0";
    place
        .write("BUNDLE.key.json", place.read("BUNDLE.key.json").replace("\"blake3\": \"", "\"blake3\": \"0"));
    place
        .listen(serve)
        .exits_with(2)
        .says("is not the clip that the key describes")
        .says("build the bundle again");
    let (other, _) = built();
    other.write("answers.sqlite", "no database at all, but long enough to look like one, to some");
    other.listen(serve).exits_with(2).says("not a store of answers");
    other.listen(&serve.replace("BUNDLE", "NONE")).exits_with(2).says("NONE.key.json");
    other
        .listen(&format!("{serve} --language klingon"))
        .exits_with(2)
        .says("there is no language or file `klingon`");
}

#[test]
fn many_equal_problems_are_counted() {
    let (place, bundle) = built();
    let design = place.read("PLAN.toml");
    let design = design.lines().find_map(|line| line.strip_prefix("design = ")).expect("a design");
    let design: Value = serde_json::from_str(design).expect("a text");
    let answers: Vec<Value> = (0..100_000).map(|page| json!({ "page": page })).collect();
    let file = json!({
        "format": 2, "study": "study", "design": design, "bundle": bundle, "rater": "r01", "answers": answers,
    });
    place.write("answers.json", file.to_string());
    let said = place.listen("collect PLAN.toml answers.json --out ratings.csv").exits_with(1);
    let said = said.says("and 99990 more problems of the kind `malformed-answer`");
    assert!(said.stderr.lines().count() < 20, "{}", said.stderr);
}

#[test]
fn receivers_for_web_space_hold_the_whole_study_and_reveal_nothing() {
    let place = Place::new();
    place.plan().exits_with(0);
    let build = "build PLAN.toml --out WEB --php prolific --completion-code C1 --per-session 2 --overbook 3";
    let said = place.listen(build).exits_with(0).says("its store comes by token");
    let token = said.stderr.split("by token ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let token = token.expect("a token");
    let receiver = place.read("WEB/api.php");
    let (_, rest) = receiver.split_once("<<<'JSON'\n").expect("it holds the study");
    let study: Value = serde_json::from_str(rest.lines().next().expect("a line")).expect("it is JSON");
    assert_eq!(
        (&study["copies"], &study["overbook"], &study["lease_ms"]),
        (&json!(2), &json!(3), &json!(3_600_000))
    );
    assert_eq!((&study["secret"], &study["completion_code"]), (&json!(token), &json!("C1")));
    assert_eq!(study["sessions"].as_array().map(Vec::len), Some(6));
    let page = place.read("WEB/index.html");
    assert!(page.contains("api.php?request=") && !page.contains(token) && !page.contains("\"sessions\""));
    for secret in ["recordings", "quiet", "LJ001", "{{"] {
        assert!(!receiver.replace("'{{", "").contains(secret), "it reveals {secret}");
    }
    // A page that needs no server is not for receivers, and the other way round.
    place.listen("build PLAN.toml --out PLAIN").exits_with(0);
    assert!(place.read("PLAIN.links.html").contains("href=\"PLAIN/index.html?code="), "beside the bundle");
    assert!(!place.path("PLAIN/api.php").exists() && place.read("PLAIN/index.html").contains("\"sessions\""));
}
