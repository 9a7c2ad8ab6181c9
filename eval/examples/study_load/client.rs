//! A served study, and participants that talk to it as the page does.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

/// A running server; it is killed on drop.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    #[allow(dead_code, reason = "the load does not look at the experimenter's page")]
    pub(crate) experimenter: String,
}

impl Server {
    /// Starts `mynah-listen serve` in a directory with `BUNDLE`, `PLAN.toml` and the store.
    pub(crate) fn start(program: &Path, directory: &Path, port: u16, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(["serve", "BUNDLE", "--plan", "PLAN.toml", "--store", "answers.sqlite"])
            .args(["--address", &format!("127.0.0.1:{port}")])
            .args(arguments)
            .current_dir(directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it has an output")).lines();
        let page = lines.next().expect("it says where the page is").expect("it is text");
        let experimenter = lines.next().expect("it says the token").expect("it is text");
        let address = page.split_whitespace().last().expect("an address").trim_end_matches('/').to_owned();
        let experimenter = experimenter.split_whitespace().last().expect("a token").to_owned();
        Self { child, address, experimenter }
    }

    /// Ends the process at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Returns the process's peak of resident memory in MiB, where the system tells.
    #[allow(dead_code, reason = "the tests do not look at it")]
    pub(crate) fn peak_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended already is no fault.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Returns a port that nobody uses.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    listener.local_addr().expect("it has an address").port()
}

/// Returns the hash of the bundle in a directory.
pub(crate) fn bundle_of(directory: &Path) -> String {
    let path: PathBuf = directory.join("BUNDLE.key.json");
    let key: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("there is a key")).expect("it is JSON");
    key["bundle"].as_str().expect("a hash").to_owned()
}

/// Sends requests to one server.
pub(crate) struct Client {
    agent: ureq::Agent,
    address: String,
    pub(crate) bundle: String,
}

impl Client {
    pub(crate) fn new(address: &str, bundle: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build();
        Self { agent: config.into(), address: address.to_owned(), bundle: bundle.to_owned() }
    }

    /// Posts bytes; status 0 stands for no answer.
    pub(crate) fn post_bytes(&self, path: &str, bytes: &[u8]) -> (u16, Value) {
        let request =
            self.agent.post(format!("{}{path}", self.address)).header("Content-Type", "application/json");
        match request.send(bytes) {
            Ok(mut response) => {
                let content = response.body_mut().read_to_string().unwrap_or_default();
                (response.status().as_u16(), serde_json::from_str(&content).unwrap_or(Value::Null))
            }
            Err(_) => (0, Value::Null),
        }
    }

    pub(crate) fn post(&self, path: &str, content: &Value) -> (u16, Value) {
        self.post_bytes(path, content.to_string().as_bytes())
    }

    /// Returns the status and the body of a page.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, Vec<u8>) {
        let mut request = self.agent.get(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match request.call() {
            Ok(mut response) => {
                (response.status().as_u16(), response.body_mut().read_to_vec().unwrap_or_default())
            }
            Err(_) => (0, Vec::new()),
        }
    }

    /// Posts until there is a lasting answer, as the page does.
    pub(crate) fn insist(&self, path: &str, content: &Value) -> (u16, Value) {
        loop {
            let (status, answer) = self.post(path, content);
            if !(status == 0 || status == 429 || status >= 500) {
                return (status, answer);
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// Enters the study.
    pub(crate) fn join(&self, entry: &Value) -> Result<Participant<'_>, (u16, Value)> {
        let (status, session) = self.insist("/api/join", &json!({ "bundle": self.bundle, "entry": entry }));
        if status == 200 { Ok(Participant { client: self, session }) } else { Err((status, session)) }
    }
}

/// A participant with a session.
pub(crate) struct Participant<'a> {
    client: &'a Client,
    /// The response of the server: token, rater, pages, clips, stored.
    pub(crate) session: Value,
}

impl Participant<'_> {
    pub(crate) fn n_pages(&self) -> usize {
        self.session["pages"].as_array().map_or(0, Vec::len)
    }

    /// Returns the name of a page and the answer of somebody who has heard its clips.
    pub(crate) fn answer(&self, page: usize, score: i64) -> (String, Value) {
        let trial = &self.session["pages"][page];
        let names = trial["clips"].as_array().expect("clips");
        let heard: Vec<Value> = names
            .iter()
            .map(|name| {
                let clip = &self.session["clips"][name.as_str().expect("a name")];
                let ms = &clip["milliseconds"];
                json!({"clip": name, "sha256": clip["sha256"], "duration_ms": ms, "plays": 1, "whole_plays": 1,
                       "longest_ms": ms, "heard_ms": ms, "gap_ms": 20, "hidden_ms": 0})
            })
            .collect();
        let content = json!({
            "trial": trial["id"], "page": page, "score_raw": score, "skipped": null, "clips": heard,
            "milliseconds": 30_000, "answered": "2026-11-30T12:00:00.000Z",
        });
        (trial["id"].as_str().expect("a name").to_owned(), content)
    }

    /// Returns the message that stores an answer.
    pub(crate) fn message(&self, page: &str, answer: &Value) -> Value {
        json!({ "bundle": self.client.bundle, "token": self.session["token"], "page": page, "answer": answer })
    }

    /// Sends an answer until it is acknowledged or refused.
    pub(crate) fn put(&self, page: &str, answer: &Value) -> (u16, Value) {
        self.client.insist("/api/page", &self.message(page, answer))
    }

    pub(crate) fn finish(&self) -> (u16, Value) {
        self.client
            .insist("/api/finish", &json!({ "bundle": self.client.bundle, "token": self.session["token"] }))
    }

    #[allow(dead_code, reason = "nobody leaves under load")]
    pub(crate) fn leave(&self) -> (u16, Value) {
        self.client
            .insist("/api/leave", &json!({ "bundle": self.client.bundle, "token": self.session["token"] }))
    }
}
