"""The openai client, mlflow.deployments and databricks-sdk against the same endpoints."""

import json

import openai
import pytest
from conftest import CLAUDE, EXTERNAL, HOST, LLAMA, TOKEN
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.serving import ChatMessage, ChatMessageRole
from mlflow.deployments import get_deploy_client

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def client():
    return openai.OpenAI(base_url=f"{HOST}/serving-endpoints", api_key=TOKEN, max_retries=0)


def test_openai_create(endpoint):
    answer = client().chat.completions.create(model=endpoint, messages=[{"role": "user", "content": "Say pong"}])
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_openai_stream():
    stream = client().chat.completions.create(
        model=LLAMA, messages=[{"role": "user", "content": "Say pong"}], stream=True
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "pong"
    assert chunks[0].usage.completion_tokens is None
    assert chunks[-1].usage.completion_tokens == 1


def test_openai_stream_options_on_an_external_model():
    stream = client().chat.completions.create(
        model=EXTERNAL,
        messages=[{"role": "user", "content": "Say pong"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    last = list(stream)[-1]
    assert last.choices == [] and last.usage.total_tokens > 0


def test_openai_tool_stream():
    stream = client().chat.completions.create(
        model=LLAMA, messages=[{"role": "user", "content": "Weather in Oslo?"}], tools=[WEATHER], stream=True
    )
    arguments = ""
    for chunk in stream:
        for call in chunk.choices[0].delta.tool_calls or []:
            arguments += call.function.arguments or ""
    assert json.loads(arguments) == {"city": "Oslo"}


def test_openai_n_and_logprobs_on_an_external_model():
    answer = client().chat.completions.create(
        model=EXTERNAL, messages=[{"role": "user", "content": "Say pong"}], n=2, logprobs=True, top_logprobs=3
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert len(answer.choices[0].logprobs.content[0].top_logprobs) == 3


def test_openai_unknown_field_is_refused_by_open_weight_models():
    with pytest.raises(openai.BadRequestError) as caught:
        client().chat.completions.create(
            model=LLAMA, messages=[{"role": "user", "content": "x"}], stream_options={"include_usage": True}, stream=True
        )
    assert 'unknown field "stream_options"' in str(caught.value)


def test_openai_wrong_token():
    wrong = openai.OpenAI(base_url=f"{HOST}/serving-endpoints", api_key="dapi-wrong", max_retries=0)
    with pytest.raises(openai.PermissionDeniedError):
        wrong.chat.completions.create(model=LLAMA, messages=[{"role": "user", "content": "x"}])


def test_mlflow_predict():
    answer = get_deploy_client("databricks").predict(
        endpoint=CLAUDE, inputs={"messages": [{"role": "user", "content": "Say pong"}]}
    )
    assert answer["choices"][0]["message"]["content"] == "pong"


def test_mlflow_predict_stream(endpoint):
    chunks = list(
        get_deploy_client("databricks").predict_stream(
            endpoint=endpoint, inputs={"messages": [{"role": "user", "content": "Say pong"}]}
        )
    )
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_mlflow_lists_and_gets():
    deploy = get_deploy_client("databricks")
    names = [endpoint["name"] for endpoint in deploy.list_endpoints()]
    assert LLAMA in names
    assert deploy.get_endpoint(LLAMA)["task"] == "llm/v1/chat"


def test_sdk_lists_gets_and_queries():
    workspace = WorkspaceClient()
    listed = {endpoint.name: endpoint for endpoint in workspace.serving_endpoints.list()}
    assert listed[LLAMA].state.ready.value == "READY"
    assert listed["chat-starting"].state.ready.value == "NOT_READY"
    detailed = workspace.serving_endpoints.get(EXTERNAL)
    assert detailed.config.served_entities[0].external_model.provider.value == "openai"
    answer = workspace.serving_endpoints.query(
        name=LLAMA, messages=[ChatMessage(role=ChatMessageRole.USER, content="Say pong")], max_tokens=10
    )
    assert answer.choices[0].message.content == "pong"
    assert answer.served_model_name == LLAMA


def test_sdk_errors():
    workspace = WorkspaceClient()
    with pytest.raises(NotFound):
        workspace.serving_endpoints.get("no-such-endpoint")
    with pytest.raises(BadRequest):
        workspace.serving_endpoints.query(name=LLAMA, inputs=[1])
    with pytest.raises(PermissionDenied):
        WorkspaceClient(host=HOST, token="dapi-wrong").serving_endpoints.get(LLAMA)


def test_sdk_me():
    assert WorkspaceClient().current_user.me().user_name == "emulator@example.com"
