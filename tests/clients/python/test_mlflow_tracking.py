"""MLflow's own Python client against the emulator: as a workspace (tracking URI `databricks`) and as a self-hosted server."""

import itertools
import json
import math
import os

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import AssessmentSource, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from own_emulator import emulator

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# spans are sent when they end, not later in another thread
os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"


SEEDS = itertools.count(1)


@pytest.fixture(params=["databricks", "self-hosted"])
def client(request, monkeypatch):
    """A client of either kind of server; each has an emulator of its own."""
    server = request.param == "self-hosted"
    # MLflow keeps what it knows of a run by its id: each emulator needs ids of its own
    seed = str(next(SEEDS))
    with emulator("--seed", seed, *(["--mlflow-server"] if server else [])) as url:
        monkeypatch.setenv("DATABRICKS_HOST", url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "dapi-emulator")
        uri = url if server else "databricks"
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        try:
            yield MlflowClient(uri, uri)
        finally:
            mlflow.set_tracking_uri(before)


def test_experiments_runs_and_search(client):
    experiment = client.create_experiment("/Shared/python", tags={"a": "b"})
    with pytest.raises(MlflowException, match="already exists"):
        client.create_experiment("/Shared/python")
    assert client.get_experiment_by_name("/Shared/python").experiment_id == experiment
    assert client.get_experiment_by_name("/Shared/nobody") is None
    run = client.create_run(experiment, run_name="first", tags={"t": "1"})
    client.log_metric(run.info.run_id, "loss", 0.5, step=1)
    client.log_metric(run.info.run_id, "loss", math.nan, step=2)
    metrics = [Metric("acc", n / 10, 1000 + n, n) for n in range(10)]
    client.log_batch(run.info.run_id, metrics, [Param("lr", "0.1")], [RunTag("k", "v")])
    with pytest.raises(MlflowException, match="Changing param values"):
        client.log_param(run.info.run_id, "lr", "0.2")
    client.set_terminated(run.info.run_id)
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED" and read.info.run_name == "first"
    assert read.data.params == {"lr": "0.1"} and read.data.metrics["acc"] == 0.9
    assert math.isnan(read.data.metrics["loss"])
    assert [m.step for m in client.get_metric_history(run.info.run_id, "acc")] == list(range(10))
    for n in range(3):
        client.create_run(experiment, run_name=f"more-{n}")
    assert len(client.search_runs([experiment], "metrics.acc > 0.5 and params.lr = '0.1'")) == 1
    page = client.search_runs([experiment], max_results=3)
    assert len(page) == 3 and len(client.search_runs([experiment], max_results=3, page_token=page.token)) == 1
    client.delete_run(run.info.run_id)
    assert len(client.search_runs([experiment])) == 3
    found = client.search_experiments(filter_string="name = '/Shared/python'")
    assert [e.experiment_id for e in found] == [experiment]


def test_artifacts(client, tmp_path):
    experiment = client.create_experiment("/Shared/artifacts")
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "héllo", "notes/a b.txt")
    client.log_dict(run, {"a": [1, 2]}, "data.json")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.bin").write_bytes(bytes(range(256)))
    client.log_artifacts(run, str(tmp_path / "folder"), "deep/er")
    assert sorted(f.path for f in client.list_artifacts(run)) == ["data.json", "deep", "notes"]
    assert [f.path for f in client.list_artifacts(run, "deep/er")] == ["deep/er/x.bin"]
    out = tmp_path / "out"
    out.mkdir()
    client.download_artifacts(run, "", str(out))
    assert (out / "notes" / "a b.txt").read_text() == "héllo"
    assert json.loads((out / "data.json").read_text()) == {"a": [1, 2]}
    assert (out / "deep" / "er" / "x.bin").read_bytes() == bytes(range(256))


def test_traces(client):
    experiment = mlflow.set_experiment("/Shared/traces")

    @mlflow.trace(span_type="TOOL")
    def lookup(word):
        return {"found": word}

    with mlflow.start_span("agent", span_type="AGENT") as root:
        root.set_inputs({"q": "What is 2+2?"})
        lookup("four")
        with pytest.raises(ValueError, match="bad"), mlflow.start_span("fails"):
            raise ValueError("bad")
        root.set_outputs("4")
        mlflow.update_current_trace(tags={"t": "v"})
    trace = client.get_trace(root.trace_id)
    assert trace.info.state == "OK" and trace.info.tags["t"] == "v"
    assert sorted(span.name for span in trace.data.spans) == ["agent", "fails", "lookup"]
    by_name = {span.name: span for span in trace.data.spans}
    assert by_name["agent"].inputs == {"q": "What is 2+2?"} and by_name["agent"].outputs == "4"
    assert by_name["lookup"].outputs == {"found": "four"} and by_name["lookup"].span_type == "TOOL"
    assert by_name["lookup"].parent_id == by_name["agent"].span_id
    assert by_name["fails"].status.status_code == "ERROR"
    client.set_trace_tag(root.trace_id, "later", "1")
    found = client.search_traces(locations=[experiment.experiment_id], filter_string="tags.later = '1'")
    assert [t.info.trace_id for t in found] == [root.trace_id]
    source = AssessmentSource("HUMAN", "me")
    mlflow.log_feedback(trace_id=root.trace_id, name="good", value=True, source=source, rationale="because")
    mlflow.log_expectation(trace_id=root.trace_id, name="answer", value={"n": 4})
    judged = client.get_trace(root.trace_id).info.assessments
    assert sorted(a.name for a in judged) == ["answer", "good"]
    assert next(a for a in judged if a.name == "answer").expectation.value == {"n": 4}
    assert client.delete_traces(experiment.experiment_id, trace_ids=[root.trace_id]) == 1
    with pytest.raises(MlflowException, match="not found"):
        client.get_trace(root.trace_id)


def test_logged_models(client):
    experiment = client.create_experiment("/Shared/models")
    run = client.create_run(experiment).info.run_id
    model = client.create_logged_model(experiment, name="mm", source_run_id=run, tags={"t": "1"}, params={"p": "2"})
    assert str(model.status) == "PENDING" or model.status.value == "PENDING"
    client.finalize_logged_model(model.model_id, "READY")
    read = client.get_logged_model(model.model_id)
    assert read.status.value == "READY" and read.params == {"p": "2"}
    assert [m.model_id for m in client.search_logged_models([experiment])] == [model.model_id]
