"""Responses and agents: openai, databricks-openai, ChatDatabricks and MLflow's own types."""

import asyncio

import openai
import pytest
import requests
from conftest import HOST, LLAMA, TOKEN
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks
from databricks_openai import DatabricksOpenAI
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from mlflow.deployments import get_deploy_client
from mlflow.types.agent import ChatAgentChunk, ChatAgentResponse
from mlflow.types.responses import ResponsesAgentResponse, ResponsesAgentStreamEvent

AGENT = "agent-responses"
GPT_5 = "databricks-gpt-5"
CHAT_AGENT = "chat-agent"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is 21 degrees and sunny in {city}."


def client():
    return openai.OpenAI(base_url=f"{HOST}/serving-endpoints", api_key=TOKEN, max_retries=0)


def user(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("model", [AGENT, GPT_5, "team-chat"])
def test_openai_responses(model):
    answer = client().responses.create(model=model, input=user("Say pong"))
    assert answer.output_text == "pong" and answer.status == "completed"
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    stream = list(client().responses.create(model=model, input=user("Say one two three"), stream=True))
    assert [event.type for event in stream[:2]] == ["response.created", "response.in_progress"]
    assert "".join(e.delta for e in stream if e.type == "response.output_text.delta") == "one two three"
    assert stream[-1].type == "response.completed" and stream[-1].response.output_text == "one two three"
    assert [event.sequence_number for event in stream] == list(range(len(stream)))


def test_openai_stream_helper():
    # the client's own fold checks the order of the events as it goes
    with client().responses.stream(model=GPT_5, input="Say pong", reasoning={"effort": "low"}) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert "response.reasoning_summary_text.delta" in kinds
    assert [item.type for item in final.output] == ["reasoning", "message"]
    assert final.output_text == "pong"


def test_openai_tools_round_trip():
    asked = user("What is the weather in Paris?")
    with client().responses.stream(model=GPT_5, input=asked, tools=[WEATHER]) as stream:
        for _ in stream:
            pass
        call = stream.get_final_response().output[0]
    assert (call.type, call.name, call.arguments) == ("function_call", "get_weather", '{"city":"Paris"}')
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees in Paris"}
    said_back = {"type": "function_call", "id": call.id, "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
    last = client().responses.create(model=GPT_5, input=[*asked, said_back, output], tools=[WEATHER])
    assert "21 degrees" in last.output_text
    # the ids of messages are longer than what is taken back
    message = last.output[0].model_dump(exclude_none=True)
    assert len(message["id"]) > 64
    with pytest.raises(openai.BadRequestError, match="64"):
        client().responses.create(model=GPT_5, input=[message, *asked])
    client().responses.create(model=GPT_5, input=[{**message, "id": message["id"][:64]}, *asked])


def test_openai_refusals():
    for more in ({"store": True}, {"background": True}, {"previous_response_id": "resp_1"}):
        with pytest.raises(openai.BadRequestError):
            client().responses.create(model=GPT_5, input="Hi", **more)
    with pytest.raises(openai.BadRequestError):
        client().responses.create(model=AGENT, input="a bare text")
    with pytest.raises(openai.BadRequestError):
        client().responses.create(model=LLAMA, input="Hi")


def test_databricks_openai():
    ours = DatabricksOpenAI(workspace_client=WorkspaceClient(host=HOST, token=TOKEN))
    answer = ours.responses.create(model=AGENT, input=user("Say pong"), extra_body={"custom_inputs": {"a": 1}})
    assert answer.output_text == "pong" and answer.custom_outputs == {"a": 1}


@pytest.mark.parametrize("model", [AGENT, GPT_5])
def test_langchain_responses(model):
    llm = ChatDatabricks(model=model, use_responses_api=True)
    answer = llm.invoke("Say pong")
    assert isinstance(answer, AIMessage) and answer.text == "pong"
    assert answer.usage_metadata["total_tokens"] > 0
    chunks = list(llm.stream("Say one two three"))
    whole = None
    for chunk in chunks:
        whole = chunk if whole is None else whole + chunk
    assert whole.text == "one two three"
    history = [HumanMessage("My name is Ann and I live in Oslo.")]
    history.append(llm.invoke(history))
    history.append(HumanMessage("What is my name?"))
    assert "Ann" in llm.invoke(history).text


@pytest.mark.parametrize("model", [AGENT, GPT_5])
def test_langchain_responses_tools(model):
    llm = ChatDatabricks(model=model, use_responses_api=True).bind_tools([get_weather])
    history = [HumanMessage("What is the weather in Paris?")]
    first = llm.invoke(history)
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("get_weather", {"city": "Paris"})]
    history.append(first)
    for call in first.tool_calls:
        history.append(ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]))
    assert "21 degrees" in llm.invoke(history).text


def test_langchain_astream_of_an_agent_with_its_own_tool():
    async def collect():
        llm = ChatDatabricks(model=AGENT, use_responses_api=True)
        return [chunk async for chunk in llm.astream("What is 17 times 23?")]

    chunks = asyncio.run(collect())
    assert any("391" in str(chunk.content) for chunk in chunks if chunk.type == "ToolMessageChunk" or chunk.type == "tool")
    assert "391" in "".join(chunk.text for chunk in chunks if chunk.type == "AIMessageChunk")


def test_langchain_chat_agent():
    llm = ChatDatabricks(model=CHAT_AGENT)
    answer = llm.invoke("What is 6 times 7?")
    assert [message["role"] for message in answer.content] == ["assistant", "tool", "assistant"]
    assert "42" in answer.content[-1]["content"]
    said = "".join(chunk.content for chunk in llm.stream("Say one two three") if isinstance(chunk.content, str))
    assert said == "one two three"


def raw(endpoint, body):
    """The parsed events of a stream, read without a client."""
    response = requests.post(
        f"{HOST}/serving-endpoints/{endpoint}/invocations",
        json={**body, "stream": True},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    lines = [line[6:] for line in response.text.split("\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [requests.models.complexjson.loads(line) for line in lines[:-1]]


def test_mlflow_types_take_every_response():
    deploy = get_deploy_client("databricks")
    for text in ("Say pong", "What is 17 times 23?"):
        body = {"input": user(text), "custom_inputs": {"annotate": True}, "reasoning": {"effort": "low"}}
        ResponsesAgentResponse(**deploy.predict(endpoint=AGENT, inputs=body))
        events = [ResponsesAgentStreamEvent(**event) for event in raw(AGENT, body)]
        assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
        # neighbours of the same type count once: deltas come as often as the text is long
        assert len([a for a, b in zip(events, events[1:]) if a.type != b.type]) > 5


def test_mlflow_types_take_every_chat_agent_answer():
    deploy = get_deploy_client("databricks")
    body = {"messages": user("What is 6 times 7?"), "custom_inputs": {"k": "v"}}
    whole = ChatAgentResponse(**{k: v for k, v in deploy.predict(endpoint=CHAT_AGENT, inputs=body).items() if k != "id"})
    assert whole.custom_outputs == {"k": "v"} and len(whole.messages) == 3
    stream = deploy.predict_stream(endpoint=CHAT_AGENT, inputs=body)
    chunks = [ChatAgentChunk(**{k: v for k, v in chunk.items() if k != "id"}) for chunk in stream]
    assert {chunk.delta.role for chunk in chunks} == {"assistant", "tool"}


def test_mlflow_chat_model():
    answer = get_deploy_client("databricks").predict(
        endpoint="chat-model", inputs={"messages": user("Say pong"), "custom_inputs": {"n": 1}}
    )
    assert answer["choices"][0]["message"]["content"] == "pong" and answer["custom_outputs"] == {"n": 1}
