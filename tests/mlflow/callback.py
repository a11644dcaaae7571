"""LangChain's own MlflowCallbackHandler over the events that come on standard input; prints the id of its run."""

import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

from langchain_community.callbacks.mlflow_callback import MlflowCallbackHandler  # noqa: E402
from langchain_core.agents import AgentAction, AgentFinish  # noqa: E402
from langchain_core.documents import Document  # noqa: E402
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, get_buffer_string  # noqa: E402
from langchain_core.outputs import Generation, LLMResult  # noqa: E402

TYPES = {"human": HumanMessage, "ai": AIMessage, "system": SystemMessage}


def message(one):
    more = {"tool_calls": one["tool_calls"]} if one.get("tool_calls") else {}
    return TYPES[one["type"]](content=one["content"], **more)


def feed(handler, event):
    kind = event["event"]
    serialized = event.get("serialized")
    if kind == "llm_start":
        handler.on_llm_start(serialized, event["prompts"])
    elif kind == "chat_model_start":
        # what langchain-core does for a handler without a method of its own for chat models
        prompts = [get_buffer_string([message(one) for one in messages]) for messages in event["messages"]]
        handler.on_llm_start(serialized, prompts)
    elif kind == "llm_new_token":
        handler.on_llm_new_token(event["token"])
    elif kind == "llm_end":
        generations = [[Generation(**one) for one in several] for several in event["generations"]]
        handler.on_llm_end(LLMResult(generations=generations, llm_output=event["llm_output"]))
    elif kind == "chain_start":
        handler.on_chain_start(serialized, event["inputs"])
    elif kind == "chain_end":
        handler.on_chain_end(event["outputs"])
    elif kind == "tool_start":
        handler.on_tool_start(serialized, event["input"])
    elif kind == "tool_end":
        handler.on_tool_end(event["output"])
    elif kind == "text":
        handler.on_text(event["text"])
    elif kind == "agent_action":
        handler.on_agent_action(AgentAction(event["tool"], event["tool_input"], event["log"]))
    elif kind == "agent_finish":
        handler.on_agent_finish(AgentFinish({"output": event["output"]}, event["log"]))
    elif kind == "retriever_start":
        handler.on_retriever_start(serialized, event["query"])
    elif kind == "retriever_end":
        handler.on_retriever_end([Document(**one) for one in event["documents"]])
    elif kind == "error":
        handler.on_llm_error(ValueError("e"))
    else:
        raise ValueError(kind)


given = json.load(sys.stdin)
handler = MlflowCallbackHandler(
    name=given["name"], experiment=given["experiment"], tracking_uri=given["uri"], artifacts_dir=given["folder"], tags=given["tags"]
)
assert handler.textstat is None, "this comparison is for an environment without textstat"
for event in given["events"]:
    feed(handler, event)
handler.flush_tracker(finish=True)
print(json.dumps({"run_id": handler.mlflg.run_id}))
