//! Puts load on a served listening test, kills the server, and looks for every acknowledged answer.
//!
//! ```text
//! cargo run --release -p mynah-eval --example study_load -- [RATERS [KILLS [FUZZ_SECONDS [DIRECTORY]]]]
//! ```
//!
//! By default 200 raters at once, 5 kills and no fuzzing. The raters do whole sessions of 60 pages and fetch clips; every
//! fourth sends each answer twice, every fifth opens the study a second time and gives other answers there, and every seventh
//! is away for a second in the middle. Fuzzing sends mutated requests for the given time, beside the raters. `DIRECTORY` is
//! where the store lies: on a small file system it runs full, and nothing may be lost either.
#![allow(clippy::print_stdout, reason = "an example that prints what it found")]

mod client;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::{Client, Server, bundle_of, free_port};
use mynah_listening::{Paradigm, Plan, Protocol, Role, System, common_items};
use mynah_testkit::mini_corpus;
use serde_json::{Value, json};

const SYSTEMS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |position: usize, default: u32| {
        arguments.get(position).map_or(default, |text| text.parse().expect("a number"))
    };
    let (raters, kills, fuzz) = (number(0, 200), number(1, 5), u64::from(number(2, 0)));
    let scratch = tempfile::tempdir().expect("there is a temporary directory");
    let directory = arguments.get(3).map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let program = program();
    build(&program, &directory, raters);
    let bundle = bundle_of(&directory);
    let port = free_port();
    // Fuzzing may happen to enter; it must not take the raters' places.
    let overbook = if fuzz > 0 { "1000000" } else { "0" };
    let options = ["--entry", "prolific", "--joins-per-minute", "1000000", "--overbook", overbook];
    let mut server = Server::start(&program, &directory, port, &options);
    let address = server.address.clone();
    let acknowledged: Mutex<BTreeMap<(String, usize), f64>> = Mutex::new(BTreeMap::new());
    let (waits, done, stop) = (Mutex::new(Vec::new()), AtomicU64::new(0), AtomicBool::new(false));
    let begun = Instant::now();
    let mut peak: f64 = 0.0;
    thread::scope(|scope| {
        let people: Vec<_> = (0..raters)
            .map(|number| {
                let (address, bundle, acknowledged, waits, done) =
                    (&address, &bundle, &acknowledged, &waits, &done);
                scope.spawn(move || {
                    let mine = take_part(&Client::new(address, bundle), number, acknowledged);
                    waits.lock().expect("nobody panicked").extend(mine);
                    done.fetch_add(1, Ordering::Relaxed);
                })
            })
            .collect();
        let fuzzer = (fuzz > 0).then(|| {
            let (address, bundle, stop) = (&address, &bundle, &stop);
            scope.spawn(move || fuzz_requests(&Client::new(address, bundle), fuzz, stop))
        });
        for kill in 0..kills {
            thread::sleep(Duration::from_millis(1500 + 700 * u64::from(kill)));
            peak = peak.max(server.peak_mib().unwrap_or(0.0));
            if done.load(Ordering::Relaxed) < u64::from(raters) {
                server.kill();
                server = Server::start(&program, &directory, port, &options);
            }
        }
        for person in people {
            person.join().expect("every rater comes to the end");
        }
        let took = begun.elapsed().as_secs_f64();
        let n = acknowledged.lock().expect("nobody panicked").len();
        println!("{raters} raters, {n} answers in {took:.1} s ({:.0} per second)", n as f64 / took);
        if let Some(fuzzer) = fuzzer {
            let counts = fuzzer.join().expect("the fuzzer comes to the end");
            println!("fuzzed requests by status: {counts:?}");
        }
    });
    peak = peak.max(server.peak_mib().unwrap_or(0.0));
    let mut waits = waits.into_inner().expect("nobody panicked");
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| 1000.0 * waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "acknowledged after {:.1} ms (median), {:.1} ms (99 %), {:.0} ms (longest)",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    println!("peak of resident memory {peak:.0} MiB");
    server.kill();
    check(&program, &directory, &acknowledged.into_inner().expect("nobody panicked"));
}

/// Returns the program that lies beside the examples.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("it has a path");
    let folder = own.parent().and_then(Path::parent).expect("it lies in a folder");
    let program = folder.join("mynah-listen");
    assert!(program.exists(), "build it first: cargo build -p mynah-eval");
    program
}

/// Plans and builds a test of single clips, of which every rater hears all.
fn build(program: &Path, directory: &Path, raters: u32) {
    let systems: Vec<System> = (0..SYSTEMS)
        .map(|number| System {
            name: format!("system-{number}"),
            role: Role::Candidate,
            directory: mini_corpus().to_string_lossy().into_owned(),
        })
        .collect();
    let items = common_items(&systems).expect("the clips are there");
    let protocol = Protocol {
        raters,
        ratings_per_item: raters,
        items: None,
        human_reference: false,
        ..Protocol::standard(Paradigm::Mos)
    };
    let plan = Plan::new(protocol, systems, items, "load", 1).expect("the design is possible");
    fs::create_dir_all(directory).expect("it can be made");
    plan.write(&directory.join("PLAN.toml")).expect("it can be written");
    let status =
        Command::new(program).args(["build", "PLAN.toml", "--out", "BUNDLE"]).current_dir(directory).status();
    assert!(status.expect("the program starts").success());
}

/// Does a whole session, and returns the times until answers were acknowledged, in seconds.
fn take_part(client: &Client, number: u32, acknowledged: &Mutex<BTreeMap<(String, usize), f64>>) -> Vec<f64> {
    let entry = json!({ "PROLIFIC_PID": format!("p{number}") });
    let participant = client.join(&entry).expect("there are places");
    let rater = participant.session["rater"].as_str().expect("a name").to_owned();
    let mut waits = Vec::new();
    let second = (number % 5 == 4).then(|| client.join(&entry).expect("it is theirs"));
    for page in 0..participant.n_pages() {
        if page % 12 == 0 {
            let clip = participant.session["pages"][page]["clips"][0].as_str().expect("a name");
            client.get(&format!("/clips/{clip}.wav"), &[]);
        }
        let score = i64::from(number + page as u32) % 5 + 1;
        let (id, answer) = participant.answer(page, score);
        let begun = Instant::now();
        assert_eq!(participant.put(&id, &answer).0, 200);
        waits.push(begun.elapsed().as_secs_f64());
        acknowledged.lock().expect("nobody panicked").insert((rater.clone(), page), score as f64);
        if number % 4 == 3 {
            assert_eq!(participant.put(&id, &answer).1["repeated"], json!(true));
        }
        if let Some(second) = &second {
            let (id, other) = second.answer(page, score % 5 + 1);
            let (status, conflict) = second.put(&id, &other);
            assert_eq!((status, &conflict["stored"]), (409, &answer), "the first answer stays");
        }
        if number % 7 == 6 && page == 30 {
            thread::sleep(Duration::from_secs(1));
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(participant.finish().0, 200);
    waits
}

/// Sends mutations of good requests, and returns how many had each status. None may be answered with 500.
fn fuzz_requests(client: &Client, seconds: u64, stop: &AtomicBool) -> BTreeMap<u16, u64> {
    let paths =
        ["/api/join", "/api/page", "/api/finish", "/api/leave", "/experimenter", "/experimenter/delete"];
    let good = json!({
        "bundle": client.bundle, "token": "0".repeat(48), "page": "consent", "answer": { "trial": "x", "clips": [] },
        "entry": { "PROLIFIC_PID": "x" },
    })
    .to_string()
    .into_bytes();
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut draw = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n.max(1) as u64) as usize
    };
    let mut counts = BTreeMap::new();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) && !stop.load(Ordering::Relaxed) {
        let mut bytes = good.clone();
        for _ in 0..=draw(4) {
            match draw(5) {
                0 => bytes.truncate(draw(bytes.len() + 1)),
                1 => {
                    let at = draw(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = draw(256) as u8;
                    }
                }
                2 => {
                    let at = draw(bytes.len() + 1);
                    bytes.splice(at..at, std::iter::repeat_n(b"[{\"\\9"[draw(5)], draw(3000)));
                }
                3 => {
                    let (from, to) = (draw(bytes.len() + 1), draw(bytes.len() + 1));
                    bytes.drain(from.min(to)..from.max(to));
                }
                _ => {
                    let from = draw(bytes.len() + 1);
                    bytes.extend_from_within(from..);
                }
            }
        }
        let (status, _) = client.post_bytes(paths[draw(paths.len())], &bytes);
        assert_ne!(status, 500, "{}", String::from_utf8_lossy(&bytes));
        *counts.entry(status).or_insert(0) += 1;
    }
    counts
}

/// Compares what is stored with what was acknowledged.
fn check(program: &Path, directory: &Path, acknowledged: &BTreeMap<(String, usize), f64>) {
    let status = Command::new(program)
        .args(["collect", "PLAN.toml", "--store", "answers.sqlite", "--out", "ratings.jsonl", "--force"])
        .current_dir(directory)
        .status();
    assert!(status.expect("the program starts").success(), "no problem, no missing answer");
    let text = fs::read_to_string(directory.join("ratings.jsonl")).expect("it was written");
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let stored: BTreeMap<(String, usize), f64> = rows
        .iter()
        .map(|row| {
            let page = row["page"].as_u64().expect("a number") as usize;
            (
                (row["rater"].as_str().expect("a name").to_owned(), page),
                row["score_raw"].as_f64().expect("a number"),
            )
        })
        .collect();
    assert_eq!(stored.len(), rows.len(), "each answer is there once");
    assert_eq!(stored, *acknowledged, "every acknowledged answer is there, and no other");
    println!("all {} acknowledged answers are in the table, each once", stored.len());
}
