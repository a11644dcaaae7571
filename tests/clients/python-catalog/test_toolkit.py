"""unitycatalog-ai and unitycatalog-langchain run SQL functions through a warehouse."""

import json

import pytest
from conftest import TOKEN
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from sql_workspace import WAREHOUSE, faults, with_engine
from unitycatalog.ai.core.databricks import DatabricksFunctionClient
from unitycatalog.ai.langchain.toolkit import UCFunctionToolkit

MADE = [
    """main.default.judge_scale(a INT, b DOUBLE DEFAULT 2.5, c INT DEFAULT 1) RETURNS DOUBLE
       COMMENT 'Multiplies three numbers' RETURN a * b * c""",
    "main.default.judge_total(items ARRAY<INT>) RETURNS BIGINT COMMENT 'How many' RETURN size(items)",
    "main.default.judge_bytes(data BINARY) RETURNS STRING COMMENT 'Bytes as text' RETURN base64(data)",
    "main.default.judge_day(day DATE) RETURNS STRING COMMENT 'A day as text' RETURN CAST(day AS STRING)",
    "main.default.judge_divide(a INT, b INT) RETURNS DOUBLE COMMENT 'Divides' RETURN a / b",
    "main.default.judge_nothing() RETURNS STRING COMMENT 'Nothing at all' RETURN CAST(NULL AS STRING)",
]


@pytest.fixture(scope="module")
def host():
    with with_engine() as host:
        yield host


@pytest.fixture(scope="module")
def workspace(host):
    client = WorkspaceClient(host=host, token=TOKEN)
    for body in MADE:
        made = client.statement_execution.execute_statement(f"CREATE OR REPLACE FUNCTION {body}", WAREHOUSE)
        assert made.status.error is None, made.status.error
    yield client
    for body in MADE:
        client.functions.delete(body[: body.index("(")])


@pytest.fixture
def functions(workspace):
    return DatabricksFunctionClient(client=workspace, warehouse_id=WAREHOUSE)


@pytest.fixture
def tools(functions):
    names = ["main.tools.*", "main.default.judge_scale"]
    return {tool.name: tool for tool in UCFunctionToolkit(function_names=names, client=functions).tools}


def value(result):
    assert result.error is None, result.error
    return result.value


def test_tools_and_their_schemas(tools):
    assert {"main__tools__add_tax", "main__tools__days_between", "main__tools__top_customers", "main__default__judge_scale"} <= set(tools)
    scale = tools["main__default__judge_scale"]
    assert scale.description == "Multiplies three numbers"
    schema = scale.args_schema.model_json_schema()
    assert (schema["title"], list(schema["properties"])) == ("main__default__judge_scale__params", ["a", "b", "c"])
    assert (schema["properties"]["b"]["default"], schema["additionalProperties"]) == (2.5, False)
    assert "(Default: 2.5)" in schema["properties"]["b"]["description"]


def test_a_tool_answers_json(tools):
    answer = json.loads(tools["main__tools__add_tax"].invoke({"net": 100.0, "rate": 0.5}))
    assert (answer["format"], float(answer["value"]), answer["truncated"]) == ("SCALAR", 150.0, False)


def test_named_from_the_first_that_is_left_out(functions):
    assert float(value(functions.execute_function("main.default.judge_scale", {"a": 2}))) == 5.0
    assert float(value(functions.execute_function("main.default.judge_scale", {"a": 2, "c": 3}))) == 15.0


def test_types_that_need_words_of_their_own(functions):
    assert value(functions.execute_function("main.default.judge_total", {"items": [1, 2, 3]})) == "3"
    assert value(functions.execute_function("main.default.judge_bytes", {"data": "AP8="})) == "AP8="
    assert value(functions.execute_function("main.default.judge_day", {"day": "2024-03-09"})) == "2024-03-09"
    assert value(functions.execute_function("main.default.judge_nothing", {})) is None


def test_table_functions_are_csv(functions):
    result = functions.execute_function("main.tools.top_customers", {"n": 2})
    lines = value(result).strip().split("\n")
    assert (result.format, lines[0], len(lines)) == ("CSV", "name,revenue", 3)


def test_a_failure_is_told_and_not_raised(functions):
    result = functions.execute_function("main.default.judge_divide", {"a": 1, "b": 0})
    assert "DIVIDE_BY_ZERO" in result.error


def test_a_statement_that_takes_its_time(functions, host):
    faults(host, {"match": {"path": "/sql/statements", "method": "POST"}, "fault": {"sql": {"states": ["PENDING", "RUNNING"]}}})
    assert float(value(functions.execute_function("main.default.judge_scale", {"a": 2}))) == 5.0


def test_parameters_are_checked_before_anything_is_sent(functions):
    with pytest.raises(ValueError, match="required"):
        functions.execute_function("main.default.judge_divide", {"a": 1})
    with pytest.raises(ValueError):
        functions.execute_function("main.default.judge_divide", {"a": 1, "b": "x"})
    with pytest.raises(NotFound):
        functions.execute_function("main.default.nowhere", {})
