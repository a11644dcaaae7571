"""databricks-ai-search and databricks-sdk make endpoints and indexes, put rows in and ask for them."""

import itertools
import json
import time
import warnings

import pytest
import requests
from conftest import HOST, TOKEN
from databricks.ai_search.client import AISearchClient, VectorSearchClient
from databricks.ai_search.exceptions import BadRequest, NotFound, ResourceConflict
from databricks.ai_search.reranker import DatabricksReranker
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest as SdkBadRequest
from databricks.sdk.errors import InvalidParameterValue, ResourceAlreadyExists, ResourceDoesNotExist
from databricks.sdk.service import vectorsearch as vs

numbers = itertools.count()

SCHEMA = {"id": "string", "text": "string", "year": "int", "made": "timestamp", "vec": "array<float>"}
ROWS = [
    {"id": "a", "text": "Reset the unit with the red button", "year": 2020, "made": "2020-01-01T00:00:00Z", "vec": [1.0, 0.0]},
    {"id": "b", "text": "Charge the battery over night", "year": 2021, "made": "2021-01-01T00:00:00Z", "vec": [0.6, 0.8]},
    {"id": "c", "text": "The red lamp shows a full battery", "year": 2022, "made": "2022-01-01T00:00:00Z", "vec": [0.0, 1.0]},
]


def faults(*lines):
    requests.post(f"{HOST}/_emulator/faults", json=list(lines)).raise_for_status()


@pytest.fixture
def client():
    return VectorSearchClient(workspace_url=HOST, personal_access_token=TOKEN, disable_notice=True)


@pytest.fixture
def sdk():
    return WorkspaceClient(host=HOST, token=TOKEN)


@pytest.fixture(scope="module", params=["STANDARD", "STORAGE_OPTIMIZED"])
def endpoint(request):
    """An online endpoint of each type, deleted with its indexes at the end."""
    client = VectorSearchClient(workspace_url=HOST, personal_access_token=TOKEN, disable_notice=True)
    name = f"judge-vs-{next(numbers)}"
    client.create_endpoint(name, endpoint_type=request.param)
    yield name
    for index in client.list_indexes(name).get("vector_indexes", []):
        client.delete_index(name, index["name"])
    client.delete_endpoint(name)


def online(client, name):
    """The client's own wait looks every 30 seconds."""
    for _ in range(200):
        if client.get_endpoint(name)["endpoint_status"]["state"] == "ONLINE":
            client.wait_for_endpoint(name)
            return
        time.sleep(0.05)
    raise AssertionError(client.get_endpoint(name))


def ready(index):
    """The client's own wait looks every 30 seconds."""
    for _ in range(200):
        if index.describe()["status"]["ready"]:
            index.wait_until_ready()
            return index
        time.sleep(0.05)
    raise AssertionError(index.describe())


@pytest.fixture
def index(client, endpoint):
    made = client.create_direct_access_index(endpoint, f"main.judge.direct{next(numbers)}", "id", 2, "vec", SCHEMA)
    ready(made)
    assert made.upsert(ROWS)["status"] == "SUCCESS"
    return made


def ids(answer):
    return "".join(row[0] for row in answer["result"]["data_array"])


def test_endpoints(client):
    name = f"judge-vs-{next(numbers)}"
    assert not client.endpoint_exists(name)
    client.create_endpoint(name)
    assert client.endpoint_exists(name)
    online(client, name)
    shown = client.get_endpoint(name)
    assert (shown["endpoint_type"], shown["endpoint_status"]["state"]) == ("STANDARD", "ONLINE")
    assert name in [one["name"] for one in client.list_endpoints()["endpoints"]]
    client.update_endpoint_budget_policy(name, "policy-1")
    assert client.get_endpoint(name)["effective_budget_policy_id"] == "policy-1"
    client.stop_endpoint(name)
    assert client.get_endpoint(name)["endpoint_status"]["state"] == "STOPPED"
    client.start_endpoint(name)
    online(client, name)
    with pytest.raises(ResourceConflict):
        client.create_endpoint(name)
    client.delete_endpoint(name)
    with pytest.raises(NotFound):
        client.get_endpoint(name)


def test_direct_access_index(client, index):
    assert client.index_exists(index.endpoint_name, index.name)
    again = client.get_index(index.endpoint_name, index.name)
    shown = again.describe()
    assert (shown["index_type"], shown["status"]["detailed_state"]) == ("DIRECT_ACCESS", "ONLINE_DIRECT_ACCESS")
    assert shown["status"]["indexed_row_count"] == 3 and shown["id"]
    found = again.similarity_search(columns=["id", "text", "year"], query_vector=[1.0, 0.0], num_results=2)
    assert ids(found) == "ab"
    assert [column["name"] for column in found["manifest"]["columns"]] == ["id", "text", "year", "score"]
    assert found["result"]["data_array"][0][2:] == [2020, 1.0]
    assert found["result"]["data_array"][1][3] == pytest.approx(1 / 1.8)
    assert ids(again.similarity_search(["id"], query_vector=[1, 0], score_threshold=0.5)) == "ab"
    assert ids(again.similarity_search(["id"], query_text="red button", query_type="FULL_TEXT")) == "ac"
    assert ids(again.similarity_search(["id"], query_text="battery", query_vector=[0, 1], query_type="hybrid"))[0] in "bc"
    assert ids(again.similarity_search(["id"], query_vector=[1, 0], sort_columns=["year DESC"])) == "cba"
    facets = again.similarity_search(["id"], query_vector=[1, 0], facets=["year"])
    assert facets["facet_result"]["facet_row_count"] == 3


def test_filters_by_type_of_endpoint(client, index):
    standard = client.get_endpoint(index.endpoint_name)["endpoint_type"] == "STANDARD"
    search = lambda filters: ids(index.similarity_search(["id"], query_vector=[1, 0], filters=filters))
    if standard:
        for filters, found in [
            ({"year": [2020, 2022]}, "ac"),
            ({"year >=": 2021}, "bc"),
            ({"year NOT": 2021}, "ac"),
            ({"text LIKE": "battery"}, "bc"),
            ({"year OR id": [2020, "c"]}, "ac"),
            ({"made >": "2020-06-01T00:00:00Z", "year <": 2022}, "b"),
            ({}, "abc"),
        ]:
            assert search(filters) == found, filters
    else:
        for filters, found in [
            ("year IN (2020, 2022)", "ac"),
            ("text LIKE '%battery' OR id = 'a'", "ac"),
            ("(year > 2020 AND year < 2022) OR id = 'c'", "bc"),
            ("made > TO_TIMESTAMP('2020-06-01T00:00:00')", "bc"),
        ]:
            assert search(filters) == found, filters
    with pytest.raises(BadRequest):
        search("year = 2020" if standard else {"year": 2020})


def test_reranker(index):
    found = index.similarity_search(
        ["id"], query_vector=[1, 0], query_text="full battery", debug_level=1,
        reranker=DatabricksReranker(columns_to_rerank=["text"]),
    )
    assert ids(found) == "cba" and "reranker_time" in found["debug_info"]


def test_rows_in_and_out(index):
    answer = index.upsert([{"id": "d", "text": "x", "year": 1, "vec": [1, 1]}, {"id": "e", "vec": [1]}])
    assert answer["status"] == "PARTIAL_SUCCESS"
    assert answer["result"] == {"success_row_count": 1, "failed_primary_keys": ["e"]}
    assert index.delete(["d", "a"])["result"]["success_row_count"] == 2
    scanned = index.scan(num_results=1)
    fields = {field["key"]: field["value"] for field in scanned["data"][0]["fields"]}
    assert fields["id"] == {"string_value": "b"} and fields["year"] == {"number_value": 2021}
    assert len(index.scan(num_results=10, last_primary_key=scanned["last_primary_key"])["data"]) == 1
    with pytest.raises(BadRequest):
        index.sync()


def test_many_pages_become_one_answer(index):
    rows = [{"id": f"n{number:04}", "text": "", "year": number, "vec": [number / 3000, 1.0]} for number in range(2500)]
    assert index.upsert(rows)["result"]["success_row_count"] == 2500
    found = index.similarity_search(["id"], query_vector=[0, 1], num_results=2500)
    assert found["result"]["row_count"] == 2500 == len({row[0] for row in found["result"]["data_array"]})


def test_o4_the_client_waits_out_a_429(index):
    faults({"match": {"path": "/query"}, "fault": {"status": 429, "headers": {"retry-after": "0"}}})
    assert ids(index.similarity_search(["id"], query_vector=[1, 0])) == "abc"
    faults({"match": {"path": "/query"}, "fault": {"status": 429}})
    with pytest.raises(requests.exceptions.RetryError, match="429"):
        index.similarity_search(["id"], query_vector=[1, 0], total_retries=0)


def test_a_service_principal_is_led_to_the_index_url(client, index):
    principal = AISearchClient(
        workspace_url=HOST, service_principal_client_id="emulator-client",
        service_principal_client_secret="emulator-secret", disable_notice=True,
    )
    own = principal.get_index(index.endpoint_name, index.name)
    assert own.index_url == index.describe()["status"]["index_url"]
    assert ids(own.similarity_search(["id"], query_vector=[1, 0], num_results=1)) == "a"


def test_sdk_endpoints(sdk):
    name = f"judge-vs-{next(numbers)}"
    made = sdk.vector_search_endpoints.create_endpoint_and_wait(name, vs.EndpointType.STANDARD, target_qps=3)
    assert made.endpoint_status.state == vs.EndpointStatusState.ONLINE
    assert made.scaling_info.requested_target_qps == 3
    assert name in [one.name for one in sdk.vector_search_endpoints.list_endpoints()]
    tags = sdk.vector_search_endpoints.update_endpoint_custom_tags(name, [vs.CustomTag(key="team", value="docs")])
    assert [(tag.key, tag.value) for tag in tags.custom_tags] == [("team", "docs")]
    assert sdk.vector_search_endpoints.update_endpoint_budget_policy(name, "p").effective_budget_policy_id == "p"
    with pytest.raises(ResourceAlreadyExists):
        sdk.vector_search_endpoints.create_endpoint(name, vs.EndpointType.STANDARD)
    sdk.vector_search_endpoints.delete_endpoint(name)
    with pytest.raises(ResourceDoesNotExist):
        sdk.vector_search_endpoints.get_endpoint(name)


def test_sdk_lists_end_at_the_last_page(sdk):
    made = [f"judge-vs-{next(numbers)}" for _ in range(3)]
    for name in made:
        sdk.vector_search_endpoints.create_endpoint(name, vs.EndpointType.STANDARD)
    faults({"match": {"path": "/vector-search/endpoints", "method": "GET"}, "times": 3, "fault": {"vector": {"page_rows": 2}}})
    listed = [one.name for one in sdk.vector_search_endpoints.list_endpoints()]
    requests.delete(f"{HOST}/_emulator/faults").raise_for_status()
    assert set(made) <= set(listed) and len(listed) == len(set(listed))
    for name in made:
        sdk.vector_search_endpoints.delete_endpoint(name)


def test_sdk_indexes(sdk, index):
    api = sdk.vector_search_indexes
    assert index.name in [one.name for one in api.list_indexes(index.endpoint_name)]
    shown = api.get_index(index.name)
    assert shown.index_type == vs.VectorIndexType.DIRECT_ACCESS and shown.status.ready
    assert shown.direct_access_index_spec.embedding_vector_columns[0].embedding_dimension == 2
    found = api.query_index(index.name, columns=["id", "year"], query_vector=[1.0, 0.0], num_results=2)
    assert [row[0] for row in found.result.data_array] == ["a", "b"] and found.manifest.column_count == 3
    faults({"match": {"path": f"{index.name}/query"}, "fault": {"vector": {"page_rows": 1}}})
    first = api.query_index(index.name, columns=["id"], query_vector=[1.0, 0.0])
    second = api.query_next_page(index.name, endpoint_name=index.endpoint_name, page_token=first.next_page_token)
    assert [first.result.data_array[0][0], second.result.data_array[0][0]] == ["a", "b"]
    put = api.upsert_data_vector_index(index.name, json.dumps([{"id": "z", "text": "z", "vec": [0, 0]}]))
    assert put.status == vs.UpsertDataStatus.SUCCESS and put.result.success_row_count == 1
    gone = api.delete_data_vector_index(index.name, ["z", "a"])
    assert gone.status == vs.DeleteDataStatus.SUCCESS and gone.result.success_row_count == 2
    scanned = api.scan_index(index.name, num_results=1)
    assert scanned.last_primary_key == "b" and scanned.data[0].fields[0].value.string_value == "b"
    assert sdk.tables.get(index.name).columns[0].name == "id"
    for wrong in [{"columns": ["nope"], "query_vector": [1.0, 0.0]}, {"columns": ["id"], "query_vector": [1.0]}]:
        with pytest.raises(InvalidParameterValue):
            api.query_index(index.name, **wrong)
    with pytest.raises(SdkBadRequest):
        api.sync_index(index.name)
    api.delete_index(index.name)
    with pytest.raises(ResourceDoesNotExist):
        api.get_index(index.name)


def test_the_old_name_of_the_client(index):
    with warnings.catch_warnings():
        # it says that it has a new name
        warnings.simplefilter("ignore")
        from databricks.vector_search.client import VectorSearchClient as Old
    old = Old(workspace_url=HOST, personal_access_token=TOKEN, disable_notice=True)
    own = old.get_index(index.endpoint_name, index.name)
    assert ids(own.similarity_search(["id"], query_vector=[1, 0], num_results=1)) == "a"
