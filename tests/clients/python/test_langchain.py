"""databricks-langchain: ChatDatabricks."""

import asyncio
import json

import pytest
from conftest import CLAUDE, GPT_OSS, LLAMA
from databricks_langchain import ChatDatabricks
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

PASSAGE = "Use only this text. Lakewire was founded in 2019 in Oslo. Its office dog is called Bilbo."


def parts(content):
    """The parts of a message; this client writes lists of parts as JSON text."""
    if isinstance(content, str) and content.startswith('[{"type"'):
        return json.loads(content)
    return [{"type": "text", "text": content}]


def words(content):
    """The text of a message whose content may be a list of parts."""
    return "".join(part["text"] for part in parts(content) if part["type"] == "text")


@tool
def get_weather(city: str) -> str:
    """Get the current weather in a city."""
    return f"It is 21 degrees and sunny in {city}."


@tool
def multiply(a: int, b: int) -> int:
    """Multiply two whole numbers."""
    return a * b


class Person(BaseModel):
    """A person."""

    name: str = Field(description="The name of the person")
    age: int = Field(description="The age of the person in years")


def test_invoke(endpoint):
    answer = ChatDatabricks(model=endpoint, temperature=0).invoke(
        [SystemMessage(PASSAGE), HumanMessage("When was Lakewire founded?")]
    )
    assert isinstance(answer, AIMessage)
    assert "2019" in words(answer.content)
    assert answer.usage_metadata["input_tokens"] > 0
    assert answer.usage_metadata["total_tokens"] == (
        answer.usage_metadata["input_tokens"] + answer.usage_metadata["output_tokens"]
    )
    assert answer.response_metadata["finish_reason"] == "stop"


def test_stream(endpoint):
    llm = ChatDatabricks(model=endpoint, temperature=0)
    chunks = list(llm.stream([SystemMessage(PASSAGE), HumanMessage("What is the office dog called?")]))
    assert len(chunks) > 5
    assert "Bilbo" in "".join(words(chunk.content) for chunk in chunks)
    finishes = [c.response_metadata["finish_reason"] for c in chunks if c.response_metadata.get("finish_reason")]
    assert finishes == ["stop"]


def test_stream_usage():
    llm = ChatDatabricks(model=LLAMA, stream_usage=True)
    usages = [chunk.usage_metadata for chunk in llm.stream("Hello") if chunk.usage_metadata]
    assert usages and usages[-1]["output_tokens"] > 0


def test_astream():
    async def collect():
        return [chunk async for chunk in ChatDatabricks(model=CLAUDE).astream("Say pong")]

    assert "".join(words(chunk.content) for chunk in asyncio.run(collect())) == "pong"


def test_conversation():
    llm = ChatDatabricks(model=LLAMA)
    history = [HumanMessage("My name is Ann and I live in Oslo.")]
    history.append(llm.invoke(history))
    history.append(HumanMessage("What is my name?"))
    assert "Ann" in llm.invoke(history).content


def test_tools_round_trip(endpoint):
    llm = ChatDatabricks(model=endpoint).bind_tools([get_weather, multiply])
    history = [HumanMessage("What is the weather in Paris?")]
    first = llm.invoke(history)
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("get_weather", {"city": "Paris"})]
    assert first.response_metadata["finish_reason"] == "tool_calls"
    history.append(first)
    for call in first.tool_calls:
        history.append(ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]))
    last = llm.invoke(history)
    assert "21 degrees" in words(last.content)
    assert not last.tool_calls


def test_tools_in_a_stream(endpoint):
    llm = ChatDatabricks(model=endpoint).bind_tools([get_weather, multiply])
    whole = None
    for chunk in llm.stream("What is the weather in Paris, and multiply 17 and 23"):
        whole = chunk if whole is None else whole + chunk
    assert [(call["name"], call["args"]) for call in whole.tool_calls] == [
        ("get_weather", {"city": "Paris"}),
        ("multiply", {"a": 17, "b": 23}),
    ]


@pytest.mark.parametrize("choice, expected", [("none", []), ("required", ["get_weather"]), ("get_weather", ["get_weather"])])
def test_tool_choice(choice, expected):
    llm = ChatDatabricks(model=LLAMA).bind_tools([get_weather], tool_choice=choice)
    assert [call["name"] for call in llm.invoke("Tell me about Oslo").tool_calls] == expected


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
def test_structured_output(method):
    llm = ChatDatabricks(model=LLAMA).with_structured_output(Person, method=method)
    question = "Ann Lee is 34 years old."
    if method == "json_mode":
        question += " Return a JSON blob with keys 'name' and 'age'."
    assert llm.invoke(question) == Person(name="Ann Lee", age=34)


def test_thinking_is_a_part():
    llm = ChatDatabricks(
        model=CLAUDE, max_tokens=2000, extra_params={"extra_body": {"thinking": {"type": "enabled", "budget_tokens": 1000}}}
    )
    answer = llm.invoke("Say pong")
    assert [part["type"] for part in parts(answer.content)] == ["reasoning", "text"]
    assert parts(answer.content)[0]["summary"][0]["signature"]
    assert words(answer.content) == "pong"


def test_reasoning_model_streams_parts():
    chunks = list(ChatDatabricks(model=GPT_OSS).stream("Say pong"))
    kinds = [part["type"] for chunk in chunks for part in parts(chunk.content)]
    assert "reasoning" in kinds and kinds[-1] == "text"


def test_max_tokens_and_stop():
    short = ChatDatabricks(model=LLAMA, max_tokens=3).invoke("Count to 20")
    assert short.response_metadata["finish_reason"] == "length"
    stopped = ChatDatabricks(model=LLAMA, stop=["5"]).invoke("Count to 20")
    assert stopped.content == "1, 2, 3, 4, "


def test_batch():
    answers = ChatDatabricks(model=LLAMA).batch(["Say one", "Say two", "Say three"])
    assert [answer.content for answer in answers] == ["one", "two", "three"]
