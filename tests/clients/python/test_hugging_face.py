"""huggingface_hub: InferenceClient against the emulator's router, provider and text-generation-inference."""

import os

# read once, when the client is imported
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ.pop("HF_TOKEN", None)

import pytest
import requests
from conftest import HOST
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError, OverloadedError, TextGenerationError, ValidationError

HUB = f"{HOST}/hf"
KEY = "hf_emulator"
DOLLY = f"{HUB}/hf-inference/models/databricks/dolly-v2-12b"
SMOL = "HuggingFaceTB/SmolLM3-3B"


def client(model=HUB, **more):
    return InferenceClient(model, token=KEY, timeout=30, **more)


@pytest.mark.parametrize("model", [HUB, f"{HUB}/endpoints/smollm3"])
def test_text_generation(model):
    assert client(model).text_generation("Say pong", return_full_text=False) == "pong"
    details = client(model).text_generation("Count to 20", details=True, max_new_tokens=3, return_full_text=False)
    assert details.generated_text == "1, 2" and details.details.finish_reason == "length"
    assert details.details.generated_tokens == 3


@pytest.mark.parametrize("model", [HUB, f"{HUB}/endpoints/smollm3", DOLLY])
def test_text_generation_stream(model):
    # the client must outlive its streams: it closes them when it is collected
    hub = client(model)
    pieces = list(hub.text_generation("Count to 5", stream=True, return_full_text=False))
    # without details this client gives every token's text, the special one at the end too
    assert "".join(pieces[:-1]) == "1, 2, 3, 4, 5" and len(pieces) > 5
    events = list(hub.text_generation("Count to 5", stream=True, details=True, return_full_text=False))
    assert events[-1].generated_text == "1, 2, 3, 4, 5" and events[-1].token.special
    assert events[-1].details.finish_reason == "eos_token"


def test_the_classic_form_leaves_the_end_key():
    assert client(DOLLY).text_generation("Say pong", return_full_text=False) == "pong\n\n### End"


def test_chat_completion():
    for base in (HUB, f"{HUB}/v1", f"{HUB}/endpoints/smollm3"):
        chat = InferenceClient(base_url=base, token=KEY)
        answer = chat.chat_completion(model=SMOL, messages=[{"role": "user", "content": "Say pong"}])
        assert answer.choices[0].message.content == "pong" and answer.usage.total_tokens > 0
        stream = chat.chat_completion(model=SMOL, messages=[{"role": "user", "content": "Say one two"}], stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "one two"


def test_chat_completion_with_tools():
    weather = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    answer = InferenceClient(base_url=HUB, token=KEY).chat_completion(
        model=SMOL, messages=[{"role": "user", "content": "What is the weather in Paris?"}], tools=[weather]
    )
    call = answer.choices[0].message.tool_calls[0].function
    assert call.name == "get_weather" and "Paris" in str(call.arguments)


def test_dolly_has_no_chat_template():
    dolly = InferenceClient(base_url=f"{HUB}/endpoints/dolly", token=KEY)
    with pytest.raises(HfHubHTTPError) as error:
        dolly.chat_completion(messages=[{"role": "user", "content": "Hi"}])
    assert error.value.response.status_code == 422
    with pytest.raises(HfHubHTTPError) as error:
        InferenceClient(base_url=HUB, token=KEY).chat_completion(model="nobody/nothing", messages=[{"role": "user", "content": "Hi"}])
    assert error.value.response.json()["error"]["code"] == "model_not_supported"


def test_errors_have_their_types():
    with pytest.raises(ValidationError):
        client().text_generation("Hi", temperature=-1.0)
    faulty = {"x-lakewire-fault": '{"status": 429}'}
    with pytest.raises(OverloadedError):
        client(headers=faulty).text_generation("Hi")
    generation = {"x-lakewire-fault": '{"status": 424}'}
    with pytest.raises(TextGenerationError):
        client(headers=generation).text_generation("Hi")


def test_a_wrong_key():
    with pytest.raises(HfHubHTTPError) as error:
        InferenceClient(HUB, token="hf_wrong").text_generation("Hi")
    assert error.value.response.status_code == 401


def test_a_model_that_loads():
    body = {"model": "databricks/dolly-v2-12b", "loading": 1, "estimated_time": 0.1}
    requests.post(f"{HOST}/_emulator/hugging-face", json=body, timeout=10).raise_for_status()
    with pytest.raises(HfHubHTTPError) as error:
        client(DOLLY).text_generation("Say pong", return_full_text=False)
    assert error.value.response.status_code == 503
    assert error.value.response.json()["estimated_time"] == 0.1
    assert client(DOLLY).text_generation("Say pong", return_full_text=False).startswith("pong")


def test_endpoint_facts():
    # asked of a server of one's own, which the client knows by the provider that it is not given
    own = InferenceClient(HUB, token=KEY, provider="hf-inference")
    assert own.get_endpoint_info()["model_id"] == "databricks/dolly-v2-12b"
    assert own.health_check()
