"""databricks-sdk reads Unity Catalog; unitycatalog-langchain and langchain-community's older toolkit make tools of its functions."""

import json

import pytest
from conftest import TOKEN
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service import catalog
from langchain_community.tools.databricks import UCFunctionToolkit as OlderToolkit
from sql_workspace import WAREHOUSE, with_engine
from unitycatalog.ai.core.databricks import DatabricksFunctionClient
from unitycatalog.ai.langchain.toolkit import UCFunctionToolkit

Type = catalog.ColumnTypeName


@pytest.fixture(scope="module")
def client():
    with with_engine() as host:
        yield WorkspaceClient(host=host, token=TOKEN)


@pytest.fixture
def tools(client):
    return {tool.name: tool for tool in OlderToolkit(warehouse_id=WAREHOUSE, workspace_client=client).include("main.tools.*").get_tools()}


def test_catalogs_and_schemas(client):
    assert {"main", "samples"} <= {one.name for one in client.catalogs.list()}
    assert client.catalogs.get("samples").name == "samples"
    assert {"tpch", "nyctaxi"} <= {one.name for one in client.schemas.list("samples")}
    assert client.schemas.get("samples.tpch").full_name == "samples.tpch"
    with pytest.raises(NotFound):
        client.catalogs.get("nowhere")
    with pytest.raises(NotFound):
        client.schemas.get("samples.nowhere")


def test_tables(client):
    names = [table.name for table in client.tables.list("samples", "tpch")]
    assert sorted(names) == ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
    table = client.tables.get("samples.tpch.lineitem")
    columns = {column.name: column for column in table.columns}
    price = columns["l_extendedprice"]
    assert (price.type_name, price.type_text) == (Type.DECIMAL, f"decimal({price.type_precision},{price.type_scale})")
    assert columns["l_shipdate"].type_name == Type.DATE
    assert [column.position for column in table.columns] == list(range(len(table.columns)))
    assert json.loads(price.type_json)["name"] == "l_extendedprice"
    assert client.tables.exists("samples.tpch.nation").table_exists
    assert not client.tables.exists("samples.tpch.nowhere").table_exists
    with pytest.raises(NotFound):
        client.tables.get("samples.tpch.nowhere")
    summaries = client.tables.list_summaries("samples", schema_name_pattern="tpch", table_name_pattern="part%")
    assert {summary.full_name for summary in summaries} == {"samples.tpch.part", "samples.tpch.partsupp"}
    assert list(client.volumes.list("main", "default")) == []


def test_functions(client):
    found = {function.name: function for function in client.functions.list("main", "tools")}
    assert {"add_tax", "days_between", "nation_revenue", "top_customers"} <= set(found)
    function = client.functions.get("main.tools.add_tax")
    net, rate = function.input_params.parameters
    assert (net.type_name, net.type_text, net.position, net.parameter_default) == (Type.DOUBLE, "double", 0, None)
    assert float(rate.parameter_default) == 0.2
    assert json.loads(net.type_json)["type"] == "double"
    assert (function.data_type, function.full_name) == (Type.DOUBLE, "main.tools.add_tax")
    table = client.functions.get("main.tools.top_customers")
    assert table.data_type == Type.TABLE_TYPE
    assert [column.name for column in table.return_params.parameters] == ["name", "revenue"]
    with pytest.raises(NotFound):
        client.functions.get("main.tools.nowhere")


def test_a_function_made_by_sql_and_removed(client):
    made = client.statement_execution.execute_statement(
        "CREATE OR REPLACE FUNCTION main.default.judge_twice(n INT COMMENT 'A number') RETURNS INT COMMENT 'Twice n' RETURN n * 2",
        WAREHOUSE,
    )
    assert made.status.error is None
    function = client.functions.get("main.default.judge_twice")
    assert (function.comment, function.input_params.parameters[0].comment) == ("Twice n", "A number")
    ask = client.statement_execution.execute_statement
    assert ask("SELECT main.default.judge_twice(21)", WAREHOUSE).result.data_array == [["42"]]
    client.functions.delete("main.default.judge_twice")
    with pytest.raises(NotFound):
        client.functions.get("main.default.judge_twice")
    assert "ROUTINE" in ask("SELECT main.default.judge_twice(21)", WAREHOUSE).status.error.message


def test_the_older_toolkit_runs_scalar_functions(tools):
    tax = tools["main__tools__add_tax"]
    assert tax.description
    answer = json.loads(tax.invoke({"net": 100.0, "rate": 0.5}))
    assert (answer["format"], float(answer["value"])) == ("SCALAR", 150.0)
    between = json.loads(tools["main__tools__days_between"].invoke({"start": "2024-02-28", "end": "2024-03-01"}))
    assert between["value"] == "2"
    revenue = json.loads(tools["main__tools__nation_revenue"].invoke({"nation": "FRANCE"}))
    assert float(revenue["value"]) > 0


def test_the_older_toolkit_runs_table_functions_and_truncates(tools):
    top = tools["main__tools__top_customers"]
    answer = json.loads(top.invoke({"n": 3}))
    lines = answer["value"].strip().split("\n")
    assert (answer["format"], lines[0], len(lines), answer["truncated"]) == ("CSV", "name,revenue", 4, False)
    cut = json.loads(top.invoke({"n": 200}))
    assert (len(cut["value"].strip().split("\n")), cut["truncated"]) == (101, True)


def test_the_toolkit_of_databricks_langchain_makes_tools(client):
    # this version of unitycatalog-ai cannot run SQL functions without Spark; the newer one is judged in ../python-catalog
    functions = DatabricksFunctionClient(client=client, execution_mode="local")
    toolkit = UCFunctionToolkit(function_names=["main.tools.*"], client=functions)
    tools = {tool.name: tool for tool in toolkit.tools}
    assert {"main__tools__add_tax", "main__tools__top_customers"} <= set(tools)
    schema = tools["main__tools__add_tax"].args_schema.model_json_schema()
    assert set(schema["properties"]) == {"net", "rate"}
    assert schema["properties"]["rate"]["default"] == 0.2
    assert tools["main__tools__top_customers"].description
