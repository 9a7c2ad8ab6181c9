//! The experimenter's page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use mynah_listening::collect_sessions;
use mynah_study::{Progress, RaterProgress, Store, SystemProgress, payments, progress};
use serde::Deserialize;

use super::api::failed;
use super::state::Study;
use crate::listen::clock::now;
use crate::listen::payments::csv;
use crate::listen::progress::{right, state_words};

const COOKIE: &str = "mynah-experimenter";
const STYLE: &str = include_str!("../../../templates/experimenter.css");

pub(super) fn routes() -> Router<Arc<Study>> {
    Router::new()
        .route("/experimenter", get(page).post(enter))
        .route("/experimenter/style.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], STYLE) }))
        .route("/experimenter/delete", post(delete))
        .route("/experimenter/answers.json", get(answers))
        .route("/experimenter/ratings.json", get(ratings))
        .route("/experimenter/payments.csv", get(pay))
}

/// The page with the state of the study.
#[derive(Template)]
#[template(path = "experimenter.html")]
struct Overview<'a> {
    progress: &'a Progress,
    systems: Vec<SystemRow<'a>>,
    raters: Vec<RaterRow<'a>>,
    /// Some raters have answered gold trials or traps.
    has_controls: bool,
}

/// One system, as the page shows it.
struct SystemRow<'a> {
    system: &'a SystemProgress,
    interval: String,
}

/// One rater, as the page shows it.
struct RaterRow<'a> {
    rater: &'a RaterProgress,
    state: &'static str,
    minutes: String,
    plays: String,
    bias: String,
    controls: String,
}

impl<'a> Overview<'a> {
    fn of(progress: &'a Progress) -> Self {
        let system = |system: &'a SystemProgress| SystemRow {
            system,
            interval: system.interval.map_or_else(
                || "too few ratings".to_owned(),
                |[mean, low, high]| format!("{mean:.2} ({low:.2} to {high:.2}), width {:.2}", high - low),
            ),
        };
        let rater = |rater: &'a RaterProgress| RaterRow {
            rater,
            state: state_words(rater.state),
            minutes: format!("{:.1} of {:.1}", rater.minutes, rater.audio_minutes),
            plays: rater.plays.map_or_else(String::new, |plays| format!("{plays:.1}")),
            bias: rater.bias.map_or_else(String::new, |bias| format!("{bias:+.2}")),
            controls: [("traps", rater.traps), ("gold", rater.gold)]
                .into_iter()
                .filter(|(_, answers)| answers.n > 0)
                .map(|(name, answers)| format!("{name} {}", right(answers)))
                .collect::<Vec<_>>()
                .join(", "),
        };
        Self {
            progress,
            systems: progress.systems.iter().map(system).collect(),
            raters: progress.raters.iter().map(rater).collect(),
            has_controls: progress.raters.iter().any(|rater| rater.traps.n + rater.gold.n > 0),
        }
    }
}

/// The page that asks for the token.
#[derive(Template)]
#[template(path = "experimenter_entry.html")]
struct EntryPage {
    wrong: bool,
}

/// Returns `true` if two tokens are equal, in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// Returns the page that asks for the token, unless the request has it.
fn entrance(study: &Study, headers: &HeaderMap) -> Option<Response> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let is_known = pairs.any(|(name, value)| name == COOKIE && same(value, &study.experimenter));
    (!is_known).then(|| rendered(StatusCode::UNAUTHORIZED, &EntryPage { wrong: false }))
}

fn rendered(status: StatusCode, template: &impl Template) -> Response {
    let policy =
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    match template.render() {
        Ok(html) => (status, [(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct TokenForm {
    token: String,
}

async fn enter(State(study): State<Arc<Study>>, Form(form): Form<TokenForm>) -> Response {
    if !same(form.token.trim(), &study.experimenter) {
        // Guessing is slow.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        return rendered(StatusCode::UNAUTHORIZED, &EntryPage { wrong: true });
    }
    let cookie = format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/experimenter", study.experimenter);
    let Ok(cookie) = HeaderValue::from_str(&cookie) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    ([(header::SET_COOKIE, cookie)], Redirect::to("/experimenter")).into_response()
}

/// Reads the store beside the thread that writes.
async fn read<T: Send + 'static>(
    study: &Arc<Study>,
    look: impl FnOnce(&Store, &Study) -> Result<T, mynah_study::Error> + Send + 'static,
) -> Result<T, Response> {
    let shared = Arc::clone(study);
    let looked = tokio::task::spawn_blocking(move || {
        let store = Store::open_existing(&shared.store, shared.plan)?;
        look(&store, &shared)
    });
    let internal = |words: String| (StatusCode::INTERNAL_SERVER_ERROR, words).into_response();
    match looked.await {
        Ok(result) => result.map_err(|error| internal(error.to_string())),
        Err(error) => Err(internal(error.to_string())),
    }
}

async fn page(State(study): State<Arc<Study>>, headers: HeaderMap) -> Response {
    if let Some(entrance) = entrance(&study, &headers) {
        return entrance;
    }
    match read(&study, |store, study| progress(store, study.plan, now())).await {
        Ok(progress) => rendered(StatusCode::OK, &Overview::of(&progress)),
        Err(response) => response,
    }
}

#[derive(Deserialize)]
struct DeleteForm {
    rater: String,
    /// The rater once more, typed.
    confirmed: String,
}

async fn delete(
    State(study): State<Arc<Study>>,
    headers: HeaderMap,
    Form(form): Form<DeleteForm>,
) -> Response {
    if let Some(entrance) = entrance(&study, &headers) {
        return entrance;
    }
    if form.rater != form.confirmed.trim() {
        let words = "nothing was deleted: type the rater's code into the field to delete all of their data";
        return (StatusCode::BAD_REQUEST, words).into_response();
    }
    match study.writer.run(move |store| store.delete(&form.rater, now())).await {
        Ok(()) => Redirect::to("/experimenter").into_response(),
        Err(failure) => failed(failure),
    }
}

/// Returns a file to be saved.
fn saved(name: &str, kind: &'static str, content: impl IntoResponse) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], content)
        .into_response()
}

async fn answers(State(study): State<Arc<Study>>, headers: HeaderMap) -> Response {
    if let Some(entrance) = entrance(&study, &headers) {
        return entrance;
    }
    match read(&study, |store, study| store.sessions(study.plan, false)).await {
        Ok(sessions) => {
            let sessions: Vec<_> = sessions.into_iter().map(|(_, session)| session).collect();
            let name = format!("ratings-{}.json", study.plan.study);
            saved(&name, "application/json", serde_json::Value::from(sessions).to_string())
        }
        Err(response) => response,
    }
}

async fn ratings(State(study): State<Arc<Study>>, headers: HeaderMap) -> Response {
    if let Some(entrance) = entrance(&study, &headers) {
        return entrance;
    }
    let look = |store: &Store, study: &Study| {
        Ok(collect_sessions(study.plan, store.sessions(study.plan, false)?).ratings)
    };
    match read(&study, look).await {
        Ok(ratings) => Json(ratings).into_response(),
        Err(response) => response,
    }
}

async fn pay(State(study): State<Arc<Study>>, headers: HeaderMap) -> Response {
    if let Some(entrance) = entrance(&study, &headers) {
        return entrance;
    }
    let look =
        |store: &Store, study: &Study| payments(store, &progress(store, study.plan, now())?, study.bonus);
    match read(&study, look).await {
        Ok(payments) => match csv(payments) {
            Ok(csv) => saved("payments.csv", "text/csv; charset=utf-8", csv),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Err(response) => response,
    }
}
