//! The requests of the page.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, extract::Request};
use mynah_cli::say;
use mynah_study::{Error, Put};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::access::{Refusal, identity};
use super::experimenter;
use super::state::Study;
use super::writer::Failure;
use crate::listen::clock::now;
use crate::listen::served_args::EntryArg;

/// The largest request.
const BODY_BYTES: usize = 64 * 1024;
/// Seconds after which a page tries again when nothing could be stored.
const RETRY_SECONDS: u64 = 5;

type Shared = State<Arc<Study>>;

/// Returns all routes of a study.
pub(super) fn router(study: Arc<Study>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/clips/{file}", get(clip))
        .route("/api/join", post(join))
        .route("/api/page", post(put_page))
        .route("/api/finish", post(finish))
        .route("/api/leave", post(leave))
        .merge(experimenter::routes())
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "not-found", "there is nothing here") })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&study), protected))
        .with_state(study)
}

/// Adds the headers that every response has.
async fn protected(State(study): Shared, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // The page itself declares what it may load; a frame around it cannot be refused from within. Mechanical Turk shows tasks
    // in one.
    let policy = match study.entry {
        EntryArg::Mturk => "frame-ancestors https://*.mturk.com; base-uri 'none'",
        _ => "frame-ancestors 'none'; base-uri 'none'",
    };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn page(State(study): Shared) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], study.page.clone()).into_response()
}

async fn clip(State(study): Shared, Path(file): Path<String>) -> Response {
    let unknown = || refuse(StatusCode::NOT_FOUND, "not-found", "there is no such clip");
    // Only names of the key lead to a file.
    let Some(path) = file.strip_suffix(".wav").and_then(|name| study.clips.get(name)) else {
        return unknown();
    };
    match tokio::fs::read(path).await {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "audio/wav"),
                (header::CACHE_CONTROL, "private, max-age=86400, immutable"),
            ];
            (headers, bytes).into_response()
        }
        Err(error) => {
            say(&format!("`{}` cannot be read: {error}", path.display()));
            refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the clip cannot be read")
        }
    }
}

#[derive(Deserialize)]
struct JoinRequest {
    bundle: String,
    entry: BTreeMap<String, String>,
}

async fn join(
    State(study): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(seconds) = study.limits.address(address(&study, peer, &headers)) {
        return wait(StatusCode::TOO_MANY_REQUESTS, "too-many", "too many people enter at once", seconds);
    }
    let JoinRequest { bundle, entry } = match parsed(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    if let Some(response) = other_bundle(&study, &bundle) {
        return response;
    }
    let identity = match identity(study.entry, &entry, &study.pages) {
        Ok(identity) => identity,
        Err(Refusal::UnknownCode) => {
            return refuse(StatusCode::NOT_FOUND, "unknown-code", "the code is unknown");
        }
        Err(Refusal::Entry) => {
            return refuse(StatusCode::BAD_REQUEST, "entry", "the link does not name the participant");
        }
        Err(Refusal::Preview) => {
            return refuse(StatusCode::FORBIDDEN, "preview", "the task is not accepted yet");
        }
    };
    let agent =
        headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let places = study.places;
    let joined = study.writer.run(move |store| {
        let joined = store.join(&identity, &agent, &places, now())?;
        let answers = store.answers(&joined.token)?;
        Ok((joined, answers))
    });
    match joined.await {
        Ok((joined, answers)) => reply(&json!({
            "token": joined.token,
            "rater": joined.rater,
            "pages": study.pages.of_session(joined.session),
            "clips": study.pages.clips_of_session(joined.session),
            "stored": answers.into_iter().collect::<serde_json::Map<_, _>>(),
        })),
        Err(failure) => failed(failure),
    }
}

#[derive(Deserialize)]
struct PageRequest {
    bundle: String,
    token: String,
    page: String,
    answer: Value,
}

async fn put_page(State(study): Shared, body: Bytes) -> Response {
    let PageRequest { bundle, token, page, answer } = match parsed(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    if let Some(response) = other_bundle(&study, &bundle).or_else(|| too_many(&study, &token)) {
        return response;
    }
    let shared = Arc::clone(&study);
    let put = study
        .writer
        .run(move |store| store.put(&shared.pages, (&token, &page), &answer, &shared.places, now()));
    match put.await {
        Ok(Put::Stored) => reply(&json!({ "stored": true, "repeated": false })),
        Ok(Put::Repeated) => reply(&json!({ "stored": true, "repeated": true })),
        Ok(Put::Conflict { stored }) => {
            let content =
                json!({ "code": "conflict", "error": "another answer is stored already", "stored": stored });
            (StatusCode::CONFLICT, axum::Json(content)).into_response()
        }
        Err(failure) => failed(failure),
    }
}

#[derive(Deserialize)]
struct TokenRequest {
    bundle: String,
    token: String,
}

async fn finish(State(study): Shared, body: Bytes) -> Response {
    let TokenRequest { bundle, token } = match parsed(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    if let Some(response) = other_bundle(&study, &bundle).or_else(|| too_many(&study, &token)) {
        return response;
    }
    let shared = Arc::clone(&study);
    let finished = study.writer.run(move |store| store.finish(&shared.pages, &token, now()));
    match finished.await {
        Ok(_) => reply(&json!({
            "completion_code": study.ending.completion_code,
            "redirect": study.ending.redirect,
        })),
        Err(failure) => failed(failure),
    }
}

async fn leave(State(study): Shared, body: Bytes) -> Response {
    let TokenRequest { bundle, token } = match parsed(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    if let Some(response) = other_bundle(&study, &bundle).or_else(|| too_many(&study, &token)) {
        return response;
    }
    match study.writer.run(move |store| store.leave(&token, now())).await {
        Ok(()) => reply(&json!({})),
        Err(failure) => failed(failure),
    }
}

/// Parses the body of a request.
fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body).map_err(|error| {
        Box::new(refuse(StatusCode::BAD_REQUEST, "malformed", &format!("the request is malformed: {error}")))
    })
}

fn other_bundle(study: &Study, bundle: &str) -> Option<Response> {
    (bundle != study.pages.bundle())
        .then(|| refuse(StatusCode::CONFLICT, "other-bundle", "the page is of another bundle: reload it"))
}

fn too_many(study: &Study, token: &str) -> Option<Response> {
    let seconds = study.limits.token(token).err()?;
    Some(wait(StatusCode::TOO_MANY_REQUESTS, "too-many", "too many requests", seconds))
}

/// Returns the address of the caller, as a trusted proxy tells it.
fn address(study: &Study, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    let forwarded = || {
        let value = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        value.rsplit(',').next()?.trim().parse().ok()
    };
    study.behind_proxy.then(forwarded).flatten().unwrap_or(peer.ip())
}

fn reply(content: &Value) -> Response {
    axum::Json(content).into_response()
}

fn refuse(status: StatusCode, code: &str, error: &str) -> Response {
    (status, axum::Json(json!({ "code": code, "error": error }))).into_response()
}

fn wait(status: StatusCode, code: &str, error: &str, seconds: u64) -> Response {
    let mut response = refuse(status, code, error);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// Returns the response to a request that was not met.
pub(super) fn failed(failure: Failure) -> Response {
    let error = match failure {
        Failure::Unavailable(why) => {
            say(&format!("an answer could not be stored and will be sent again: {why}"));
            let words = "nothing can be stored at the moment";
            return wait(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words, RETRY_SECONDS);
        }
        Failure::Refused(error) => error,
    };
    let (status, code) = match &error {
        Error::Full => (StatusCode::FORBIDDEN, "full"),
        Error::Left => (StatusCode::FORBIDDEN, "left"),
        Error::UnknownToken => (StatusCode::UNAUTHORIZED, "unknown-token"),
        Error::UnknownPage { .. } => (StatusCode::NOT_FOUND, "unknown-page"),
        Error::Answer { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "answer"),
        Error::Unfinished { .. } => (StatusCode::CONFLICT, "unfinished"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    };
    refuse(status, code, &error.to_string())
}
