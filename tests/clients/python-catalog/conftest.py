"""Points the toolkits at the emulator; nothing in them is changed. What finds it is shared with ../python."""

import os
import pathlib
import sys

HOST = os.environ["LAKEWIRE_EMULATOR"].rstrip("/")
TOKEN = os.environ.get("DATABRICKS_TOKEN", "dapi-emulator")

os.environ["DATABRICKS_CONFIG_FILE"] = os.devnull
os.environ["LANGSMITH_TRACING"] = "false"
sys.path.append(str(pathlib.Path(__file__).parents[1] / "python"))
