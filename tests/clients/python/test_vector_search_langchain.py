"""databricks-langchain's DatabricksVectorSearch and VectorSearchRetrieverTool, over all three kinds of index."""

import itertools
import json
import re
import time

import pytest
import requests
from conftest import TOKEN
from databricks.ai_search.client import VectorSearchClient
from databricks.sdk import WorkspaceClient
from databricks_langchain import DatabricksEmbeddings, DatabricksVectorSearch, VectorSearchRetrieverTool
from langchain_core.documents import Document
from sql_workspace import with_engine

numbers = itertools.count()
MODEL = "databricks-gte-large-en"
TEXTS = [
    "How to reset a lost password of your account",
    "A recipe for banana bread with walnuts",
    "Charging the battery of the car over night",
    "Change the login password every year",
]


@pytest.fixture(scope="module")
def host():
    with with_engine() as host:
        yield host


@pytest.fixture
def workspace(host):
    return WorkspaceClient(host=host, token=TOKEN)


@pytest.fixture
def client(host):
    return VectorSearchClient(workspace_url=host, personal_access_token=TOKEN, disable_notice=True)


@pytest.fixture
def embedding(host, monkeypatch):
    # its client is made from the environment
    monkeypatch.setenv("DATABRICKS_HOST", host)
    return DatabricksEmbeddings(endpoint=MODEL)


def ready(index):
    for _ in range(400):
        status = index.describe()["status"]
        if status["ready"]:
            return index
        assert "OFFLINE" not in status["detailed_state"], status
        time.sleep(0.05)
    raise AssertionError(index.describe())


def delta(client, table, **options):
    name = f"main.judge.delta{next(numbers)}"
    made = client.create_delta_sync_index("emulator-vs", name, source_table_name=table, pipeline_type="TRIGGERED", **options)
    return ready(made)


@pytest.fixture
def managed(client):
    """The regions of TPC-H, embedded by their names."""
    made = delta(client, "samples.tpch.region", primary_key="r_regionkey",
                 embedding_source_column="r_name", embedding_model_endpoint_name=MODEL)
    yield made
    client.delete_index("emulator-vs", made.name)


@pytest.fixture
def direct(client):
    schema = {"id": "string", "text": "string", "topic": "string", "year": "int", "vec": "array<float>"}
    made = client.create_direct_access_index("emulator-vs", f"main.judge.store{next(numbers)}", "id", 1024, "vec", schema)
    yield ready(made)
    client.delete_index("emulator-vs", made.name)


@pytest.fixture
def store(direct, workspace, embedding):
    store = DatabricksVectorSearch(direct.name, embedding=embedding, text_column="text", columns=["topic", "year"],
                                   workspace_client=workspace)
    topics = [{"topic": topic, "year": year} for topic, year in [("account", 1), ("food", 2), ("car", 3), ("account", 4)]]
    assert store.add_texts(TEXTS, topics, ids=["a", "b", "c", "d"]) == ["a", "b", "c", "d"]
    return store


def test_managed_delta_sync(managed, workspace):
    store = DatabricksVectorSearch(managed.name, workspace_client=workspace, columns=["r_comment"])
    found = store.similarity_search("africa", k=2)
    assert found[0].page_content == "AFRICA" and set(found[0].metadata) == {"r_comment", "r_regionkey"}
    [(document, score)] = store.similarity_search_with_score("europe", k=1, filter={"r_name": ["EUROPE", "ASIA"]})
    assert document.page_content == "EUROPE" and score > 0.5
    assert store.similarity_search("asia", k=1, query_type="HYBRID")[0].page_content == "ASIA"
    assert store.as_retriever(search_kwargs={"k": 1}).invoke("america")[0].page_content == "AMERICA"
    for call in [lambda: store.add_texts(["x"]), lambda: store.delete(["1"]), lambda: store.max_marginal_relevance_search("x")]:
        with pytest.raises(NotImplementedError):
            call()
    with pytest.raises(ValueError):
        DatabricksVectorSearch(managed.name, workspace_client=workspace, text_column="r_name")


def test_a_sync_is_asked_for(managed):
    assert managed.describe()["status"]["indexed_row_count"] == 5
    managed.sync()
    for _ in range(200):
        if managed.describe()["status"]["detailed_state"] == "ONLINE_NO_PENDING_UPDATE":
            break
        time.sleep(0.05)
    managed.wait_until_ready(wait_for_updates=True)


def test_self_managed_delta_sync(client, workspace, embedding, host):
    # what the tables of the samples do not have: a table with vectors, made by the engine
    table = f"main.default.judge_vectors{next(numbers)}"
    run = lambda statement: workspace.statement_execution.execute_statement(statement, "emulator-warehouse", wait_timeout="30s")
    vectors = [",".join(map(str, vector)) for vector in embedding.embed_documents(TEXTS)]
    rows = ", ".join(f"({number}, '{text}', CAST(array({vector}) AS ARRAY<FLOAT>))"
                     for number, (text, vector) in enumerate(zip(TEXTS, vectors)))
    for statement in [f"CREATE TABLE {table} (id INT, body STRING, vec ARRAY<FLOAT>)", f"INSERT INTO {table} VALUES {rows}"]:
        answer = run(statement)
        assert answer.status.state.value == "SUCCEEDED", answer.status.error.message[:500]
    made = delta(client, table, primary_key="id", embedding_vector_column="vec", embedding_dimension=1024)
    with pytest.raises(ValueError):
        DatabricksVectorSearch(made.name, workspace_client=workspace)
    store = DatabricksVectorSearch(made.name, embedding=embedding, text_column="body", workspace_client=workspace)
    assert store.similarity_search("banana cake", k=1)[0].page_content == TEXTS[1]
    assert len(store.max_marginal_relevance_search("lost password", k=2, fetch_k=4)) == 2
    with pytest.raises(NotImplementedError):
        store.add_texts(["x"])
    client.delete_index("emulator-vs", made.name)


def test_direct_access(store, direct):
    found = store.similarity_search("recover my login credential", k=2)
    assert {document.metadata["topic"] for document in found} == {"account"}
    assert set(found[0].metadata) == {"id", "topic", "year"}
    scored = store.similarity_search_with_score("banana", k=4)
    assert [score for _, score in scored] == sorted((score for _, score in scored), reverse=True)
    assert scored[0][0].metadata["id"] == "b"
    assert [one.metadata["id"] for one in store.similarity_search("password", filter={"year >": 1, "topic": "account"})] == ["d"]
    assert store.similarity_search("battery", k=1, query_type="HYBRID")[0].metadata["id"] == "c"
    strict = store.similarity_search_with_score("banana bread", k=4, score_threshold=scored[0][1] - 0.2)
    assert len(strict) < 4
    vector = store.embeddings.embed_query("walnuts")
    assert store.similarity_search_by_vector(vector, k=1)[0].metadata["id"] == "b"
    assert store.delete(["b"]) is True
    assert "b" not in [one.metadata["id"] for one in store.similarity_search("banana", k=4)]
    assert direct.describe()["status"]["indexed_row_count"] == 3


def test_marginal_relevance_spreads_out(store):
    near = {one.metadata["id"] for one in store.similarity_search("password of the account", k=2)}
    spread = {one.metadata["id"] for one in store.max_marginal_relevance_search("password of the account", k=2, fetch_k=4, lambda_mult=0.1)}
    assert near == {"a", "d"} and len(spread) == 2 and spread != near
    assert all("vec" not in one.metadata for one in store.max_marginal_relevance_search("password", k=2))


def test_as_retriever(store):
    assert len(store.as_retriever(search_kwargs={"k": 3}).invoke("password")) == 3
    assert len(store.as_retriever(search_type="mmr", search_kwargs={"k": 2}).invoke("password")) == 2
    threshold = {"score_threshold": 0.45, "k": 4}
    found = store.as_retriever(search_type="similarity_score_threshold", search_kwargs=threshold).invoke("banana bread with walnuts")
    assert found and all(isinstance(one, Document) for one in found)


def test_what_the_index_does_not_have_is_refused(direct, workspace, embedding):
    with pytest.raises(ValueError):
        DatabricksVectorSearch(direct.name, embedding=embedding, text_column="text", columns=["nope"], workspace_client=workspace)
    with pytest.raises(ValueError):
        DatabricksVectorSearch(direct.name, text_column="text", workspace_client=workspace)


def test_failed_keys_are_left_out_of_what_was_added(store, direct):
    fault = {"match": {"path": f"{direct.name}/upsert-data"}, "fault": {"vector": {"failed_keys": ["y"]}}}
    requests.post(f"{direct.workspace_url}/_emulator/faults", json=[fault]).raise_for_status()
    assert store.add_texts(["one", "two"], ids=["x", "y"]) == ["x"]


def pages(text):
    """The contents of the documents that a tool's text shows."""
    return re.findall(r"page_content='([^']*)'", text)


def test_retriever_tool(managed, workspace):
    tool = VectorSearchRetrieverTool(index_name=managed.name, num_results=2, columns=["r_comment"], workspace_client=workspace)
    assert tool.name == managed.name.replace(".", "__")
    assert "samples.tpch.region" in tool.description and "r_name" in tool.description
    # documents are no JSON: the tool gives what Python prints of them
    found = tool.invoke({"query": "africa"})
    assert found.count("page_content=") == 2 and found.index("AFRICA") < found.rindex("page_content=")
    filtered = VectorSearchRetrieverTool(index_name=managed.name, filters={"r_name": "ASIA"}, workspace_client=workspace)
    assert pages(filtered.invoke("africa")) == ["ASIA"]
    dynamic = VectorSearchRetrieverTool(index_name=managed.name, dynamic_filter=True, workspace_client=workspace)
    assert "filters" in json.dumps(dynamic.args)
    asked = dynamic.invoke({"query": "africa", "filters": [{"key": "r_name NOT", "value": "AFRICA"}]})
    assert len(pages(asked)) == 4 and "AFRICA" not in pages(asked)


def test_retriever_tool_over_vectors_of_ones_own(store, direct, workspace, embedding):
    tool = VectorSearchRetrieverTool(index_name=direct.name, embedding=embedding, text_column="text", primary_key="id",
                                     include_score=True, workspace_client=workspace, query_type="HYBRID")
    found = tool.invoke("banana bread")
    assert pages(found)[0] == TEXTS[1]
    assert "'chunk_id': 'b'" in found and re.search(r"'score': 0\.\d+", found)
