"""MLflow's own scoring server: behind `--custom`, and beside the stand-in, which must refuse what it refuses."""

import contextlib
import threading
import time

import mlflow.pyfunc
import numpy
import pytest
import requests
import uvicorn
from conftest import HOST, TOKEN
from databricks.sdk import WorkspaceClient
from mlflow.models import ModelSignature
from mlflow.pyfunc import scoring_server
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Array
from own_emulator import emulator

STAND_IN = f"{HOST}/serving-endpoints/dolly-v2-12b/invocations"


class Shout(mlflow.pyfunc.PythonModel):
    """Says every prompt in capitals."""

    def predict(self, context, model_input, params=None):
        # a column of texts may come as one array in one row
        return [str(text).upper() for prompt in model_input["prompt"] for text in numpy.atleast_1d(prompt)]


@pytest.fixture(scope="module")
def scoring(tmp_path_factory):
    """The URL of a scoring server with a model that has the stand-in's signature."""
    path = tmp_path_factory.mktemp("model") / "shout"
    inputs = Schema([ColSpec("string", "prompt"), ColSpec(Array(DataType.string), "stop", required=False)])
    signature = ModelSignature(inputs=inputs, outputs=Schema([ColSpec("string")]))
    mlflow.pyfunc.save_model(path, python_model=Shout(), signature=signature, pip_requirements=["mlflow"])
    app = scoring_server.init(mlflow.pyfunc.load_model(str(path)))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the scoring server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@contextlib.contextmanager
def behind(scoring):
    with emulator("--custom", f"shout={scoring}") as url:
        yield url


def post(url, body=None, **options):
    return requests.post(url, json=body, headers={"Authorization": f"Bearer {TOKEN}", **options.pop("headers", {})}, **options)


def test_a_real_scoring_server_answers(scoring):
    with behind(scoring) as url:
        client = WorkspaceClient(host=url, token=TOKEN)
        assert client.serving_endpoints.query("shout", dataframe_records=[{"prompt": "hi"}]).predictions == ["HI"]
        answer = post(f"{url}/serving-endpoints/shout/invocations", {"inputs": {"prompt": ["a", "b"]}})
        assert answer.json() == {"predictions": ["A", "B"]}
        assert post(f"{url}/serving-endpoints/shout/invocations", {"inputs": [1], "instances": [1]}).status_code == 400


FORMS = [
    {"dataframe_records": [{"prompt": "Say pong"}]},
    {"dataframe_records": [{"prompt": "Say pong", "stop": ["x"]}]},
    {"dataframe_split": {"columns": ["prompt"], "data": [["Say pong"], ["Say ping"]]}},
    {"instances": [{"prompt": "Say pong"}]},
    {"inputs": {"prompt": "Say pong"}},
    {"inputs": {"prompt": ["Say pong", "Say ping"]}},
    {"inputs": [{"prompt": "Say pong"}]},
    {"inputs": {"prompt": "Say pong"}, "params": {"temperature": 1}},
    {"inputs": {"prompt": "Say pong"}, "params": [], "signature_name": "s"},
    {"dataframe_records": [{"prompt": "Say pong", "extra": 1}]},
    {"prompt": "Say pong"},
]


@pytest.mark.parametrize("body", FORMS, ids=str)
def test_the_stand_in_answers_in_the_same_form(scoring, body):
    real, ours = post(f"{scoring}/invocations", body), post(STAND_IN, body)
    assert (ours.status_code, real.status_code) == (200, 200), (ours.text, real.text)

    def form(value):
        return {key: form(inner) for key, inner in value.items()} if isinstance(value, dict) else [type(x) for x in value]

    assert form(ours.json()) == form(real.json())


REFUSED = [
    {},
    {"x": 1},
    [{"prompt": "x"}],
    {"inputs": [1], "instances": [1]},
    {"inputs": ["x"]},
    {"instances": 5},
    {"prompt": 5},
    {"dataframe_records": {"prompt": "x"}},
    {"dataframe_records": [1]},
    {"dataframe_split": [1]},
    {"dataframe_split": {"columns": ["prompt"]}},
    {"dataframe_split": {"columns": ["a", "b"], "data": [["x"]]}},
    {"dataframe_records": [{"question": "x"}]},
]


@pytest.mark.parametrize("body", REFUSED, ids=str)
def test_the_stand_in_refuses_what_it_refuses(scoring, body):
    real, ours = post(f"{scoring}/invocations", body), post(STAND_IN, body)
    assert (ours.status_code, ours.json()["error_code"]) == (real.status_code, real.json()["error_code"]), real.text
    assert ours.json().get("error_class") == real.json().get("error_class"), real.text


@pytest.mark.parametrize("kind", ["application/xml", "application/json; format=pandas-split"])
def test_content_types(scoring, kind):
    options = {"data": '{"inputs": {"prompt": "x"}}', "headers": {"Content-Type": kind}}
    real, ours = post(f"{scoring}/invocations", **dict(options)), post(STAND_IN, **dict(options))
    assert (ours.status_code, real.status_code) == (415, 415)
