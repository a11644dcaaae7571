"""Signing in: databricks-sdk's own OAuth flows against the emulator."""

import urllib.parse

import pytest
import requests
from conftest import HOST, TOKEN
from databricks.sdk import WorkspaceClient, oauth
from databricks.sdk.config import Config
from databricks.sdk.environments import ARM_DATABRICKS_RESOURCE_ID, AzureEnvironment, Cloud, DatabricksEnvironment
from databricks.sdk.errors import PermissionDenied

ID, SECRET = "emulator-client", "emulator-secret"


@pytest.fixture(autouse=True)
def no_token(monkeypatch):
    """The token in the environment would win over every flow."""
    for name in ("DATABRICKS_TOKEN", "DATABRICKS_HOST"):
        monkeypatch.delenv(name, raising=False)


def control(**what):
    requests.post(f"{HOST}/_emulator/oauth", json=what, timeout=10).raise_for_status()


def names(workspace):
    return [endpoint.name for endpoint in workspace.serving_endpoints.list()]


def test_m2m():
    workspace = WorkspaceClient(host=HOST, client_id=ID, client_secret=SECRET)
    assert workspace.config.auth_type == "oauth-m2m"
    assert "databricks-gte-large-en" in names(workspace)
    assert workspace.get_workspace_id() == 900800700600


def test_m2m_with_a_wrong_secret():
    with pytest.raises(ValueError, match="invalid_client"):
        WorkspaceClient(host=HOST, client_id=ID, client_secret="wrong").serving_endpoints.list()


def test_a_token_that_is_over_is_a_403():
    workspace = WorkspaceClient(host=HOST, client_id=ID, client_secret=SECRET)
    assert names(workspace)
    control(expire_all=True)
    # the client thinks that its token is good for an hour
    with pytest.raises(PermissionDenied, match="Invalid access token"):
        names(workspace)


def test_u2m_with_pkce():
    endpoints = oauth.get_workspace_endpoints(HOST)
    client = oauth.OAuthClient(
        oidc_endpoints=endpoints,
        redirect_url="http://localhost:8020",
        client_id="databricks-cli",
        scopes=["all-apis", "offline_access"],
    )
    consent = client.initiate_consent()
    back = requests.get(consent.authorization_url, allow_redirects=False, timeout=10)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(back.headers["Location"]).query))
    credentials = consent.exchange(query["code"], query["state"])
    token = credentials.token()
    assert token.refresh_token and token.valid
    assert names(WorkspaceClient(host=HOST, token=token.access_token))
    # the refresh token brings another access token
    refreshed = credentials.refresh()
    assert refreshed.access_token != token.access_token and refreshed.refresh_token != token.refresh_token
    # and the code was good once
    with pytest.raises(ValueError, match="invalid_grant"):
        consent.exchange(query["code"], query["state"])


def test_u2m_denied():
    control(deny=1)
    client = oauth.OAuthClient(
        oidc_endpoints=oauth.get_workspace_endpoints(HOST),
        redirect_url="http://localhost:8020",
        client_id="databricks-cli",
    )
    consent = client.initiate_consent()
    back = requests.get(consent.authorization_url, allow_redirects=False, timeout=10)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(back.headers["Location"]).query))
    assert query["error"] == "access_denied" and "code" not in query


def test_token_exchange_of_a_pat():
    source = oauth.PATOAuthTokenExchange(get_original_token=lambda: TOKEN, host=HOST, scopes="all-apis")
    assert names(WorkspaceClient(host=HOST, token=source.token().access_token))


def test_azure_service_principal(monkeypatch):
    # the login host is a constant of the client: its table of clouds gets one more entry
    here = AzureEnvironment(
        name="EMULATOR",
        service_management_endpoint="https://management.core.windows.net/",
        resource_manager_endpoint="https://management.azure.com/",
        active_directory_endpoint=f"{HOST}/aad/",
    )
    here = DatabricksEnvironment(
        Cloud.AZURE, ".emulator", azure_application_id=ARM_DATABRICKS_RESOURCE_ID, azure_environment=here
    )
    monkeypatch.setattr(Config, "environment", property(lambda self: here))
    workspace = WorkspaceClient(host=HOST, azure_client_id=ID, azure_client_secret=SECRET, auth_type="azure-client-secret")
    assert workspace.config.azure_tenant_id == "11112222-3333-4444-5555-666677778888"
    headers = workspace.config.authenticate()
    assert "X-Databricks-Azure-SP-Management-Token" in headers
    assert "databricks-gte-large-en" in names(workspace)
