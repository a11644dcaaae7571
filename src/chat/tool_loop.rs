//! The tool loop: ask, run the tools asked for, tell the model, until it answers or a limit is met.
//!
//! [`next_step`] and [`tool_message`] are pure and drive both faces; [`run_tools`] is the Rust flow.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::chat::tool_calls::{RequestedTool, first_message, requested_tools};
use crate::chat::types::{ChatCompletion, Tool};
use crate::chat::{Chat, ChatAnswer, ChatRequest, body};
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::join::join_all;
use crate::observe::{Kind, Observation};
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend, MaybeSync, Transport, race};
use crate::wire::json::{Raw, push_string, string};

/// What to do after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The model answered.
    Answer,
    /// These tools are to be run.
    RunTools(Vec<RequestedTool>),
}

/// Decides what an answer asks for. `known` are the names of the tools on offer.
///
/// # Errors
/// `UnknownTool` when the model asks for a tool that was not offered: running something else, or
/// nothing, would hide a mistake. `Decode` when a call has no name.
pub fn next_step(completion: Raw<'_>, known: &[&str]) -> Result<Step> {
    let tools = requested_tools(completion)?;
    if tools.is_empty() {
        return Ok(Step::Answer);
    }
    check_known(&tools, known)?;
    Ok(Step::RunTools(tools))
}

/// Refuses a tool that was not offered.
pub(crate) fn check_known(tools: &[RequestedTool], known: &[&str]) -> Result<()> {
    if let Some(stranger) = tools.iter().find(|tool| !known.contains(&tool.name.as_str())) {
        let mut offered = String::new();
        for name in known {
            offered.push_str(if offered.is_empty() { "" } else { ", " });
            offered.push_str(name);
        }
        if offered.is_empty() {
            offered.push_str("none");
        }
        return Err(Error::new(
            ErrorKind::UnknownTool,
            format!(
                "The model asked for the tool `{:.64}`, which was not offered (offered: {offered}).",
                stranger.name
            ),
        ));
    }
    Ok(())
}

/// The message that tells the model what a tool gave, or why it failed.
#[must_use]
pub fn tool_message(id: &str, outcome: Result<&str, &str>) -> String {
    let mut out = String::from("{\"role\":\"tool\",\"tool_call_id\":");
    push_string(&mut out, id);
    out.push_str(",\"content\":");
    match outcome {
        Ok(content) => push_string(&mut out, content),
        Err(reason) => push_string(&mut out, &format!("Error: {reason}")),
    }
    out.push('}');
    out
}

/// The error of a loop that went on for too long.
#[must_use]
pub fn step_limit(max_steps: u32) -> Error {
    Error::new(
        ErrorKind::StepLimit,
        format!("The model still asked for tools after {max_steps} steps: raise max_steps or narrow the tools."),
    )
}

/// What runs a tool. A trait of its own, so that it is `Send` where there are threads.
trait Run: MaybeSend + MaybeSync {
    fn run(&self, arguments: String) -> BoxFuture<'static, Result<String, String>>;
}

impl<F, Fut> Run for F
where
    F: Fn(String) -> Fut + MaybeSend + MaybeSync,
    Fut: Future<Output = Result<String, String>> + MaybeSend + 'static,
{
    fn run(&self, arguments: String) -> BoxFuture<'static, Result<String, String>> {
        Box::pin(self(arguments))
    }
}

/// A tool on offer and the code that runs it.
#[derive(Clone)]
pub struct RunnableTool {
    definition: Tool,
    run: Arc<dyn Run>,
}

impl RunnableTool {
    /// A tool run by an async closure: arguments as JSON text of an object in, what the model
    /// shall read out. An `Err` is told to the model, which may try again.
    pub fn new<F, Fut>(definition: Tool, run: F) -> Self
    where
        F: Fn(String) -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = Result<String, String>> + MaybeSend + 'static,
    {
        Self { definition, run: Arc::new(run) }
    }

    /// What the model is told of the tool.
    #[must_use]
    pub fn definition(&self) -> &Tool {
        &self.definition
    }

    /// The tool's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.function.name
    }
}

impl fmt::Debug for RunnableTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunnableTool({})", self.name())
    }
}

/// How far a tool loop may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolLimits {
    /// How many times the model may be asked; 8 unless set.
    pub max_steps: u32,
    /// How long one tool may run; 60 s unless set.
    pub tool_timeout: Duration,
}

impl Default for ToolLimits {
    fn default() -> Self {
        Self { max_steps: 8, tool_timeout: Duration::from_secs(60) }
    }
}

/// How a tool loop ended.
#[derive(Clone, Debug)]
pub struct ToolRun {
    /// The model's last answer.
    pub answer: ChatAnswer,
    /// The messages of the loop as JSON text, the caller's own first, the answer last.
    pub messages: Vec<String>,
    /// How many times the model was asked.
    pub steps: u32,
}

/// Asks, runs the tools asked for side by side, tells the model, and repeats until it answers.
///
/// # Errors
/// Those of a chat call, `UnknownTool`, and `StepLimit`. A failing, hanging or wrongly called tool
/// is told to the model instead.
pub async fn run_tools(
    chat: &Chat,
    request: ChatRequest,
    tools: &[RunnableTool],
    limits: ToolLimits,
) -> Result<ToolRun> {
    let definitions: Vec<Tool> = tools.iter().map(|tool| tool.definition.clone()).collect();
    let known: Vec<&str> = tools.iter().map(RunnableTool::name).collect();
    let (request, options) = request.into_parts();
    let mut request = request;
    request.tools = Some(definitions);
    let sent = chat.body(&request, false)?;
    let told = chat.sender().watch().start(Kind::Agent, chat.endpoint(), || sent.clone());
    // the tokens are those of its steps, which tell of them
    let outputs = |run: &ToolRun| {
        let whole = ChatCompletion { usage: None, ..(*run.answer).clone() };
        serde_json::to_string(&whole).unwrap_or_default()
    };
    told.run(looped(chat, sent.clone(), options, tools, &known, limits), outputs).await
}

async fn looped(
    chat: &Chat,
    mut sent: String,
    options: CallOptions,
    tools: &[RunnableTool],
    known: &[&str],
    limits: ToolLimits,
) -> Result<ToolRun> {
    for step in 1..=limits.max_steps {
        let call = chat.invoke_call(sent.clone())?;
        let (json, meta) = chat.sender().send_as(Kind::ChatModel, chat.endpoint(), &call, &options).await?;
        let Step::RunTools(asked) = next_step(json.root(), known)? else {
            let answer = ChatAnswer::new(&json, meta)?;
            let closing = first_message(json.root()).map_or("{}", Raw::text).to_owned();
            return Ok(ToolRun { answer, messages: transcript(&sent, closing), steps: step });
        };
        let outcomes = join_all(asked.iter().map(|call| {
            let tool = tools.iter().find(|tool| tool.name() == call.name);
            Box::pin(run_one(chat, tool, call, limits.tool_timeout)) as BoxFuture<'_, String>
        }))
        .await;
        let assistant = first_message(json.root()).map_or("{}", Raw::text);
        let mut more = vec![assistant];
        more.extend(outcomes.iter().map(String::as_str));
        sent = body::with_messages(&sent, &more)?;
    }
    Err(step_limit(limits.max_steps))
}

async fn run_one(chat: &Chat, tool: Option<&RunnableTool>, call: &RequestedTool, limit: Duration) -> String {
    let outcome = outcome(chat.sender().transport(), tool, call, limit).await;
    tool_message(&call.id, outcome.as_deref().map_err(String::as_str))
}

/// Runs a tool within its time limit: what it gives, or why it failed.
pub(crate) async fn outcome(
    transport: &Arc<dyn Transport>,
    tool: Option<&RunnableTool>,
    call: &RequestedTool,
    limit: Duration,
) -> Result<String, String> {
    let told =
        Observation::step(Kind::Tool, || call.name.clone(), false, || json_or_text(call.arguments().unwrap_or("")));
    let outcome = told.within(ran(transport, tool, call, limit)).await;
    match &outcome {
        Ok(text) => told.end(|| json_or_text(text)),
        Err(reason) => told.fail(&Error::new(ErrorKind::OperationFailed, reason.clone())),
    }
    outcome
}

/// Text as JSON: as it is when it is some, else as a string.
fn json_or_text(text: &str) -> String {
    if Raw::parse(text).is_ok() { text.to_owned() } else { string(text) }
}

async fn ran(
    transport: &Arc<dyn Transport>,
    tool: Option<&RunnableTool>,
    call: &RequestedTool,
    limit: Duration,
) -> Result<String, String> {
    match (tool, call.arguments()) {
        (Some(tool), Ok(arguments)) => {
            let run = tool.run.run(arguments.to_owned());
            let sleep = transport.sleep(limit);
            let late = Box::pin(async move {
                sleep.await;
                let error = Error::new(
                    ErrorKind::DeadlineExceeded,
                    format!("The tool did not finish within {} s.", limit.as_secs()),
                )
                .with_phase(TimeoutPhase::Tool);
                Err(error.message().to_owned())
            });
            race(run, late).await
        }
        (_, Err(fault)) => Err(fault.message().to_owned()),
        (None, _) => Err("There is no such tool.".to_owned()),
    }
}

fn transcript(sent: &str, closing: String) -> Vec<String> {
    let messages = Raw::trusted(sent).get("messages");
    let mut all: Vec<String> =
        messages.into_iter().flat_map(Raw::items).map(|message| message.text().to_owned()).collect();
    all.push(closing);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks_for(name: &str) -> String {
        format!(
            r#"{{"choices":[{{"message":{{"role":"assistant","content":null,"tool_calls":[{{"id":"c1","type":"function","function":{{"name":"{name}","arguments":"{{}}"}}}}]}}}}]}}"#
        )
    }

    #[test]
    fn an_answer_without_calls_ends_the_loop() {
        let answer = r#"{"choices":[{"message":{"role":"assistant","content":"4","tool_calls":[]}}]}"#;
        assert_eq!(next_step(Raw::parse(answer).unwrap(), &["add"]).unwrap(), Step::Answer);
    }

    #[test]
    fn g16_a_stranger_is_an_error_and_prototype_names_are_strangers() {
        for name in ["multiply", "toString", "constructor", "__proto__"] {
            let error = next_step(Raw::parse(&asks_for(name)).unwrap(), &["add"]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnknownTool);
            assert!(error.message().contains("add"));
        }
        assert!(matches!(next_step(Raw::parse(&asks_for("add")).unwrap(), &["add"]), Ok(Step::RunTools(_))));
    }

    #[test]
    fn outcomes_become_messages() {
        assert_eq!(tool_message("a\"", Ok("4")), r#"{"role":"tool","tool_call_id":"a\"","content":"4"}"#);
        assert!(tool_message("a", Err("no")).contains("Error: no"));
    }
}
