"""A workspace with a SQL engine: an emulator of its own at the engine of LAKEWIRE_ENGINE, or the shared one if that has an engine."""

import contextlib
import os
import time

import requests
from conftest import HOST, TOKEN
from own_emulator import emulator

WAREHOUSE = "emulator-warehouse"


def faults(host, *lines):
    requests.post(f"{host}/_emulator/faults", json=list(lines)).raise_for_status()


@contextlib.contextmanager
def with_engine():
    engine = os.environ.get("LAKEWIRE_ENGINE")
    with contextlib.ExitStack() as stack:
        host = stack.enter_context(emulator("--engine", engine)) if engine else HOST
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for _ in range(300):
            state = requests.get(f"{host}/api/2.0/sql/warehouses/{WAREHOUSE}", headers=headers).json()
            if state["state"] == "RUNNING":
                break
            assert engine or state["state"] != "STOPPED", state["health"]["details"]
            time.sleep(0.1)
        yield host
