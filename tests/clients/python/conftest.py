"""Points Databricks' own clients at the emulator; nothing in them is changed."""

import os

import pytest

HOST = os.environ["LAKEWIRE_EMULATOR"].rstrip("/")
TOKEN = os.environ.get("DATABRICKS_TOKEN", "dapi-emulator")

# before any client is imported: they read these once
os.environ["DATABRICKS_HOST"] = HOST
os.environ["DATABRICKS_TOKEN"] = TOKEN
os.environ["DATABRICKS_CONFIG_FILE"] = os.devnull
# a failing judge must fail at once, not after five minutes of retries
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_TRACKING_URI"] = "databricks"
os.environ["LANGSMITH_TRACING"] = "false"

LLAMA = "databricks-meta-llama-3-3-70b-instruct"
GPT_OSS = "databricks-gpt-oss-20b"
CLAUDE = "databricks-claude-sonnet-4"
EXTERNAL = "team-chat"


@pytest.fixture(params=[LLAMA, CLAUDE, EXTERNAL, GPT_OSS])
def endpoint(request):
    """Every kind of chat endpoint."""
    return request.param
