"""Embeddings: openai, databricks-langchain, databricks-sdk and mlflow.deployments against the same endpoints."""

import math

import openai
import pytest
from conftest import HOST, TOKEN
from databricks.sdk import WorkspaceClient
from databricks_langchain import DatabricksEmbeddings
from mlflow.deployments import get_deploy_client

GTE = "databricks-gte-large-en"
BGE = "databricks-bge-large-en"
EXTERNAL = "team-embeddings"
TEXTS = ["Recovering a lost login credential", "The recipe for banana bread", "Rain and wind are forecast"]
QUERY = "How do I reset my password?"


def client():
    return openai.OpenAI(base_url=f"{HOST}/serving-endpoints", api_key=TOKEN, max_retries=0)


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


@pytest.mark.parametrize("endpoint", [GTE, BGE, EXTERNAL])
def test_openai_embeddings(endpoint):
    # the client asks for base64 by itself and decodes it
    decoded = client().embeddings.create(model=endpoint, input=[QUERY, *TEXTS])
    floats = client().embeddings.create(model=endpoint, input=[QUERY, *TEXTS], encoding_format="float")
    assert [row.index for row in decoded.data] == [0, 1, 2, 3]
    assert len(decoded.data[0].embedding) == 1024
    assert decoded.usage.prompt_tokens == decoded.usage.total_tokens > 0
    for one, other in zip(decoded.data, floats.data):
        # nine digits are enough to find the same float again, not to be the same double
        assert one.embedding == pytest.approx(other.embedding, abs=1e-8)
    query, *rows = [row.embedding for row in decoded.data]
    scores = [cosine(query, row) for row in rows]
    assert scores.index(max(scores)) == 0, scores


def test_openai_dimensions_of_an_external_model():
    answer = client().embeddings.create(model=EXTERNAL, input="a", dimensions=256)
    assert len(answer.data[0].embedding) == 256


def test_openai_refusals():
    for bad in ([], ["a", 1], ["a"] * 151):
        with pytest.raises(openai.BadRequestError):
            client().embeddings.create(model=GTE, input=bad)


def test_langchain_embeddings():
    embeddings = DatabricksEmbeddings(endpoint=GTE)
    rows = embeddings.embed_documents(TEXTS * 10)
    assert len(rows) == 30 and rows[0] == rows[3]
    query = embeddings.embed_query(QUERY)
    scores = [cosine(query, row) for row in rows[:3]]
    assert scores.index(max(scores)) == 0


def test_langchain_instruction():
    plain = DatabricksEmbeddings(endpoint=BGE).embed_query(QUERY)
    told = DatabricksEmbeddings(
        endpoint=BGE, query_params={"instruction": "Represent this sentence for searching relevant passages:"}
    ).embed_query(QUERY)
    assert plain != told and cosine(plain, told) > 0.9


def test_sdk_and_mlflow_embeddings():
    answer = WorkspaceClient(host=HOST, token=TOKEN).serving_endpoints.query(name=GTE, input=[QUERY])
    row = answer.data[0].embedding
    assert len(row) == 1024 and answer.served_model_name == GTE
    other = get_deploy_client("databricks").predict(endpoint=GTE, inputs={"input": [QUERY]})
    assert other["data"][0]["embedding"] == row
