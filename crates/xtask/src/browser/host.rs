//! A static web host for one folder, with faults on request.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// A fault of a file.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// It is not there for so many requests.
    Missing(usize),
    /// The first half of it, as if the connection had dropped.
    Half,
    /// A header without samples.
    Header,
    /// The bytes of another file.
    Other(PathBuf),
}

type Faults = Arc<Mutex<HashMap<String, Fault>>>;

/// The host; its thread ends with the process.
pub(super) struct Host {
    pub(super) address: String,
    faults: Faults,
}

impl Host {
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}/", listener.local_addr()?);
        let faults = Faults::default();
        let (shared, folder) = (Arc::clone(&faults), folder.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (faults, folder) = (Arc::clone(&shared), folder.clone());
                // A browser that goes away in the middle is no fault.
                thread::spawn(move || drop(answer(stream, &folder, &faults)));
            }
        });
        Ok(Self { address, faults })
    }

    pub(super) fn break_clip(&self, name: &str, fault: Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.insert(format!("/clips/{name}.wav"), fault);
    }

    pub(super) fn mend_clip(&self, name: &str) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).remove(&format!("/clips/{name}.wav"));
    }
}

fn answer(mut stream: TcpStream, folder: &Path, faults: &Faults) -> std::io::Result<()> {
    let mut line = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let path = line.split_whitespace().nth(1).unwrap_or("/").split('?').next().unwrap_or("/").to_owned();
    let file =
        if path == "/" { folder.join("index.html") } else { folder.join(path.trim_start_matches('/')) };
    let mut bytes = if path.contains("..") { None } else { fs::read(&file).ok() };
    let mut faults = faults.lock().unwrap_or_else(PoisonError::into_inner);
    match faults.get_mut(&path) {
        Some(Fault::Missing(n)) if *n > 0 => {
            *n -= 1;
            bytes = None;
        }
        Some(Fault::Half) => bytes = bytes.map(|bytes| bytes[..bytes.len() / 2].to_vec()),
        Some(Fault::Header) => bytes = bytes.map(|bytes| bytes[..44].to_vec()),
        Some(Fault::Other(other)) => bytes = fs::read(other).ok(),
        _ => {}
    }
    drop(faults);
    let kind = if path.starts_with("/clips/") { "audio/wav" } else { "text/html; charset=utf-8" };
    let status = if bytes.is_some() { "200 OK" } else { "404 Not Found" };
    let bytes = bytes.unwrap_or_default();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        bytes.len()
    )?;
    stream.write_all(&bytes)
}
