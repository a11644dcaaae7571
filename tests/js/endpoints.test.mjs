// Serving endpoints are made, changed, waited for and asked: over a scripted fetch, and against the emulator.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { TOKEN, emulator } from "./emulator.mjs";
import { DONE, event, failure, json, never, refusal, scripted, sse, withClock } from "./fakes.mjs";
import lakewire from "./package.mjs";

const { secretReference } = lakewire;
const REF = secretReference("llm", "openai");
const openai = (config = { openai_api_key: REF }, more = {}) => ({ provider: "openai", name: "gpt-4", task: "llm/v1/chat", openai_config: config, ...more });
const config = (model = openai()) => ({ served_entities: [{ name: "gpt", external_model: model }] });
const state = (ready, config_update, more = {}) => json({ name: "e", id: "9f", state: { ready, config_update }, ...more });
const endpoints = (answers, settings) => {
  const { client, calls } = scripted(answers, settings);
  return { endpoints: client.servingEndpoints(), client, calls };
};
const route = ({ method, url }) => `${method} ${url.replace("https://workspace.example", "")}`;

test("every operation has its route and body", async () => {
  const { endpoints: at, calls } = endpoints(() => json({ name: "e", id: "9f", logs: "built", tags: [{ key: "k" }], rate_limits: [], permission_levels: [] }));
  await at.create({ name: "e", config: config() });
  await at.updateConfig("e", config());
  assert.deepEqual(await at.updateTags("e", { add_tags: [{ key: "k" }] }), [{ key: "k" }]);
  await at.updateRateLimits("e", [{ calls: 5, renewal_period: "minute" }]);
  await at.updateAiGateway("e", {});
  await at.updateNotifications("e", { on_update_failure: ["ann@example.com"] });
  await at.updateTelemetry("e", {});
  assert.equal(await at.delete("e"), undefined);
  await at.createProvisionedThroughput({ name: "p", config: { served_entities: [{ entity_name: "system.ai.m", provisioned_model_units: 50 }] } });
  await at.updateProvisionedThroughput("p", { served_entities: [{ entity_name: "m", provisioned_model_units: 1 }] });
  await at.optimizationInfo("c.s.m", 2);
  assert.equal(await at.buildLogs("e", "gpt"), "built");
  assert.equal(await at.logs("e", "a b"), "built");
  await at.openApi("e");
  assert.match(await at.metrics("e"), /^\{/);
  await at.query("e/x", { inputs: [1] });
  const permissions = await at.permissions("e");
  assert.equal(permissions.endpointId, "9f");
  await permissions.get();
  await permissions.set([{ user_name: "ann", permission_level: "CAN_QUERY" }]);
  await permissions.update([{ group_name: "users", permission_level: "CAN_VIEW" }]);
  assert.deepEqual(await permissions.levels(), []);
  const root = "/api/2.0/serving-endpoints";
  const rights = "/api/2.0/permissions/serving-endpoints/9f";
  assert.deepEqual(calls.map(route), [
    `POST ${root}`, `PUT ${root}/e/config`, `PATCH ${root}/e/tags`, `PUT ${root}/e/rate-limits`, `PUT ${root}/e/ai-gateway`, `PATCH ${root}/e/notifications`,
    `PATCH ${root}/e/telemetry-config`, `DELETE ${root}/e`, `POST ${root}/pt`, `PUT ${root}/pt/p/config`, `GET ${root}/get-model-optimization-info/c.s.m/2`,
    `GET ${root}/e/served-models/gpt/build-logs`, `GET ${root}/e/served-models/a%20b/logs`, `GET ${root}/e/openapi`, `GET ${root}/e/metrics`,
    "POST /serving-endpoints/e%2Fx/invocations", `GET ${root}/e`, `GET ${rights}`, `PUT ${rights}`, `PATCH ${rights}`, `GET ${rights}/permissionLevels`,
  ]);
  assert.deepEqual(calls[0].json, { name: "e", config: config() });
  assert.deepEqual(calls[3].json, { rate_limits: [{ calls: 5, renewal_period: "minute" }] });
  assert.deepEqual(calls[5].json, { email_notifications: { on_update_failure: ["ann@example.com"] } });
  assert.deepEqual(calls[9].json, { config: { served_entities: [{ entity_name: "m", provisioned_model_units: 1 }] } });
  assert.deepEqual(calls[18].json, { access_control_list: [{ user_name: "ann", permission_level: "CAN_QUERY" }] });
});

test("old servers' tags, empty lists and empty answers are read", async () => {
  const { endpoints: at } = endpoints([json([{ key: "a" }]), json({}), new Response(null, { status: 200 })]);
  assert.deepEqual(await at.updateTags("e", { delete_tags: ["b"] }), [{ key: "a" }]);
  assert.deepEqual(await at.list(), []);
  await at.delete("e");
});

test("L11: what would be refused is not sent, and a key in a reference's place is not repeated", async () => {
  const { endpoints: at, calls } = endpoints([]);
  const canary = "sk-canary-0123456789";
  for (const [request, words] of [
    [{ name: "e", config: config(openai({ openai_api_key: canary })) }, /openai_api_key` must be a reference such as \{\{secrets\/scope\/key\}\}.*openai_api_key_plaintext/],
    [{ name: "e", config: config(openai({ openai_api_key: REF, openai_api_key_plaintext: canary })) }, /exactly one of the two/],
    [{ name: "e", config: config(openai({})) }, /openai_api_key` is missing/],
    [{ name: "e", config: { served_entities: [...config().served_entities, { name: "own", entity_name: "c.s.m" }] } }, /mixes external models/],
    [{ name: "e", config: { served_entities: [...config().served_entities, { external_model: openai(undefined, { task: "llm/v1/embeddings" }) }] } }, /task` differs/],
    [{ name: "e", config: { ...config(), traffic_config: { routes: [{ served_entity_name: "gpt", traffic_percentage: 60 }] } } }, /sum to 100/],
    [{ name: "a b", config: config() }, /`name` must be made of/],
    [{}, /`name`/],
    [undefined, /cannot be written as JSON/],
    [[], /must be an object/],
  ]) {
    const error = await failure(async () => at.create(request), "InvalidInput");
    assert.match(error.message, words);
    assert.ok(!inspect(error, { depth: null, showHidden: true }).includes("canary"), error.message);
  }
  await failure(at.updateConfig("e", { config: config() }), "InvalidInput");
  await failure(at.query("", {}), "InvalidInput");
  await failure(at.get(undefined), "InvalidInput");
  assert.equal(calls.length, 0);
});

test("L11: a service that repeats a key does not get it into the error", async () => {
  const canary = "sk-or canary \"x\"";
  const request = { name: "e", config: config(openai({ openai_api_key_plaintext: canary })) };
  for (const answer of [refusal(400, { message: `Bad key ${canary}`, error_code: canary }), json({ message: canary, error_code: "X" }), new Response(`INTERNAL_ERROR: ${canary}`, { status: 500 })]) {
    const { endpoints: at, calls } = endpoints([answer]);
    const error = await failure(at.create(request));
    assert.ok(!inspect(error, { depth: null, showHidden: true }).includes("canary"), inspect(error));
    assert.equal(calls[0].json.config.served_entities[0].external_model.openai_config.openai_api_key_plaintext, canary);
    assert.equal(calls.length, 1, "what creates is not repeated");
  }
});

test("waitUntilReady looks until it is ready and settled, by growing steps", async () => {
  const answers = [...Array.from({ length: 11 }, () => state("NOT_READY", "IN_PROGRESS")), state("NOT_READY", "NOT_UPDATING"), state("READY", "IN_PROGRESS"), state("READY", "NOT_UPDATING")];
  const { endpoints: at } = endpoints(answers);
  const told = [];
  await withClock(async (clock) => {
    const endpoint = await at.waitUntilReady("e", { onProgress: (progress) => told.push(progress) });
    assert.equal(endpoint.state.ready, "READY");
    const pauses = clock.fired.filter((ms) => ms < 60_000);
    assert.deepEqual(pauses, Array.from({ length: 13 }, (_, at) => Math.min(at + 1, 10) * 1000 + 500));
  }, { random: 0.5 });
  assert.equal(told.length, 14);
  assert.deepEqual(told.map(({ done }) => done).lastIndexOf(false), 12);
  const { name, ready, configUpdate, attempt, elapsedMs, endpoint } = told[0];
  assert.deepEqual([name, ready, configUpdate, attempt, endpoint.id], ["e", "NOT_READY", "IN_PROGRESS", 1, "9f"]);
  assert.ok(elapsedMs >= 0 && told[13].elapsedMs > 60_000);
});

test("bad ends are OperationFailed with the service's own words", async () => {
  const entity = { name: "gpt", state: { deployment: "DEPLOYMENT_FAILED", deployment_state_message: "no GPU left" } };
  for (const [answer, code, words] of [
    [state("READY", "UPDATE_FAILED", { config: { served_entities: [entity] } }), "UPDATE_FAILED", /'e' failed, served entity 'gpt': no GPU left\. What it served before still serves/],
    [state("NOT_READY", "UPDATE_CANCELED"), "UPDATE_CANCELED", /was cancelled/],
    [state("NOT_READY", "NOT_UPDATING", { config: { served_entities: [entity] } }), "DEPLOYMENT_FAILED", /no GPU left/],
  ]) {
    const error = await failure(endpoints([answer]).endpoints.waitUntilReady("e"), "OperationFailed");
    assert.equal(error.errorCode, code);
    assert.match(error.message, words);
    assert.equal(error.isRetryable, false);
  }
  await failure(endpoints([refusal(404, { error_code: "RESOURCE_DOES_NOT_EXIST" })]).endpoints.waitUntilReady("e"), "NotFound");
  const failed = json({ name: "e", state: { ready: "READY", config_update: "UPDATE_FAILED" } }, { headers: { "x-request-id": "r-7" } });
  const error = await failure(endpoints([failed]).endpoints.waitUntilReady("e"), "OperationFailed");
  assert.deepEqual([error.requestId, error.attempts], ["r-7", 1]);
});

test("no look outlasts the wait, nor the client's own limit", async () => {
  await withClock(async (clock) => {
    const { endpoints: at, calls } = endpoints(never);
    const begun = clock.now;
    const error = await failure(at.waitUntilReady("e", { timeoutMs: 500 }), "DeadlineExceeded");
    assert.match(error.message, /was not ready in time/);
    assert.deepEqual([calls.length, clock.now - begun], [1, 500]);
  });
  for (const [settings, options] of [[{ timeouts: { totalMs: 2000 } }, {}], [{}, { timeouts: { totalMs: 2000 } }]]) {
    await withClock(async (clock) => {
      const begun = clock.now;
      const error = await failure(endpoints(never, settings).endpoints.waitUntilReady("e", options), "DeadlineExceeded");
      assert.doesNotMatch(error.message, /was not ready in time/);
      assert.equal(clock.now - begun, 2000);
    });
  }
});

test("L11: no value of an environment is repeated, whatever its name", async () => {
  const canary = "postgres://user:canary@db";
  const model = { entity_name: "c.s.m", entity_version: "1", environment_vars: { DATABASE_URL: canary } };
  const served_models = [{ model_name: "c.s.m", model_version: "1", environment_vars: model.environment_vars }];
  for (const act of [
    (at) => at.create({ name: "e", config: { served_entities: [model] } }),
    (at) => at.create({ name: "e", config: { served_models } }),
    (at) => at.updateConfig("e", { served_models }),
    (at) => at.createProvisionedThroughput({ name: "e", config: { served_entities: [{ ...model, provisioned_model_units: 1 }] } }),
    (at) => at.updateProvisionedThroughput("e", { served_entities: [{ ...model, provisioned_model_units: 1 }] }),
  ]) {
    const { endpoints: at, calls } = endpoints([refusal(400, { message: `No host ${canary}.` })]);
    const error = await failure(act(at));
    assert.ok(calls[0].text.includes("canary") && !inspect(error, { depth: null, showHidden: true }).includes("canary"), inspect(error));
  }
});

test("the wait is bounded, looks past passing failures, and ends with its signal or its client", async () => {
  await withClock(async () => {
    const error = await failure(endpoints(() => state("NOT_READY", "IN_PROGRESS")).endpoints.waitUntilReady("e", { timeoutMs: 60_000 }), "DeadlineExceeded");
    assert.equal(error.phase, "total");
    assert.match(error.message, /NOT_READY.*IN_PROGRESS/);
  });
  await withClock(async () => {
    const { endpoints: at, calls } = endpoints([refusal(503), refusal(502), state("READY", "NOT_UPDATING")], { retry: { maxAttempts: 1 } });
    await at.waitUntilReady("e");
    assert.equal(calls.length, 3);
    const broken = endpoints(() => refusal(503), { retry: { maxAttempts: 1 } });
    await failure(broken.endpoints.waitUntilReady("e"), "TemporarilyUnavailable");
    assert.equal(broken.calls.length, 6);
  });
  const controller = new AbortController();
  const waiting = endpoints(() => state("NOT_READY", "IN_PROGRESS"));
  const abort = () => controller.abort(new Error("enough"));
  const error = await failure(waiting.endpoints.waitUntilReady("e", { signal: controller.signal, onProgress: abort }), "Cancelled");
  assert.equal(error.cause?.message, "enough");
  const closed = endpoints(() => state("NOT_READY", "IN_PROGRESS"));
  await failure(closed.endpoints.waitUntilReady("e", { onProgress: () => closed.client.close() }), "Closed");
  const mine = new Error("the caller's own");
  await assert.rejects(endpoints(() => state("READY", "NOT_UPDATING")).endpoints.waitUntilReady("e", { onProgress: () => { throw mine; } }), (thrown) => thrown === mine);
  for (const bad of [{ timeoutMs: 0 }, { timeoutMs: NaN }, { timeoutMs: 2 ** 31 }, { onProgress: 7 }]) {
    await failure(async () => waiting.endpoints.waitUntilReady("e", bad), "InvalidInput");
    await failure(async () => waiting.endpoints.createAndWait({ name: "e" }, bad), "InvalidInput");
  }
});

test("queryStream gives events and ends with its mark, and with an error when it breaks off", async () => {
  const { endpoints: at, calls } = endpoints([sse([event({ a: 1 }), event({ b: [2] }), DONE]), sse([event({ a: 1 })])]);
  const events = [];
  for await (const one of await at.queryStream("e", { messages: [] })) events.push(one);
  assert.deepEqual(events, [{ a: 1 }, { b: [2] }]);
  assert.deepEqual(calls[0].json, { messages: [], stream: true });
  await failure(async () => { for await (const _ of await at.queryStream("e", {}));  }, "Truncated");
  await failure(at.queryStream("e", { stream: false }), "InvalidInput");
  const unsaid = endpoints([sse([DONE])]);
  for await (const _ of await unsaid.endpoints.queryStream("e", { stream: null, a: 1 }));
  assert.equal(unsaid.calls[0].text, '{"a":1,"stream":true}');
});

const workspace = await emulator();
const unique = (name) => `${name}-${Math.random().toString(36).slice(2, 8)}`;

/** An external endpoint in the emulator, with its scope; both go at the end. */
async function withEndpoint(act, more = {}) {
  const { client } = workspace.client();
  const [name, scope] = [unique("gpt4"), unique("scope")];
  await client.secrets().createScope(scope);
  await client.secrets().put(scope, "openai", "sk-sample");
  const model = openai({ openai_api_key: secretReference(scope, "openai") });
  try {
    await act({ client, at: client.servingEndpoints(), name, request: { name, config: config(model), ...more } });
  } finally {
    await client.servingEndpoints().delete(name).catch(() => {});
    await client.secrets().deleteScope(scope);
  }
}

test("emulator: an endpoint is created, waited for, asked, changed and deleted", () =>
  withEndpoint(async ({ client, at, name, request }) => {
    const seen = [];
    const endpoint = await at.createAndWait(request, { onProgress: ({ ready }) => seen.push(ready) });
    assert.equal(endpoint.state.ready, "READY");
    assert.equal(seen.at(-1), "READY");
    assert.ok((await at.list()).some((one) => one.name === name));
    const { choices } = await at.query(name, { messages: [{ role: "user", content: "My name is Ann. What is my name?" }] });
    assert.match(choices[0].message.content, /Ann/);
    const words = [];
    for await (const chunk of await at.queryStream(name, { messages: [{ role: "user", content: "My name is Ann. What is my name?" }] })) words.push(chunk.choices[0]?.delta?.content ?? "");
    assert.equal(words.join(""), choices[0].message.content);
    assert.match((await client.chat(name).invoke("My name is Ann. What is my name?")).text, /Ann/);
    assert.deepEqual(await at.updateTags(name, { add_tags: [{ key: "team", value: "web" }] }), [{ key: "team", value: "web" }]);
    assert.equal((await at.updateRateLimits(name, [{ calls: 100, renewal_period: "minute" }]))[0].calls, 100);
    const gateway = await at.updateAiGateway(name, { usage_tracking_config: { enabled: true }, rate_limits: [{ calls: 9, renewal_period: "minute", key: "user" }] });
    assert.equal(gateway.usage_tracking_config.enabled, true);
    await at.updateNotifications(name, { on_update_failure: ["ann@example.com"] });
    const permissions = await at.permissions(name);
    await permissions.update([{ group_name: "users", permission_level: "CAN_QUERY" }]);
    assert.ok((await permissions.get()).access_control_list.some(({ group_name }) => group_name === "users"));
    assert.deepEqual((await permissions.levels()).map(({ permission_level }) => permission_level).sort(), ["CAN_MANAGE", "CAN_QUERY", "CAN_VIEW"]);
    const before = endpoint.config.config_version;
    const after = await at.updateConfigAndWait(name, request.config);
    assert.ok(after.config.config_version > before);
    // a model elsewhere has no container here
    await failure(at.buildLogs(name, "gpt"), "BadRequest");
    await failure(at.create(request), "ResourceConflict");
    await at.delete(name);
    await failure(at.get(name), "NotFound");
  }));

test("emulator: logs, metrics and the description of a custom model", async () => {
  const at = workspace.client().client.servingEndpoints();
  const { config: { served_entities: [{ name: entity }] } } = await at.get("dolly-v2-12b");
  assert.match(await at.logs("dolly-v2-12b", entity), /Requests so far/);
  assert.match(await at.buildLogs("dolly-v2-12b", entity), /deployment/);
  assert.match(await at.metrics("dolly-v2-12b"), /^# HELP/m);
  assert.equal((await at.openApi("dolly-v2-12b")).info.title, "dolly-v2-12b");
});

test("emulator: a deployment that fails ends the wait with its message", () =>
  withEndpoint(async ({ at, request }) => {
    const { headers } = { headers: { "x-lakewire-fault": JSON.stringify({ deployment: { outcome: "UPDATE_FAILED", message: "no GPU left", after_ms: 0 } }) } };
    await at.create(request, { headers });
    const error = await failure(at.waitUntilReady(request.name, { timeoutMs: 30_000 }), "OperationFailed");
    assert.equal(error.errorCode, "UPDATE_FAILED");
    assert.match(error.message, /no GPU left/);
  }));

test("emulator: a secret that does not exist is refused", async () => {
  const { client } = workspace.client();
  await failure(client.servingEndpoints().create({ name: unique("e"), config: config(openai({ openai_api_key: "{{secrets/nowhere/none}}" })) }), "BadRequest");
});

test("emulator: what passes the check of an external model is taken, and what it refuses is refused", async () => {
  const { client } = workspace.client();
  const scope = unique("scope");
  await client.secrets().createScope(scope);
  await client.secrets().put(scope, "k", "sk-sample");
  const ref = secretReference(scope, "k");
  const azure = { openai_api_base: "https://x", openai_deployment_name: "d", openai_api_version: "v" };
  const bedrock = { aws_region: "r", bedrock_provider: "amazon" };
  const custom = { custom_provider_url: "https://x" };
  // provider, field of the config, config, and what may be left out
  const rows = [
    ["openai", "openai_config", { openai_api_key: ref, openai_api_type: "openai" }, ["openai_api_type"]],
    ["openai", "openai_config", { openai_api_key_plaintext: "sk-plain" }],
    ["openai", "openai_config", { ...azure, openai_api_type: "azure", openai_api_key: ref }],
    ["openai", "openai_config", { ...azure, openai_api_type: "azuread", microsoft_entra_tenant_id: "t", microsoft_entra_client_id: "c", microsoft_entra_client_secret: ref }],
    ["anthropic", "anthropic_config", { anthropic_api_key: ref }],
    ["cohere", "cohere_config", { cohere_api_key: ref, cohere_api_base: "https://x" }, ["cohere_api_base"]],
    ["ai21labs", "ai21labs_config", { ai21labs_api_key: ref }],
    ["palm", "palm_config", { palm_api_key: ref }],
    ["amazon-bedrock", "amazon_bedrock_config", { ...bedrock, aws_access_key_id: ref, aws_secret_access_key: ref }],
    ["amazon-bedrock", "amazon_bedrock_config", { ...bedrock, instance_profile_arn: "arn:x" }],
    ["amazon-bedrock", "amazon_bedrock_config", { ...bedrock, uc_service_credential_name: "c" }],
    ["google-cloud-vertex-ai", "google_cloud_vertex_ai_config", { project_id: "p", region: "r", private_key: ref }],
    ["databricks-model-serving", "databricks_model_serving_config", { databricks_workspace_url: "https://x", databricks_api_token: ref }],
    ["custom", "custom_provider_config", custom],
    ["custom", "custom_provider_config", { ...custom, bearer_token_auth: { token: ref } }, ["bearer_token_auth"]],
    ["custom", "custom_provider_config", { ...custom, api_key_auth: { key: "x-key", value: ref } }, ["api_key_auth"]],
  ];
  const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
  const bad = [
    ["custom", "custom_provider_config", { ...custom, bearer_token_auth: { token: ref }, api_key_auth: { key: "x-key", value: ref } }],
    ["custom", "custom_provider_config", { ...custom, bearer_token_auth: {} }],
    ["custom", "custom_provider_config", { ...custom, api_key_auth: { value: ref } }],
    ["custom", "custom_provider_config", { custom_provider_url: "http://x" }],
    ["openai", "openai_config", { openai_api_key: "sk-plain" }],
    ["openai", "anthropic_config", { anthropic_api_key: ref }],
  ];
  const good = [];
  for (const [provider, field, whole, optional = []] of rows) {
    good.push([provider, field, whole]);
    // without its type Azure is OpenAI, whose other fields are its own business
    for (const name of Object.keys(whole).filter((name) => whole[name] !== "azure")) (optional.includes(name) ? good : bad).push([provider, field, without(whole, name)]);
  }
  const request = ([provider, field, config]) => ({ name: unique("e"), config: { served_entities: [{ name: "m", external_model: { provider, name: "m", task: "llm/v1/chat", [field]: config } }] } });
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  try {
    for (const row of good) {
      const { name } = await client.servingEndpoints().create(request(row));
      await client.servingEndpoints().delete(name);
    }
    for (const row of bad) {
      const body = request(row);
      await failure(client.servingEndpoints().create(body), "InvalidInput").catch((fault) => assert.fail(`the check took ${JSON.stringify(row)}: ${fault.message}`));
      const { status } = await fetch(`${workspace.url}/api/2.0/serving-endpoints`, { method: "POST", headers, body: JSON.stringify(body) });
      assert.equal(status, 400, `the emulator took ${JSON.stringify(row)}`);
    }
  } finally {
    await client.secrets().deleteScope(scope);
  }
});
