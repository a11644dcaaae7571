"""databricks-sdk and mlflow.deployments manage serving endpoints; databricks-sdk keeps secrets."""

import base64
import itertools

import pytest
import requests
from conftest import EXTERNAL, HOST, TOKEN
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    InvalidParameterValue,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.errors.sdk import OperationFailed
from databricks.sdk.service import serving, workspace
from mlflow.deployments import get_deploy_client

numbers = itertools.count()


@pytest.fixture
def client():
    return WorkspaceClient(host=HOST, token=TOKEN)


@pytest.fixture
def name(client):
    """A name nobody else has, deleted at the end."""
    name = f"judge-{next(numbers)}"
    yield name
    try:
        client.serving_endpoints.delete(name)
    except ResourceDoesNotExist:
        pass


@pytest.fixture
def scope(client):
    """A scope with one secret, `openai`."""
    scope = f"judge-scope-{next(numbers)}"
    client.secrets.create_scope(scope)
    client.secrets.put_secret(scope, "openai", string_value="sk-judge")
    yield scope
    client.secrets.delete_scope(scope)


def faults(*lines):
    requests.post(f"{HOST}/_emulator/faults", json=list(lines)).raise_for_status()


def external(scope, task="llm/v1/chat", model="gpt-4o-mini"):
    return serving.ServedEntityInput(
        external_model=serving.ExternalModel(
            name=model,
            provider=serving.ExternalModelProvider.OPENAI,
            task=task,
            openai_config=serving.OpenAiConfig(openai_api_key=f"{{{{secrets/{scope}/openai}}}}"),
        )
    )


def custom(version="1"):
    return serving.ServedEntityInput(
        entity_name="main.models.rank", entity_version=version, workload_size="Small", scale_to_zero_enabled=True
    )


def config(*entities):
    # the class wants the name here too
    return serving.EndpointCoreConfigInput(name="judge", served_entities=list(entities))


def test_create_and_wait_then_query(client, name, scope):
    endpoint = client.serving_endpoints.create_and_wait(
        name, config=config(external(scope)), tags=[serving.EndpointTag("team", "web")], description="A judge's"
    )
    assert endpoint.state.ready == serving.EndpointStateReady.READY
    assert endpoint.config.config_version == 1
    entity = endpoint.config.served_entities[0]
    assert entity.external_model.openai_config.openai_api_key == f"{{{{secrets/{scope}/openai}}}}"
    assert entity.state.deployment == serving.ServedModelStateDeployment.DEPLOYMENT_READY
    assert endpoint.config.traffic_config.routes[0].traffic_percentage == 100
    assert (endpoint.tags[0].key, endpoint.description) == ("team", "A judge's")
    assert endpoint.permission_level == serving.ServingEndpointDetailedPermissionLevel.CAN_MANAGE
    message = serving.ChatMessage(role=serving.ChatMessageRole.USER, content="Say pong")
    assert client.serving_endpoints.query(name, messages=[message]).choices[0].message.content == "pong"
    assert name in [endpoint.name for endpoint in client.serving_endpoints.list()]
    with pytest.raises(ResourceAlreadyExists):
        client.serving_endpoints.create(name, config=config(external(scope)))


def test_update_and_wait(client, name):
    client.serving_endpoints.create_and_wait(name, config=config(custom()))
    endpoint = client.serving_endpoints.update_config_and_wait(name, served_entities=[custom("2")])
    assert (endpoint.config.config_version, endpoint.config.served_entities[0].entity_version) == (2, "2")
    answer = client.serving_endpoints.query(name, dataframe_records=[{"prompt": "Say pong"}])
    assert answer.predictions == ["pong"]
    split = serving.DataframeSplitInput(columns=["prompt"], data=[["Say pong"]])
    assert client.serving_endpoints.query(name, dataframe_split=split).predictions == ["pong"]


def test_a_deployment_that_fails(client, name):
    faults({"match": {"path": "/api/2.0/serving-endpoints", "method": "POST"}, "fault": {"deployment": {"outcome": "UPDATE_FAILED"}}})
    with pytest.raises(OperationFailed):
        client.serving_endpoints.create_and_wait(name, config=config(custom()))
    assert client.serving_endpoints.get(name).state.ready == serving.EndpointStateReady.NOT_READY
    assert "failed" in client.serving_endpoints.build_logs(name, "main-models-rank-1").logs


def test_two_updates_conflict(client, name):
    client.serving_endpoints.create_and_wait(name, config=config(custom()))
    faults({"match": {"path": f"/{name}/config", "method": "PUT"}, "fault": {"deployment": {"after_ms": 600_000}}})
    client.serving_endpoints.update_config(name, served_entities=[custom("2")])
    with pytest.raises(ResourceConflict):
        client.serving_endpoints.update_config(name, served_entities=[custom("3")])


def test_refusals(client, name, scope):
    with pytest.raises(InvalidParameterValue):
        client.serving_endpoints.create(name, config=config(external("no-such-scope")))
    with pytest.raises(InvalidParameterValue):
        client.serving_endpoints.create(name, config=config(external(scope), custom()))
    with pytest.raises(InvalidParameterValue):
        client.serving_endpoints.create(name, config=config(external(scope), external(scope, "llm/v1/completions", "b")))
    with pytest.raises(ResourceDoesNotExist):
        client.serving_endpoints.get(name)
    with pytest.raises(PermissionDenied):
        client.serving_endpoints.delete("databricks-claude-sonnet-4")


def test_settings(client, name):
    client.serving_endpoints.create_and_wait(name, config=config(custom()))
    tags = client.serving_endpoints.patch(name, add_tags=[serving.EndpointTag("a", "1"), serving.EndpointTag("b")])
    assert [tag.key for tag in tags.tags] == ["a", "b"]
    assert [tag.key for tag in client.serving_endpoints.patch(name, delete_tags=["a"]).tags] == ["b"]
    limit = serving.RateLimit(calls=1000, renewal_period=serving.RateLimitRenewalPeriod.MINUTE)
    assert client.serving_endpoints.put(name, rate_limits=[limit]).rate_limits[0].calls == 1000
    gateway = client.serving_endpoints.put_ai_gateway(
        name,
        usage_tracking_config=serving.AiGatewayUsageTrackingConfig(enabled=True),
        rate_limits=[serving.AiGatewayRateLimit(calls=500, renewal_period=serving.AiGatewayRateLimitRenewalPeriod.MINUTE)],
        guardrails=serving.AiGatewayGuardrails(input=serving.AiGatewayGuardrailParameters(safety=True)),
    )
    assert gateway.usage_tracking_config.enabled and gateway.guardrails.input.safety
    mail = serving.EmailNotifications(on_update_failure=["ann@example.com"])
    assert client.serving_endpoints.update_notifications(name, email_notifications=mail).name == name
    endpoint = client.serving_endpoints.get(name)
    assert endpoint.ai_gateway.rate_limits[0].calls == 500
    assert endpoint.email_notifications.on_update_failure == ["ann@example.com"]


def test_permissions(client, name):
    endpoint = client.serving_endpoints.create_and_wait(name, config=config(custom()))
    level = serving.ServingEndpointPermissionLevel
    request = serving.ServingEndpointAccessControlRequest
    levels = client.serving_endpoints.get_permission_levels(endpoint.id).permission_levels
    assert {one.permission_level for one in levels} == {level.CAN_VIEW, level.CAN_QUERY, level.CAN_MANAGE}
    given = client.serving_endpoints.update_permissions(
        endpoint.id, access_control_list=[request(group_name="users", permission_level=level.CAN_QUERY)]
    )
    assert {entry.group_name for entry in given.access_control_list} >= {"users", "admins"}
    client.serving_endpoints.set_permissions(
        endpoint.id, access_control_list=[request(user_name="ann@example.com", permission_level=level.CAN_MANAGE)]
    )
    read = client.serving_endpoints.get_permissions(endpoint.id)
    assert "users" not in {entry.group_name for entry in read.access_control_list}
    assert read.access_control_list[0].all_permissions[0].permission_level == level.CAN_MANAGE


def test_descriptions(client):
    openapi = client.serving_endpoints.get_open_api(EXTERNAL).contents.read()
    assert b'"title":"team-chat"' in openapi
    assert b"request_count_total" in client.serving_endpoints.export_metrics(EXTERNAL).contents.read()
    assert client.serving_endpoints.logs(EXTERNAL, "gpt-main").logs


def test_provisioned_throughput(client, name):
    entity = serving.PtServedModel(
        entity_name="system.ai.llama_v3_3_70b_instruct", entity_version="1", provisioned_model_units=50
    )
    endpoint = client.serving_endpoints.create_provisioned_throughput_endpoint_and_wait(
        name, config=serving.PtEndpointCoreConfig(served_entities=[entity])
    )
    assert endpoint.task == "llm/v1/chat"
    updated = client.serving_endpoints.update_provisioned_throughput_endpoint_config_and_wait(
        name, config=serving.PtEndpointCoreConfig(served_entities=[entity])
    )
    assert updated.config.config_version == 2


def test_sdk_query_completions(client):
    answer = client.serving_endpoints.query("text-completions", prompt="Say one two three", stop=[" three"])
    assert answer.choices[0].text == "one two"
    assert answer.served_model_name == "instruct"


@pytest.fixture
def mlflow_client():
    return get_deploy_client("databricks")


PLAIN = {
    "served_entities": [
        {
            "name": "entity",
            "external_model": {
                "name": "gpt-4o-mini",
                "provider": "openai",
                "task": "llm/v1/completions",
                "openai_config": {"openai_api_key_plaintext": "sk-judge"},
            },
        }
    ]
}


def test_mlflow_whole_surface(mlflow_client, name):
    made = mlflow_client.create_endpoint(config={"name": name, "config": PLAIN})
    assert made["name"] == name and "sk-judge" not in str(made)
    while mlflow_client.get_endpoint(name)["state"]["config_update"] != "NOT_UPDATING":
        pass
    assert name in [endpoint["name"] for endpoint in mlflow_client.list_endpoints()]
    answer = mlflow_client.predict(endpoint=name, inputs={"prompt": ["Say ping", "Say pong"]})
    assert [choice["text"] for choice in answer["choices"]] == ["ping", "pong"]
    chunks = list(mlflow_client.predict_stream(endpoint=name, inputs={"prompt": "Say pong"}))
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks if chunk["choices"]) == "pong"
    updated = mlflow_client.update_endpoint_config(name, PLAIN)
    assert updated["pending_config"]["config_version"] == 2
    tags = mlflow_client.update_endpoint_tags(name, {"add_tags": [{"key": "team", "value": "web"}]})
    assert tags == {"tags": [{"key": "team", "value": "web"}]}
    limits = {"rate_limits": [{"key": "user", "renewal_period": "minute", "calls": 10}]}
    assert mlflow_client.update_endpoint_rate_limits(name, limits) == limits
    gateway = {"usage_tracking_config": {"enabled": True}}
    assert mlflow_client.update_endpoint_ai_gateway(name, gateway) == gateway
    assert mlflow_client.delete_endpoint(name) == {}
    with pytest.raises(requests.HTTPError, match="RESOURCE_DOES_NOT_EXIST"):
        mlflow_client.get_endpoint(name)


def test_mlflow_old_create(mlflow_client, name):
    made = mlflow_client.create_endpoint(name, {**PLAIN, "tags": [{"key": "k", "value": "v"}]})
    assert made["tags"] == [{"key": "k", "value": "v"}]
    with pytest.raises(requests.HTTPError, match="RESOURCE_ALREADY_EXISTS"):
        mlflow_client.create_endpoint(name, PLAIN)


def test_secrets(client):
    secrets = client.secrets
    scope = f"judge-scope-{next(numbers)}"
    secrets.create_scope(scope, initial_manage_principal="users")
    try:
        assert scope in [one.name for one in secrets.list_scopes()]
        assert list(secrets.list_secrets(scope)) == []
        secrets.put_secret(scope, "text", string_value="käse")
        secrets.put_secret(scope, "bytes", bytes_value=base64.b64encode(b"\x00\xff").decode())
        assert client.dbutils.secrets.get(scope, "text") == "käse"
        assert client.dbutils.secrets.getBytes(scope, "bytes") == b"\x00\xff"
        assert [one.key for one in client.dbutils.secrets.list(scope)] == ["bytes", "text"]
        assert base64.b64decode(secrets.get_secret(scope, "text").value).decode() == "käse"
        secrets.put_acl(scope, "data", workspace.AclPermission.READ)
        assert secrets.get_acl(scope, "data").permission == workspace.AclPermission.READ
        assert {acl.principal for acl in secrets.list_acls(scope)} == {"users", "data"}
        secrets.delete_acl(scope, "data")
        with pytest.raises(ResourceDoesNotExist):
            secrets.get_acl(scope, "data")
        secrets.delete_secret(scope, "text")
        with pytest.raises(ResourceDoesNotExist):
            client.dbutils.secrets.get(scope, "text")
        with pytest.raises(ResourceAlreadyExists):
            secrets.create_scope(scope)
    finally:
        secrets.delete_scope(scope)
    with pytest.raises(ResourceDoesNotExist):
        list(secrets.list_secrets(scope))
