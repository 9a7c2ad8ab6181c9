//! `mynah-listen serve`: a study over HTTP.
//!
//! ```text
//! GET  /                     the page, without any session
//! GET  /clips/NAME.wav       a clip
//! POST /api/join             who one is -> token, session, answers so far
//! POST /api/page             one page's answer -> acknowledged once it is on the disk
//! POST /api/finish, leave    the end
//! GET  /experimenter         the state of the study, behind a token
//! ```
//!
//! All writing is done by one thread, which commits whatever has arrived together and acknowledges it afterwards.

mod access;
mod api;
mod experimenter;
mod limit;
mod state;
mod writer;

use std::collections::HashMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use mynah_cli::{AdviseExt as _, Advised, put, say};
use mynah_listening::{Key, Pages, Plan, served_page};
use mynah_study::Store;
use rayon::prelude::*;

use super::language::strings;
use super::served_args::ServeArgs;
use limit::Limits;
use state::Study;
use writer::Writer;

/// Serves a bundle until it is interrupted.
pub(crate) fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let words = strings(&args.language)?;
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let key_path = Key::path_beside(&args.bundle);
    let key = Key::read(&key_path)
        .advise("serve a bundle that lies next to its key, as `mynah-listen build` writes them")?;
    // Both live as long as the process.
    let (plan, key): (&'static Plan, &'static Key) = (Box::leak(Box::new(plan)), Box::leak(Box::new(key)));
    let pages = Pages::new(plan, key)?;
    let clips = verified_clips(&args.bundle, key)?;
    let store = Store::open(&args.store, &pages)?;
    let token = store.experimenter_token()?;
    let page = served_page(plan, &pages, &words, (args.entry.entry(), "api/"));
    let listener = TcpListener::bind(args.address)
        .with_context(|| format!("failed to listen on {}", args.address))
        .advise("name another port with --address")?;
    let address = listener.local_addr()?;
    let places = args.places.places(args.pilot);
    say(&format!(
        "study {} with {} sessions, {} clips verified, answers in `{}`{}",
        plan.study,
        plan.sessions.len(),
        clips.len(),
        args.store.display(),
        if args.pilot { ": a pilot, which never enters the analysis" } else { "" }
    ));
    put(&format!(
        "page:          http://{address}/\nexperimenter:  http://{address}/experimenter  token {token}\n"
    ))?;
    let study = Arc::new(Study {
        plan,
        pages,
        page,
        clips,
        places,
        entry: args.entry,
        ending: args.ending,
        store: args.store.clone(),
        writer: Writer::start(store),
        limits: Limits::new(args.joins_per_minute),
        behind_proxy: args.behind_proxy,
        experimenter: token,
        bonus: args.bonus,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let service = api::router(study).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(interrupted()).await?;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(Duration::from_secs(5));
    Ok(ExitCode::SUCCESS)
}

async fn interrupted() {
    // Where the signal cannot be waited for, the process ends by it, which loses nothing either.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Returns the paths of all clips by name, if each has the content that the key says.
fn verified_clips(bundle: &std::path::Path, key: &Key) -> anyhow::Result<HashMap<String, PathBuf>> {
    let check = |(name, clip): (&String, &mynah_listening::KeyClip)| {
        let path = bundle.join("clips").join(format!("{name}.wav"));
        let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        if clip.is_content(&bytes) {
            Ok((name.clone(), path))
        } else {
            let message = format!("`{}` is not the clip that the key describes", path.display());
            Err(Advised::new(message, "build the bundle again").into())
        }
    };
    key.clips.par_iter().map(check).collect()
}
