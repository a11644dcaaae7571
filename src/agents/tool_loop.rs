//! The tool loop of Responses: ask, run the tools asked for, add calls and results, until the model answers.

use crate::agents::items::tool_result;
use crate::agents::responses::{Responses, ResponsesRun};
use crate::agents::types::{ResponseObject, ResponsesTool};
use crate::agents::verdict::requested;
use crate::agents::{ResponsesAnswer, ResponsesRequest, body};
use crate::chat::tool_calls::RequestedTool;
use crate::chat::tool_loop::{RunnableTool, ToolLimits, check_known, outcome, step_limit};
use crate::error::Result;
use crate::join::join_all;
use crate::observe::Kind;
use crate::sender::CallOptions;
use crate::transport::BoxFuture;
use crate::wire::json::Raw;

/// What an answer asks for; `known` are the names of the tools on offer.
///
/// # Errors
/// `UnknownTool`, `Decode`; see [`next_step`](crate::chat::tool_loop::next_step).
pub(crate) fn next_step(response: Raw<'_>, known: &[&str]) -> Result<Vec<RequestedTool>> {
    let tools = requested(response)?;
    check_known(&tools, known)?;
    Ok(tools)
}

pub(super) async fn run_tools(
    handle: &Responses,
    request: ResponsesRequest,
    tools: &[RunnableTool],
    limits: ToolLimits,
) -> Result<ResponsesRun> {
    let known: Vec<&str> = tools.iter().map(RunnableTool::name).collect();
    let (mut fields, options) = request.into_parts();
    fields.params.tools = Some(tools.iter().map(|tool| ResponsesTool::from(tool.definition().clone())).collect());
    let sent = handle.body(&fields, false)?;
    let told = handle.sender().watch().start(Kind::Agent, handle.endpoint(), || sent.clone());
    // the tokens are those of its steps, which tell of them
    let outputs = |run: &ResponsesRun| {
        let whole = ResponseObject { usage: None, ..(*run.answer).clone() };
        serde_json::to_string(&whole).unwrap_or_default()
    };
    told.run(looped(handle, sent.clone(), options, tools, &known, limits), outputs).await
}

async fn looped(
    handle: &Responses,
    mut sent: String,
    options: CallOptions,
    tools: &[RunnableTool],
    known: &[&str],
    limits: ToolLimits,
) -> Result<ResponsesRun> {
    for steps in 1..=limits.max_steps {
        let call = handle.call(sent.clone())?;
        let (json, meta) = handle.sender().send_as(Kind::Agent, handle.endpoint(), &call, &options).await?;
        let asked = next_step(json.root(), known)?;
        if asked.is_empty() {
            let answer = ResponsesAnswer::new(json, meta, &sent)?;
            let items = answer.next_input(Vec::<crate::agents::ResponseItem>::new())?;
            return Ok(ResponsesRun { answer, steps, items });
        }
        let transport = handle.sender().transport();
        let results = join_all(asked.iter().map(|call| {
            let tool = tools.iter().find(|tool| tool.name() == call.name);
            Box::pin(async move {
                let outcome = outcome(transport, tool, call, limits.tool_timeout).await;
                tool_result(&call.id, outcome.as_deref().map_err(String::as_str))
            }) as BoxFuture<'_, String>
        }))
        .await;
        let output = json.root().get_some("output").into_iter().flat_map(Raw::items);
        sent = body::with_items(&sent, output.chain(results.iter().map(|result| Raw::trusted(result))))?;
    }
    Err(step_limit(limits.max_steps))
}
