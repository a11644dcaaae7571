//! The operations of Genie spaces.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::StatusCode;
use serde_json::{Value, json};

use super::run::{self, Question};
use super::{Conversation, Message, SPACES, Space};
use crate::errors::{ApiError, json_response};
use crate::json::{invalid, object, query, set};
use crate::state::{Emulator, now_ms};

/// The routes of Genie.
pub fn routes() -> Router<Emulator> {
    const S: &str = "/api/2.0/genie/spaces/{space}";
    const C: &str = "/api/2.0/genie/spaces/{space}/conversations";
    let message = format!("{C}/{{conversation}}/messages/{{message}}");
    let at = |rest: &str| format!("{message}/{rest}");
    Router::new()
        .route("/api/2.0/genie/spaces", get(spaces))
        .route(S, get(space))
        .route(&format!("{S}/start-conversation"), post(start))
        .route(C, get(conversations))
        .route(&format!("{C}/{{conversation}}"), delete(remove_conversation))
        .route(&format!("{C}/{{conversation}}/messages"), get(messages).post(ask))
        .route(&message, get(read).delete(remove))
        .route(&at("feedback"), post(feedback))
        .route(&at("query-result"), get(result))
        .route(&at("query-result/{attachment}"), get(result_of))
        .route(&at("attachments/{attachment}/query-result"), get(result_of))
        .route(&at("attachments/{attachment}/execute-query"), post(execute))
}

type Answered = Result<Value, ApiError>;

fn reply(answered: Answered) -> Response {
    answered.map_or_else(IntoResponse::into_response, |body| json_response(StatusCode::OK, &body))
}

fn missing(what: &str, id: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", format!("{what} with id '{id}' does not exist."))
}

fn find(id: &str) -> Result<&'static Space, ApiError> {
    SPACES.iter().find(|space| space.id == id).ok_or_else(|| missing("Genie space", id))
}

/// One page of a list under its name.
fn page(name: &str, items: Vec<Value>, query_text: Option<&str>) -> Answered {
    let pairs = query(query_text.unwrap_or_default());
    let number = |key: &str, otherwise: usize| match pairs.iter().find(|(name, value)| name == key && !value.is_empty())
    {
        Some((_, text)) => {
            text.parse::<usize>().map_err(|_| invalid(&format!("'{key}' is not one this list gave or takes.")))
        }
        None => Ok(otherwise),
    };
    let (size, start) = (number("page_size", 100)?.clamp(1, 1000), number("page_token", 0)?);
    let total = items.len();
    let shown: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut body = json!({ name: shown });
    if start.saturating_add(size) < total {
        set(&mut body, "next_page_token", (start + size).to_string());
    }
    Ok(body)
}

async fn spaces(RawQuery(query): RawQuery) -> Response {
    reply(page("spaces", SPACES.iter().map(Space::shown).collect(), query.as_deref()))
}

async fn space(Path(id): Path<String>) -> Response {
    reply(find(&id).map(Space::shown))
}

/// Takes a question and lets it run.
fn submit(
    emulator: &Emulator,
    space: &'static Space,
    conversation: Option<&str>,
    body: &Bytes,
) -> Result<(Value, Value), ApiError> {
    let body = object(body)?;
    let content = body.get("content").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let content = content.ok_or_else(|| invalid("Missing required field: content"))?;
    let (now, seed) = (now_ms(), emulator.config().seed);
    let mut store = emulator.genie();
    let message_id = store.id(seed, b"message");
    let conversation_id = match conversation {
        Some(id) => id.to_owned(),
        None => {
            let id = store.id(seed, b"conversation");
            let title: String = content.chars().take(80).collect();
            let (created_ms, updated_ms) = (now, now);
            store.conversations.push(Conversation {
                id: id.clone(),
                space,
                title,
                created_ms,
                updated_ms,
                messages: Vec::new(),
            });
            id
        }
    };
    let known =
        store.conversation(space.id, &conversation_id).ok_or_else(|| missing("Conversation", &conversation_id))?;
    let before = known.messages.last().map(|message| super::words::asked(&message.content).to_owned());
    let message = Message::new(message_id.clone(), content, now);
    let shown = (known.shown(), message.shown(space.id, &conversation_id));
    known.updated_ms = now;
    known.messages.push(message);
    drop(store);
    let question = Question {
        emulator: emulator.clone(),
        space,
        conversation: conversation_id,
        message: message_id,
        content: content.to_owned(),
        before,
    };
    tokio::spawn(question.run());
    Ok(shown)
}

async fn start(State(emulator): State<Emulator>, Path(id): Path<String>, body: Bytes) -> Response {
    reply(find(&id).and_then(|space| submit(&emulator, space, None, &body)).map(|(conversation, message)| {
        json!({
            "conversation_id": conversation.get("id"),
            "message_id": message.get("id"),
            "conversation": conversation,
            "message": message,
        })
    }))
}

async fn ask(
    State(emulator): State<Emulator>,
    Path((id, conversation)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    reply(find(&id).and_then(|space| submit(&emulator, space, Some(&conversation), &body)).map(|(_, message)| message))
}

async fn conversations(
    State(emulator): State<Emulator>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    reply(find(&id).and_then(|space| {
        let store = emulator.genie();
        // the newest first
        let own = store.conversations.iter().rev().filter(|conversation| conversation.space.id == space.id);
        page("conversations", own.map(Conversation::shown).collect(), query.as_deref())
    }))
}

async fn remove_conversation(
    State(emulator): State<Emulator>,
    Path((id, conversation)): Path<(String, String)>,
) -> Response {
    reply(find(&id).and_then(|space| {
        let mut store = emulator.genie();
        let before = store.conversations.len();
        store.conversations.retain(|known| known.id != conversation || known.space.id != space.id);
        if store.conversations.len() == before { Err(missing("Conversation", &conversation)) } else { Ok(json!({})) }
    }))
}

async fn messages(
    State(emulator): State<Emulator>,
    Path((id, conversation)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    reply(find(&id).and_then(|space| {
        let mut store = emulator.genie();
        let known =
            store.conversation(space.id, &conversation).ok_or_else(|| missing("Conversation", &conversation))?;
        let all = known.messages.iter().rev().map(|message| message.shown(space.id, &conversation)).collect();
        page("messages", all, query.as_deref())
    }))
}

type Place = (String, String, String);

/// Looks at a message, or changes it.
fn with<T>(
    emulator: &Emulator,
    (space, conversation, message): &Place,
    act: impl FnOnce(&mut Message) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let space = find(space)?;
    let mut store = emulator.genie();
    let found = store.message(space.id, conversation, message).ok_or_else(|| missing("Message", message))?;
    act(found)
}

async fn read(State(emulator): State<Emulator>, Path(place): Path<Place>) -> Response {
    reply(with(&emulator, &place, |message| Ok(message.shown(&place.0, &place.1))))
}

async fn remove(State(emulator): State<Emulator>, Path(place): Path<Place>) -> Response {
    let removed = with(&emulator, &place, |_| Ok(())).map(|()| {
        let mut store = emulator.genie();
        if let Some(conversation) = store.conversation(&place.0, &place.1) {
            conversation.messages.retain(|message| message.id != place.2);
        }
        json!({})
    });
    reply(removed)
}

async fn feedback(State(emulator): State<Emulator>, Path(place): Path<Place>, body: Bytes) -> Response {
    reply(object(&body).and_then(|body| {
        let rating = body.get("rating").and_then(Value::as_str).unwrap_or_default();
        if !matches!(rating, "POSITIVE" | "NEGATIVE" | "NONE") {
            return Err(invalid("'rating' is POSITIVE, NEGATIVE or NONE."));
        }
        let mut given = json!({ "rating": rating });
        if let Some(comment) = body.get("comment").filter(|comment| comment.is_string()) {
            set(&mut given, "comment", comment.clone());
        }
        with(&emulator, &place, |message| {
            message.feedback = Some(given);
            Ok(json!({}))
        })
    }))
}

fn shown(message: &Message, attachment: Option<&str>) -> Answered {
    let result = message.result.as_ref().filter(|result| attachment.is_none_or(|id| id == result.attachment));
    let result = result.ok_or_else(|| missing("Query attachment", attachment.unwrap_or(&message.id)))?;
    Ok(json!({ "statement_response": result.response }))
}

async fn result(State(emulator): State<Emulator>, Path(place): Path<Place>) -> Response {
    reply(with(&emulator, &place, |message| shown(message, None)))
}

type Attached = (String, String, String, String);

async fn result_of(
    State(emulator): State<Emulator>,
    Path((space, conversation, message, attachment)): Path<Attached>,
) -> Response {
    reply(with(&emulator, &(space, conversation, message), |message| shown(message, Some(&attachment))))
}

async fn execute(
    State(emulator): State<Emulator>,
    Path((space, conversation, message, attachment)): Path<Attached>,
) -> Response {
    let place = (space, conversation, message);
    let sql = with(&emulator, &place, |message| {
        shown(message, Some(&attachment))?;
        Ok(message.result.as_ref().map(|result| result.sql.clone()).unwrap_or_default())
    });
    let (sql, space) = match sql.and_then(|sql| find(&place.0).map(|space| (sql, space))) {
        Ok(found) => found,
        Err(error) => return error.into_response(),
    };
    let answered = match run::execute(&emulator, space, &sql).await {
        Ok(response) => with(&emulator, &place, |message| {
            if let Some(result) = &mut message.result {
                result.response = response;
            }
            shown(message, Some(&attachment))
        }),
        Err((_, sentence)) => Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", sentence)),
    };
    reply(answered)
}
