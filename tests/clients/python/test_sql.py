"""databricks-sdk runs SQL statements and manages warehouses."""

import base64
import decimal
import io
import itertools
import time

import pyarrow
import pytest
import requests
from conftest import TOKEN
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound
from databricks.sdk.service import sql
from sql_workspace import WAREHOUSE, faults, with_engine

numbers = itertools.count()
State = sql.StatementState
P = sql.StatementParameterListItem


@pytest.fixture(scope="module")
def host():
    with with_engine() as host:
        yield host


@pytest.fixture
def client(host):
    return WorkspaceClient(host=host, token=TOKEN)


@pytest.fixture
def run(client):
    """Runs a statement that must succeed."""

    def run(statement, **options):
        answer = client.statement_execution.execute_statement(statement, WAREHOUSE, **options)
        assert answer.status.state == State.SUCCEEDED, answer.status.error
        return answer

    return run


def wait(client, statement_id):
    while True:
        answer = client.statement_execution.get_statement(statement_id)
        if answer.status.state not in (State.PENDING, State.RUNNING):
            return answer
        time.sleep(0.05)


def test_rows_and_columns(run):
    answer = run("SELECT n_name, n_nationkey FROM samples.tpch.nation ORDER BY n_nationkey LIMIT 2")
    assert answer.result.data_array == [["ALGERIA", "0"], ["ARGENTINA", "1"]]
    assert [column.name for column in answer.manifest.schema.columns] == ["n_name", "n_nationkey"]
    assert answer.manifest.schema.columns[0].type_name == sql.ColumnInfoTypeName.STRING
    assert (answer.manifest.total_row_count, answer.manifest.truncated) == (2, False)
    assert answer.manifest.total_byte_count is None


def test_catalog_and_schema_are_the_names_around(run):
    answer = run("SELECT count(*) FROM nation", catalog="samples", schema="tpch")
    assert answer.result.data_array == [["25"]]


def test_named_parameters(run):
    hostile = "'; DROP TABLE t; -- \\ \" :number"
    answer = run(
        "SELECT :text, :number + 1, :price, :day, :flag, :nothing",
        parameters=[
            P("text", value=hostile),
            P("number", "BIGINT", "9007199254740993"),
            P("price", "DECIMAL(10,2)", "19.90"),
            P("day", "DATE", "2024-03-09"),
            P("flag", "BOOLEAN", "true"),
            P("nothing"),
        ],
    )
    row = answer.result.data_array[0]
    assert row == [hostile, "9007199254740994", "19.90", "2024-03-09", "true", None]
    assert answer.manifest.schema.columns[2].type_text == "DECIMAL(10,2)"


def test_what_fails_says_so_with_a_sqlstate(client):
    missing = client.statement_execution.execute_statement("SELECT * FROM main.default.nowhere", WAREHOUSE)
    assert missing.status.state == State.FAILED
    assert missing.status.error.error_code == sql.ServiceErrorCode.BAD_REQUEST
    assert "TABLE_OR_VIEW_NOT_FOUND" in missing.status.error.message
    assert missing.status.sql_state == "42P01"
    wrong = client.statement_execution.execute_statement("SELEKT 1", WAREHOUSE)
    assert "PARSE_SYNTAX_ERROR" in wrong.status.error.message


def test_refusals(client):
    execute = client.statement_execution.execute_statement
    with pytest.raises(InvalidParameterValue):
        execute("SELECT 1", WAREHOUSE, wait_timeout="3s")
    with pytest.raises(BadRequest):
        execute("SELECT 1", WAREHOUSE, format=sql.Format.ARROW_STREAM)
    with pytest.raises(NotFound):
        execute("SELECT 1", "no-such-warehouse")
    with pytest.raises(NotFound):
        client.statement_execution.get_statement("no-such-statement")


def test_pending_then_polled(client):
    first = client.statement_execution.execute_statement("SELECT 1", WAREHOUSE, wait_timeout="0s")
    assert first.status.state in (State.PENDING, State.RUNNING)
    assert wait(client, first.statement_id).result.data_array == [["1"]]


def test_cancel(client, host):
    faults(host, {"match": {"path": "/sql/statements", "method": "POST"}, "fault": {"sql": {"run_ms": 600_000}}})
    first = client.statement_execution.execute_statement("SELECT 1", WAREHOUSE, wait_timeout="0s")
    client.statement_execution.cancel_execution(first.statement_id)
    assert wait(client, first.statement_id).status.state == State.CANCELED


def test_the_wait_ends_the_statement(client, host):
    faults(host, {"match": {"path": "/sql/statements", "method": "POST"}, "fault": {"sql": {"run_ms": 600_000}}})
    end = client.statement_execution.execute_statement(
        "SELECT 1", WAREHOUSE, wait_timeout="5s", on_wait_timeout=sql.ExecuteStatementRequestOnWaitTimeout.CANCEL
    )
    assert end.status.state == State.CANCELED


def test_limits_truncate(run):
    answer = run("SELECT * FROM samples.tpch.orders", row_limit=7)
    assert (len(answer.result.data_array), answer.manifest.truncated) == (7, True)


def links(client, answer):
    """Every link of a result, as the SDK leads from chunk to chunk."""
    result = answer.result
    while result.external_links:
        link = result.external_links[0]
        yield link
        if link.next_chunk_index is None:
            return
        result = client.statement_execution.get_statement_result_chunk_n(answer.statement_id, link.next_chunk_index)


def test_external_links_of_arrow(client, host, run):
    faults(host, {"match": {"path": "/sql/statements", "method": "POST"}, "fault": {"sql": {"chunk_bytes": 200_000}}})
    answer = run(
        "SELECT l_orderkey, l_extendedprice, l_shipdate, l_comment FROM samples.tpch.lineitem",
        disposition=sql.Disposition.EXTERNAL_LINKS,
        format=sql.Format.ARROW_STREAM,
    )
    tables = []
    for link in links(client, answer):
        # without the token, as the service wants it
        body = requests.get(link.external_link, headers=link.http_headers or {})
        assert body.status_code == 200 and len(body.content) == link.byte_count
        table = pyarrow.ipc.open_stream(io.BytesIO(body.content)).read_all()
        assert table.num_rows == link.row_count
        tables.append(table)
    whole = pyarrow.concat_tables(tables)
    assert whole.num_rows == answer.manifest.total_row_count
    assert len(tables) == answer.manifest.total_chunk_count > 1
    assert isinstance(whole.column("l_extendedprice")[0].as_py(), decimal.Decimal)


def test_external_links_of_json_and_csv(client, run):
    query = "SELECT n_name, CAST(NULL AS INT) AS nothing FROM samples.tpch.nation ORDER BY n_nationkey"
    answer = run(query, disposition=sql.Disposition.EXTERNAL_LINKS)
    (link,) = links(client, answer)
    assert requests.get(link.external_link).json()[0] == ["ALGERIA", None]
    answer = run(query, disposition=sql.Disposition.EXTERNAL_LINKS, format=sql.Format.CSV)
    (link,) = links(client, answer)
    assert requests.get(link.external_link).text.splitlines()[:2] == ["n_name,nothing", "ALGERIA,null"]


def test_inline_chunks(client, host, run):
    faults(host, {"match": {"path": "/sql/statements", "method": "POST"}, "fault": {"sql": {"chunk_bytes": 20_000}}})
    answer = run("SELECT c_custkey FROM samples.tpch.customer ORDER BY c_custkey")
    rows, result = list(answer.result.data_array), answer.result
    while result.next_chunk_index is not None:
        result = client.statement_execution.get_statement_result_chunk_n(answer.statement_id, result.next_chunk_index)
        assert result.row_offset == len(rows)
        rows.extend(result.data_array)
    assert [int(row[0]) for row in rows] == list(range(1, 1501))


def test_ddl_and_dml(run):
    name = f"main.default.judge_{next(numbers)}"
    made = run(f"CREATE OR REPLACE TABLE {name} (id BIGINT, price DECIMAL(10,2), bytes BINARY)")
    assert (made.manifest.schema.column_count, made.manifest.total_chunk_count) == (0, 0)
    inserted = run(f"INSERT INTO {name} VALUES (1, 9.5, unbase64('AP8=')), (9007199254740993, NULL, NULL)")
    assert inserted.result.data_array[0][0] == "2"
    rows = run(f"SELECT * FROM {name} ORDER BY id").result.data_array
    assert rows[1] == ["9007199254740993", None, None]
    assert (rows[0][1], base64.b64decode(rows[0][2])) == ("9.50", b"\x00\xff")
    run(f"DROP TABLE {name}")


def test_warehouses(client):
    name = f"judge-{next(numbers)}"
    made = client.warehouses.create_and_wait(name=name, cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=10)
    try:
        assert made.state == sql.State.RUNNING and made.name == name
        assert name in [warehouse.name for warehouse in client.warehouses.list()]
        assert client.warehouses.stop_and_wait(made.id).state == sql.State.STOPPED
        assert client.warehouses.start_and_wait(made.id).state == sql.State.RUNNING
        client.warehouses.edit_and_wait(made.id, name=name, cluster_size="Small", max_num_clusters=1)
        assert client.warehouses.get(made.id).cluster_size == "Small"
        client.warehouses.stop(made.id)
        # a statement starts it
        answer = client.statement_execution.execute_statement("SELECT 1", made.id)
        assert answer.status.state == State.SUCCEEDED
    finally:
        client.warehouses.delete(made.id)
    with pytest.raises(NotFound):
        client.warehouses.get(made.id)
