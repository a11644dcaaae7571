"""databricks-mcp, databricks-langchain's MCP client and the official `mcp` client ask the MCP servers."""

import asyncio
import itertools
import json
import time

import pytest
import requests
from conftest import TOKEN
from databricks.ai_search.client import VectorSearchClient
from databricks.sdk import WorkspaceClient
from databricks_langchain import DatabricksMCPServer, DatabricksMultiServerMCPClient
from databricks_mcp import DatabricksMCPClient
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mlflow.models.resources import DatabricksFunction, DatabricksVectorSearchIndex
from sql_workspace import faults, with_engine

numbers = itertools.count()


@pytest.fixture(scope="module")
def host():
    with with_engine() as host:
        yield host


@pytest.fixture
def workspace(host):
    return WorkspaceClient(host=host, token=TOKEN)


@pytest.fixture(scope="module")
def schema(host):
    """A schema of its own with one index of managed embeddings."""
    client = VectorSearchClient(workspace_url=host, personal_access_token=TOKEN, disable_notice=True)
    schema = f"mcp{time.time_ns()}"
    index = client.create_delta_sync_index(
        "emulator-vs", f"main.{schema}.regions", primary_key="r_regionkey", source_table_name="samples.tpch.region",
        pipeline_type="TRIGGERED", embedding_source_column="r_name", embedding_model_endpoint_name="databricks-gte-large-en",
    )
    for _ in range(400):
        if index.describe()["status"]["ready"]:
            break
        time.sleep(0.05)
    yield schema
    client.delete_index("emulator-vs", index.name)


def rows(result):
    return json.loads(result.content[0].text)


def test_functions(host, workspace):
    client = DatabricksMCPClient(f"{host}/api/2.0/mcp/functions/main/tools", workspace)
    tools = {tool.name: tool for tool in client.list_tools()}
    assert {"main__tools__add_tax", "main__tools__days_between", "main__tools__top_customers"} <= set(tools)
    tax = tools["main__tools__add_tax"]
    assert tax.inputSchema["required"] == ["net"] and tax.description
    result = client.call_tool(tax.name, {"net": 100})
    assert not result.isError and float(rows(result)["value"]) == pytest.approx(120)
    assert float(rows(client.call_tool(tax.name, {"net": 100, "rate": 0.5}))["value"]) == pytest.approx(150)
    days = client.call_tool("main__tools__days_between", {"start": "2024-01-01", "end": "2024-03-01"})
    assert rows(days)["value"] == "60"
    top = rows(client.call_tool("main__tools__top_customers", {"n": 3}))
    assert top["columns"] == ["name", "revenue"] and len(top["rows"]) == 3
    assert client.call_tool(tax.name, {}).isError
    assert DatabricksFunction(tax.name.replace("__", ".")).to_dict() in [one.to_dict() for one in client.get_databricks_resources()]


def test_vector_search(host, workspace, schema):
    client = DatabricksMCPClient(f"{host}/api/2.0/mcp/vector-search/main/{schema}", workspace)
    [tool] = client.list_tools()
    assert tool.name == f"main__{schema}__regions"
    found = rows(client.call_tool(tool.name, {"query": "africa", "num_results": 2}))
    assert [len(found), found[0]["r_name"]] == [2, "AFRICA"]
    index = DatabricksVectorSearchIndex(f"main.{schema}.regions")
    assert [one.to_dict() for one in client.get_databricks_resources()] == [index.to_dict()]


def test_langchain_tools(host, workspace, schema):
    servers = [
        DatabricksMCPServer(name="search", url=f"{host}/api/2.0/mcp/vector-search/main/{schema}/regions", workspace_client=workspace),
        DatabricksMCPServer(name="sql", url=f"{host}/api/2.0/mcp/sql", workspace_client=workspace),
    ]

    async def ask():
        tools = {tool.name: tool for tool in await DatabricksMultiServerMCPClient(servers).get_tools()}
        found = await tools[f"main__{schema}__regions"].ainvoke({"query": "europe"})
        counted = await tools["execute_sql_read_only"].ainvoke({"query": "SELECT count(*) AS n FROM samples.tpch.region"})
        return str(found), str(counted)

    found, counted = asyncio.run(ask())
    assert "EUROPE" in found
    assert "5" in counted and "columns" in counted


@pytest.mark.parametrize("fault", [{}, {"sse": True}, {"notification": True}])
def test_the_official_client(host, schema, fault):
    url = f"{host}/api/2.0/mcp/vector-search/main/{schema}"
    if fault:
        faults(host, {"match": {"path": "/mcp/"}, "times": 0, "fault": {"mcp": fault}})

    async def ask():
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with streamablehttp_client(url, headers=headers) as (read, write, session_id):
            async with ClientSession(read, write) as session:
                begun = await session.initialize()
                assert begun.protocolVersion == "2025-06-18" and session_id()
                await session.send_ping()
                [tool] = (await session.list_tools()).tools
                return await session.call_tool(tool.name, {"query": "asia"})

    try:
        assert rows(asyncio.run(ask()))[0]["r_name"] == "ASIA"
    finally:
        requests.delete(f"{host}/_emulator/faults").raise_for_status()
