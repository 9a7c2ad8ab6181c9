//! A browser, driven over `WebDriver` (W3C).

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// The longest wait for something to happen on a page.
const PATIENCE: Duration = Duration::from_secs(90);
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A kind of browser, with the program that drives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Chromium,
    Firefox,
    /// The small browser that comes with `WebKitGTK`. It needs a display.
    Webkit,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Webkit];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
            Self::Webkit => "WebKitWebDriver",
        }
    }

    /// Returns `true` if the program that drives it is there, with a display where one is needed.
    pub(super) fn is_installed(self) -> bool {
        let help =
            Command::new(self.program()).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status();
        help.is_ok_and(|status| status.success()) && (self != Self::Webkit || has_display())
    }

    fn capabilities(self) -> Value {
        match self {
            Self::Chromium => json!({
                "browserName": "chrome",
                "goog:loggingPrefs": { "browser": "ALL" },
                "goog:chromeOptions": { "args": [
                    "--headless=new", "--no-sandbox", "--mute-audio", "--disable-gpu", "--disable-dev-shm-usage",
                ] },
            }),
            Self::Firefox => json!({
                "browserName": "firefox",
                "moz:firefoxOptions": { "args": ["-headless"], "prefs": { "media.volume_scale": "0.0" } },
            }),
            // Its driver finds the browser itself.
            Self::Webkit => json!({}),
        }
    }
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Drives browsers of one kind.
pub(super) struct Driver {
    kind: Kind,
    /// One for all browsers, where one can drive several: geckodriver and `WebKitWebDriver` drive one.
    shared: Option<Arc<Process>>,
}

impl Driver {
    pub(super) fn start(kind: Kind) -> Result<Self> {
        let shared = match kind {
            Kind::Chromium => Some(Arc::new(Process::start(kind)?)),
            Kind::Firefox | Kind::Webkit => None,
        };
        Ok(Self { kind, shared })
    }

    /// Opens a browser with a profile of its own.
    pub(super) fn browser(&self) -> Result<Browser> {
        let process = match &self.shared {
            Some(shared) => Arc::clone(shared),
            None => Arc::new(Process::start(self.kind)?),
        };
        let capabilities = json!({ "capabilities": { "alwaysMatch": self.kind.capabilities() } });
        let session = process.send("POST", "/session", Some(&capabilities))?;
        let id = session["sessionId"].as_str().context("the browser has no session")?.to_owned();
        Ok(Browser { process, id })
    }
}

/// A program that drives browsers; it ends on drop.
struct Process {
    child: Child,
    address: String,
    agent: ureq::Agent,
}

impl Process {
    fn start(kind: Kind) -> Result<Self> {
        let free = || anyhow::Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        let port = free()?;
        let mut command = Command::new(kind.program());
        command.arg(format!("--port={port}"));
        if kind == Kind::Firefox {
            // Several at once would all want the same port for that.
            command.arg(format!("--websocket-port={}", free()?));
        }
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("failed to start `{}`", kind.program()))?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // The driver may close a connection that is about to be used again.
            .max_idle_connections(0)
            .timeout_global(Some(Duration::from_mins(2)))
            .build();
        let process = Self { child, address: format!("http://127.0.0.1:{port}"), agent: config.into() };
        let begun = Instant::now();
        while process.agent.get(format!("{}/status", process.address)).call().is_err() {
            if begun.elapsed() > PATIENCE {
                bail!("`{}` does not answer", kind.program());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(process)
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let address = format!("{}{path}", self.address);
        let mut response = match (method, body) {
            ("GET", _) => self.agent.get(&address).call()?,
            ("DELETE", _) => self.agent.delete(&address).call()?,
            (_, body) => {
                let body = body.unwrap_or(&Value::Null).to_string();
                self.agent.post(&address).header("Content-Type", "application/json").send(body.as_bytes())?
            }
        };
        let text = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string()?;
        let content: Value = serde_json::from_str(&text).context("the driver answers no JSON")?;
        let value = content["value"].clone();
        if let Some(error) = value["error"].as_str() {
            bail!(
                "{path}: {error}: {}",
                value["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default()
            );
        }
        Ok(value)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// One browser; it closes on drop.
pub(super) struct Browser {
    process: Arc<Process>,
    id: String,
}

impl Browser {
    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.process.send("POST", &format!("/session/{}{path}", self.id), Some(body))
    }

    fn get(&self, path: &str) -> Result<Value> {
        self.process.send("GET", &format!("/session/{}{path}", self.id), None)
    }

    pub(super) fn open(&self, address: &str) -> Result<()> {
        self.post("/url", &json!({ "url": address })).map(drop)
    }

    /// Goes to an address whose server may be away for a while, as a person tries again.
    pub(super) fn open_patiently(&self, address: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.open(address) {
                Err(_) if begun.elapsed() < PATIENCE => sleep(Duration::from_millis(200)),
                opened => return opened,
            }
        }
    }

    pub(super) fn reload(&self) -> Result<()> {
        self.post("/refresh", &json!({})).map(drop)
    }

    /// Reloads until there is a page, whose server may be away for a while.
    pub(super) fn reload_patiently(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let reloaded = self.reload();
            let is_there = self.run("return document.querySelector('main > section') !== null;", &[]);
            match (reloaded, is_there) {
                (Ok(()), Ok(Value::Bool(true))) => return Ok(()),
                (result, _) if begun.elapsed() > PATIENCE => {
                    return result.context("the page does not come back");
                }
                _ => sleep(Duration::from_millis(200)),
            }
        }
    }

    /// Opens another tab and goes there; returns its handle.
    pub(super) fn new_tab(&self) -> Result<String> {
        let tab = self.post("/window/new", &json!({ "type": "tab" }))?;
        let handle = tab["handle"].as_str().context("a tab has a handle")?.to_owned();
        self.go_to(&handle)?;
        Ok(handle)
    }

    pub(super) fn tab(&self) -> Result<String> {
        Ok(self.get("/window")?.as_str().context("a tab has a handle")?.to_owned())
    }

    pub(super) fn go_to(&self, tab: &str) -> Result<()> {
        self.post("/window", &json!({ "handle": tab })).map(drop)
    }

    pub(super) fn close_tab(&self) -> Result<()> {
        self.process.send("DELETE", &format!("/session/{}/window", self.id), None).map(drop)
    }

    pub(super) fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.post("/window/rect", &json!({ "width": width, "height": height })).map(drop)
    }

    /// Lets Chromium's pages know that dark ones are preferred.
    pub(super) fn prefer_dark(&self) -> Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.post("/goog/cdp/execute", &command).map(drop)
    }

    /// Runs a script and returns its value.
    pub(super) fn run(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Waits until an expression is true, and returns its value.
    pub(super) fn wait(&self, expression: &str) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let value = self.run(&format!("return ({expression});"), &[]).unwrap_or(Value::Null);
            if !matches!(value, Value::Null | Value::Bool(false)) && value != json!(0) && value != json!("") {
                return Ok(value);
            }
            if begun.elapsed() > PATIENCE {
                let seen =
                    self.run("return document.querySelector('main').innerText;", &[]).unwrap_or(Value::Null);
                bail!("this never came true: {expression}; the page says {seen}");
            }
            sleep(Duration::from_millis(40));
        }
    }

    /// Clicks an element as a person does: where it is covered or out of sight, that fails.
    pub(super) fn click(&self, selector: &str) -> Result<()> {
        let element = self.post("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = element[ELEMENT].as_str().with_context(|| format!("there is no `{selector}`"))?.to_owned();
        self.post(&format!("/element/{id}/click"), &json!({}))
            .with_context(|| format!("click on `{selector}`"))?;
        Ok(())
    }

    pub(super) fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.post("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = element[ELEMENT].as_str().with_context(|| format!("there is no `{selector}`"))?.to_owned();
        self.post(&format!("/element/{id}/value"), &json!({ "text": text })).map(drop)
    }

    /// Presses keys wherever the focus is.
    pub(super) fn press(&self, keys: &str) -> Result<()> {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
            })
            .collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }))
            .map(drop)
    }

    /// Returns the text of an element.
    pub(super) fn text(&self, selector: &str) -> Result<String> {
        let text =
            self.run("return document.querySelector(arguments[0]).textContent;", &[json!(selector)])?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Returns the section of the page that is shown, without `page-`.
    pub(super) fn section(&self) -> Result<String> {
        let script = "[...document.querySelectorAll('main > section')].find((one) => !one.hidden)?.id";
        let id = self.wait(script)?;
        Ok(id.as_str().unwrap_or_default().trim_start_matches("page-").to_owned())
    }

    /// Waits for a section.
    pub(super) fn comes(&self, section: &str) -> Result<()> {
        self.wait(&format!("!document.getElementById('page-{section}').hidden")).map(drop)
    }

    /// Returns a picture of the window as PNG in base 64.
    pub(super) fn picture(&self) -> Result<String> {
        Ok(self.get("/screenshot")?.as_str().context("a picture")?.to_owned())
    }

    /// Returns what the page has logged as errors, where the browser tells.
    pub(super) fn errors(&self) -> Vec<String> {
        let Ok(log) = self.post("/se/log", &json!({ "type": "browser" })) else { return Vec::new() };
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends all that are left.
        self.process.send("DELETE", &format!("/session/{}", self.id), None).ok();
    }
}
