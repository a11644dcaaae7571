//! Requests by the million: valid ones, and valid ones that were changed by hostile hands.

use super::APP;

/// A request that was made.
pub(super) struct Made {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) own_origin: Option<String>,
    pub(super) body: Vec<u8>,
    /// How often it was changed after it was valid.
    pub(super) changes: u64,
    /// Whether the wide policy alone allows it as it was made.
    pub(super) wide: bool,
}

impl Made {
    /// A request as a page of the app sends it.
    pub(super) fn valid(method: &str, target: &str, body: &str, wide: bool) -> Self {
        let mut made = Self {
            method: method.to_owned(),
            target: ["/api/lakewire", target].concat(),
            headers: vec![("origin".to_owned(), APP.to_owned()), ("x-lakewire-relay".to_owned(), "1".to_owned())],
            own_origin: None,
            body: body.as_bytes().to_vec(),
            changes: 0,
            wide,
        };
        if !body.is_empty() {
            made.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        made
    }
}

/// Requests that are valid for the wide policy alone.
pub(super) const WIDE: &[(&str, &str, &str)] = &[
    ("POST", "/api/2.0/serving-endpoints", r#"{"name":"mine","config":{"served_entities":[]}}"#),
    ("DELETE", "/api/2.0/serving-endpoints/mine", ""),
    ("PUT", "/api/2.0/serving-endpoints/mine/config", r#"{"served_entities":[]}"#),
    ("GET", "/api/2.0/vector-search/endpoints?page_token=p", ""),
    ("GET", "/api/2.0/vector-search/endpoints/vs", ""),
    ("GET", "/api/2.0/vector-search/indexes?endpoint_name=vs", ""),
    (
        "POST",
        "/api/2.0/vector-search/indexes",
        r#"{"name":"main.docs.new","endpoint_name":"vs","primary_key":"id","index_type":"DIRECT_ACCESS","direct_access_index_spec":{}}"#,
    ),
    ("DELETE", "/api/2.0/vector-search/indexes/main.docs.new", ""),
    ("GET", "/api/2.0/sql/warehouses?page_size=5", ""),
    ("GET", "/api/2.0/sql/warehouses/w1", ""),
    ("POST", "/api/2.0/sql/warehouses/w1/start", "{}"),
    ("GET", "/api/2.0/sql/statements/01ef-aaaa", ""),
    ("POST", "/api/2.0/sql/statements/01ef-aaaa/cancel", "{}"),
    ("GET", "/api/2.0/sql/statements/01ef-aaaa/result/chunks/2", ""),
    ("DELETE", "/api/2.1/unity-catalog/functions/main.tools.celsius?force=true", ""),
    ("POST", "/api/2.0/mlflow/runs/update", r#"{"run_id":"f0e1","status":"FINISHED"}"#),
    ("POST", "/api/2.0/mlflow/runs/log-batch", r#"{"run_id":"f0e1","metrics":[]}"#),
    ("GET", "/api/2.0/mlflow/runs/get?run_id=f0e1", ""),
    ("GET", "/api/2.0/mlflow/metrics/get-history?run_id=f0e1&metric_key=loss", ""),
    ("POST", "/api/2.0/mlflow/traces/link-to-run", r#"{"trace_ids":["tr-1"],"run_id":"f0e1"}"#),
    ("GET", "/api/2.0/mlflow/traces/tr-1/credentials-for-data-upload", ""),
    ("GET", "/api/2.0/mlflow/traces/tr-1/credentials-for-data-download", ""),
    ("GET", "/api/3.0/mlflow/traces/get?trace_id=tr-1", ""),
    ("GET", "/api/3.0/mlflow/traces/tr-1", ""),
    ("POST", "/api/3.0/mlflow/traces/tr-1/assessments", r#"{"assessment":{"trace_id":"tr-1","assessment_name":"x"}}"#),
];

/// Requests that are valid for both policies: method, target behind the mount, body.
pub(super) const VALID: &[(&str, &str, &str)] = &[
    (
        "POST",
        "/serving-endpoints/claude/invocations",
        r#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":5000,"stream":true}"#,
    ),
    (
        "POST",
        "/serving-endpoints/claude/invocations",
        r#"{"model":"claude","messages":[],"n":1,"tools":[{"type":"function","function":{"name":"f"}}],"temperature":0.5}"#,
    ),
    (
        "POST",
        "/serving-endpoints/claude/invocations",
        r#"{"messages":[],"max_completion_tokens":7,"thinking":{"type":"enabled","budget_tokens":50}}"#,
    ),
    ("POST", "/serving-endpoints/writer/invocations", r#"{"prompt":["a","b"],"max_tokens":10}"#),
    ("POST", "/serving-endpoints/gte/invocations", r#"{"input":["a","b"]}"#),
    (
        "POST",
        "/serving-endpoints/agent/invocations",
        r#"{"input":[{"role":"user","content":"Hi"}],"max_output_tokens":9}"#,
    ),
    ("POST", "/serving-endpoints/agent/invocations", r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true}"#),
    ("POST", "/serving-endpoints/custom/invocations", r#"{"dataframe_records":[{"a":1}],"params":{"max_tokens":5}}"#),
    ("GET", "/api/2.0/serving-endpoints", ""),
    ("GET", "/api/2.0/serving-endpoints/claude", ""),
    ("GET", "/api/2.0/vector-search/indexes/main.docs.manual", ""),
    (
        "POST",
        "/api/2.0/vector-search/indexes/main.docs.manual/query",
        r#"{"columns":["id","text"],"query_text":"x","num_results":5,"filters_json":"{\"id\":[1,2]}"}"#,
    ),
    ("POST", "/api/2.0/vector-search/indexes/main.docs.manual/query-next-page", r#"{"page_token":"abc"}"#),
    ("POST", "/api/2.0/vector-search/indexes/main.docs.manual/upsert-data", r#"{"inputs_json":"[{\"id\":1}]"}"#),
    ("DELETE", "/api/2.0/vector-search/indexes/main.docs.manual/delete-data?primary_keys=a&primary_keys=b%20c", ""),
    ("POST", "/statements/top", r#"{"parameters":{"least":5}}"#),
    (
        "POST",
        "/api/2.0/sql/statements",
        r#"{"warehouse_id":"w1","statement":"SELECT * FROM nations WHERE p > :p","parameters":[{"name":"p","value":"5","type":"INT"}],"wait_timeout":"30s"}"#,
    ),
    ("GET", "/api/2.1/unity-catalog/tables?catalog_name=main&schema_name=shop&max_results=50", ""),
    ("GET", "/api/2.1/unity-catalog/tables/main.shop.orders", ""),
    ("GET", "/api/2.1/unity-catalog/functions?catalog_name=main&schema_name=tools", ""),
    ("GET", "/api/2.1/unity-catalog/functions/main.tools.celsius", ""),
    ("POST", "/api/2.0/vector-search/indexes/main.docs.manual/sync", "{}"),
    (
        "POST",
        "/api/2.0/vector-search/indexes/main.docs.manual/query",
        r#"{"columns":["id"],"query_text":"x","query_type":"HYBRID","query_columns":["text"],"sort_columns":["id ASC"]}"#,
    ),
    ("GET", "/api/2.0/mlflow/experiments/get?experiment_id=7", ""),
    ("POST", "/api/2.0/mlflow/experiments/create", r#"{"name":"/Shared/app"}"#),
    (
        "POST",
        "/api/3.0/mlflow/traces/search",
        r#"{"locations":[{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"7"}}]}"#,
    ),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts/7/traces/tr-1/artifacts/traces.json", ""),
    (
        "POST",
        "/serving-endpoints/claude/invocations",
        r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}]}"#,
    ),
    (
        "POST",
        "/serving-endpoints/agent/invocations",
        r#"{"input":[{"role":"user","content":[{"type":"input_file","file_url":"data:x"}]}],"tool_choice":{"type":"function","name":"f"}}"#,
    ),
    ("POST", "/serving-endpoints/custom/invocations", r#"{"inputs":{"max_tokens":5,"x":[1]}}"#),
    ("GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=%2FShared%2Fapp", ""),
    ("POST", "/api/2.0/mlflow/runs/create", r#"{"experiment_id":"7","run_name":"x"}"#),
    ("POST", "/api/2.0/mlflow/runs/search", r#"{"experiment_ids":["7"],"max_results":5}"#),
    (
        "POST",
        "/api/3.0/mlflow/traces",
        r#"{"trace":{"trace_info":{"trace_id":"tr-1","trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"7"}}}}}"#,
    ),
    (
        "PUT",
        "/api/2.0/mlflow-artifacts/artifacts/7/traces/tr-1/artifacts/traces.json",
        r#"{"spans":[{"start_time_unix_nano":1772360430123000000}]}"#,
    ),
];

const SEGMENTS: &[&str] = &[
    "..",
    ".",
    "",
    "%2e%2e",
    ".%2e",
    "%252e%252e",
    "..%2f",
    "..%5c",
    "\\..\\",
    ";",
    "..;",
    "%00",
    "\0",
    "%c0%ae",
    "\u{ff0e}\u{ff0e}",
    "claude.",
    "claude ",
    "CLAUDE",
    "other",
    "secrets",
    "get",
    "api",
    "2.0",
    "2.1",
    "serving-endpoints",
    "invocations",
    "token",
    "jobs",
    "dbfs",
    "preview",
    "scim",
    "driver-proxy-api",
    "169.254.169.254",
    "@evil.example",
    "evil.example",
    "http:",
    "https:",
    "main.docs.manual",
    "main.docs.secret",
    "main.docs",
    "main",
    "a.b.c.d",
    "claude",
    "writer",
    "w1",
    "w2",
    "8",
    "7",
    "tr-1",
    "get",
    "search",
    "query",
    "sync",
    "delete-data",
    "config",
    "openapi",
    "metrics",
    "chat",
    "completions",
    "permissions",
    "%63laude",
    "cla%75de",
    "{endpoint}",
    "*",
    "~",
    "-",
    "$",
    "credentials-for-data-upload",
];
const BITS: &[&str] = &[
    "/",
    "//",
    "/../",
    "/./",
    "\\",
    "?",
    "&",
    "#",
    "@",
    ":",
    "%",
    "%2f",
    "%5c",
    ";",
    " ",
    "\t",
    "\r\n",
    "\0",
    ".",
    "..",
    "\u{2025}",
    "é",
    "=",
    "+",
    "a",
    "?x=1",
    "&force=true",
    "http://evil.example/",
];
const QUERIES: &[&str] = &[
    "?",
    "?&",
    "?x=1",
    "?force=true",
    "?catalog_name=main",
    "?catalog_name=main&schema_name=secret",
    "?catalog_name=main&catalog_name=other&schema_name=shop",
    "?run_id=../x",
    "?run_id=a%00",
    "?trace_id=tr-1&trace_id=tr-2",
    "?experiment_name=%2FShared%2Fother",
    "?experiment_id=8",
    "?experiment_id=7",
    "?page_token=%0d%0ax",
    "?page_token=%ff",
    "?page_token=abc%20d",
    "?primary_keys=",
    "?primary_keys=%2e%2e%2f",
    "?max_results=9&page_token=p",
    "?%63atalog_name=main",
];
const METHODS: &[&str] = &[
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "Post", "", "GET ",
    "PROPFIND", "POST\r\n",
];
const HEADERS: &[(&str, &str)] = &[
    ("origin", "null"),
    ("origin", "https://app.example.com.evil"),
    ("origin", "https://APP.example.com"),
    ("origin", "http://app.example.com"),
    ("origin", "https://app.example.com:443"),
    ("origin", "https://app.example.com,https://evil"),
    ("origin", "https://evil.example"),
    ("origin", ""),
    ("origin", "*"),
    ("origin", "https://app.example.com "),
    ("x-lakewire-relay", "0"),
    ("x-lakewire-relay", "1, 1"),
    ("x-lakewire-relay", ""),
    ("content-type", "text/plain"),
    ("content-type", "application/x-www-form-urlencoded"),
    ("content-type", ""),
    ("content-type", "application/json; charset=utf-16"),
    ("content-type", "application/json;charset=UTF-8"),
    ("content-length", "5"),
    ("content-length", "99999"),
    ("content-length", "+5"),
    ("content-length", "5, 6"),
    ("transfer-encoding", "chunked"),
    ("transfer-encoding", "xchunked"),
    ("content_length", "5"),
    ("authorization", "Bearer dapi-evil"),
    ("cookie", "session=evil"),
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-for", "10.0.0.1"),
    ("x-databricks-org-id", "1"),
    ("x-http-method-override", "DELETE"),
    ("x-original-url", "/api/2.0/secrets/get"),
    ("forwarded", "host=evil"),
    ("accept", "text/html"),
    ("x-request-id", "page-1"),
    ("x-request-id", "a b"),
    ("x-request-id", "x\r\nauthorization: evil"),
    ("upgrade", "websocket"),
    ("connection", "Upgrade"),
    ("connection", "keep-alive"),
    ("expect", "100-continue"),
    ("content-encoding", "gzip"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-site", "none"),
    ("sec-fetch-mode", "no-cors"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "image"),
    ("access-control-request-method", "POST"),
    ("access-control-request-method", "TRACE"),
    ("x-evil", "a\r\nb: c"),
    ("x evil", "a"),
    ("X-Lakewire-Relay", "1"),
    ("te", "trailers"),
    ("proxy-authorization", "x"),
    ("user-agent", "x"),
];
const FIELDS: &[&str] = &[
    r#""max_tokens":1000000000"#,
    r#""max_tokens":-1"#,
    r#""max_tokens":1e9"#,
    r#""max_tokens":null"#,
    r#""max_tokens":"99""#,
    r#""max_\u0074okens":77777"#,
    r#""max_completion_tokens":99999"#,
    r#""max_output_tokens":99999"#,
    r#""n":128"#,
    r#""n":1"#,
    r#""model":"gpt-secret""#,
    r#""model":"claude""#,
    r#""model":null"#,
    r#""tools":[{"type":"mcp","server_url":"http://evil"}]"#,
    r#""tools":[{"type":"function","function":{"name":"a"}},{"type":"function"}]"#,
    r#""tools":[{"type":"function"},{"type":"function"},{"type":"function"},{"type":"function"},{"type":"function"}]"#,
    r#""thinking":{"budget_tokens":99999}"#,
    r#""extra_params":{"max_tokens":"9"}"#,
    r#""stream":true"#,
    r#""stream":"yes""#,
    r#""temperature":0.1"#,
    r#""messages":[{"role":"user","content":"x","content":"y"}]"#,
    r#""messages":[1,2,3,4,5,6,7,8,9]"#,
    r#""input":["a"]"#,
    r#""input":[{"type":"message"}]"#,
    r#""input":["a","a","a","a","a","a","a","a","a"]"#,
    r#""prompt":"x""#,
    r#""inputs":[1]"#,
    r#""instances":[1,2,3,4,5,6,7,8,9]"#,
    r#""params":{"max_tokens":5000}"#,
    r#""params":{"max_new_tokens":5,"n":5}"#,
    r#""warehouse_id":"w2""#,
    r#""warehouse_id":"w1""#,
    r#""statement":"DROP TABLE nations""#,
    r#""statement":"SELECT 1; DELETE FROM x""#,
    r#""statement":"WITH t AS (SELECT 1) DELETE FROM x""#,
    r#""statement":"SELECT 1""#,
    r#""row_limit":100000"#,
    r#""row_limit":5"#,
    r#""disposition":"EXTERNAL_LINKS""#,
    r#""format":"CSV""#,
    r#""wait_timeout":"3600s""#,
    r#""query_tags":[]"#,
    r#""session_id":"x""#,
    r#""parameters":{"least":"1 OR 1=1"}"#,
    r#""parameters":{"least":7}"#,
    r#""parameters":{"least":7,"more":1}"#,
    r#""parameters":{"least":null}"#,
    r#""columns":["salary"]"#,
    r#""columns":["id"]"#,
    r#""num_results":10000"#,
    r#""filters_json":"{\"salary\":1}""#,
    r#""filters_json":"{\"id NOT\":1}""#,
    r#""filter_string":"salary > 1""#,
    r#""sort_columns":["salary ASC"]"#,
    r#""reranker":{"model":"gpt-secret"}"#,
    r#""facets":["text TOP 3"]"#,
    r#""experiment_id":"8""#,
    r#""experiment_id":"7""#,
    r#""experiment_ids":["8"]"#,
    r#""experiment_ids":["7","8"]"#,
    r#""locations":[]"#,
    r#""artifact_location":"s3://evil""#,
    r#""trace":{"trace_info":{"trace_location":{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"8"}}}}"#,
    r#""user":"u""#,
    r#""previous_response_id":"resp_1""#,
    r#""store":true"#,
    r#""context":{"user_id":"admin"}"#,
    r#""databricks_options":{"return_trace":true}"#,
    r#""custom_inputs":{}"#,
    r#""host":"evil.example""#,
    r#""url":"http://169.254.169.254/""#,
    r#""spans":[]"#,
    r#""page_token":"p""#,
    r#""inputs_json":"[]""#,
    r#""inputs_json":"{}""#,
    r#""url":"data:x""#,
    r#""image_url":"http://169.254.169.254/latest/meta-data""#,
    r#""image_url":{"url":" data:x"}"#,
    r#""file_url":"http://10.0.0.1/""#,
    r#""file_\u0075rl":"file:///etc/passwd""#,
    r#""file_id":"file-other""#,
    r#""type":"item_reference""#,
    r#""input":[{"type":"item_reference","id":"msg_of_other"}]"#,
    r#""input":[{"id":"msg_of_other"}]"#,
    r#""server_url":"http://10.0.0.1/""#,
    r#""tools":[{"type":"function","server_url":"http://10.0.0.1/"}]"#,
    r#""tool_choice":{"type":"mcp"}"#,
    r#""tool_choice":{"type":"function","server_url":"http://10.0.0.1/"}"#,
    r#""tool_choice":"auto""#,
    r#""prompt":["a","b","c","d","e","f","g","h"]"#,
    r#""inputs":{"max_tokens":1000000000}"#,
    r#""inputs":{"max_tokens":[7,1000000000]}"#,
    r#""dataframe_records":[{"max_new_tokens":1000000000}]"#,
    r#""dataframe_split":{"columns":["max_tokens"],"data":[[1000000000]]}"#,
    r#""params":{"maxTokens":1000000000}"#,
    r#""params":{"best_of":99}"#,
    r#""params":{"max_gen_len":1000000000}"#,
    r#""custom_inputs":{"max_tokens":1000000000}"#,
    r#""maxTokens":1000000000"#,
    r#""query_type":"FULL_TEXT""#,
    r#""query_type":"HYBRID""#,
    r#""query_type":"full_text""#,
    r#""query_columns":["salary"]"#,
    r#""query_columns":[]"#,
    r#""query_columns":["id","text"]"#,
    r#""filters_json":"{\"id or salary >\":1}""#,
    r#""filters_json":"{\"id OR\\tsalary\":[1,2]}""#,
    r#""filters_json":"{\"id OR text LIKE\":[1,2]}""#,
    r#""sort_columns":["id ASC,salary DESC"]"#,
    r#""facets":["id TOP 3 salary"]"#,
    r#""on_wait_timeout":"CONTINUE""#,
    r#""wait_timeout":"0s""#,
    r#""parameters":"x""#,
    r#""parameters":[{"name":"a","value":[1]}]"#,
    r#""catalog":{"a":1}"#,
    r#""catalog":"main""#,
    r#""run_id":"other""#,
    r#""status":"FAILED""#,
    r#""trace_id":"tr-of-other""#,
    r#""assessment":{"trace_id":"tr-of-other"}"#,
    r#""tags":{"mlflow.artifactLocation":"s3://evil"}"#,
    r#""tags":[{"key":"mlflow.artifactLocation","value":"s3://evil"}]"#,
    r#""trace_metadata":{"mlflow.artifact\u004cocation":"s3://evil"}"#,
];
const BODIES: &[&[u8]] = &[
    b"",
    b"{}",
    b"null",
    b"[]",
    b"[{}]",
    b"{\"messages\":[]}",
    b"{\"messages\":[]",
    b"{\"messages\":[]} x",
    b"\xff\xfe",
    b"\xef\xbb\xbf{\"messages\":[]}",
    b"messages=[]",
    b"{\"messages\":[\"\x01\"]}",
];

/// A generator of requests: the same ones for the same seed.
pub(super) struct Generator(u64);

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// xorshift64*
    fn number(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % below
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.number(list.len())]
    }

    pub(super) fn next(&mut self) -> Made {
        let wide = self.number(5) == 0;
        let (method, target, body) = self.of(if wide { WIDE } else { VALID });
        self.made(method, target, body, wide)
    }

    /// A request as it is valid, changed a few times.
    fn made(&mut self, method: &str, target: &str, body: &str, wide: bool) -> Made {
        let mut made = Made::valid(method, target, body, wide);
        for _ in 0..self.of(&[0, 1, 1, 1, 2, 2, 3, 5]) {
            made.changes += 1;
            match self.number(12) {
                0 | 1 => self.segment(&mut made),
                2 => self.bit(&mut made),
                3 => made.target.push_str(self.of(QUERIES)),
                4 => made.method = self.of(METHODS).to_owned(),
                5 | 6 => self.header(&mut made),
                7 => self.grow(&mut made),
                _ => self.body(&mut made),
            }
        }
        made
    }
    fn segment(&mut self, made: &mut Made) {
        let mut segments: Vec<String> = made.target.split('/').map(str::to_owned).collect();
        let at = self.number(segments.len());
        let piece = self.of(SEGMENTS).to_owned();
        match self.number(4) {
            0 => segments.insert(at, piece),
            1 => drop(segments.remove(at)),
            2 => {
                let other = self.number(segments.len());
                segments.swap(at, other);
            }
            _ => segments[at] = piece,
        }
        made.target = segments.join("/");
    }

    fn bit(&mut self, made: &mut Made) {
        let places: Vec<usize> = made.target.char_indices().map(|(at, _)| at).chain([made.target.len()]).collect();
        let at = self.of(&places);
        made.target.insert_str(at, self.of(BITS));
    }

    fn header(&mut self, made: &mut Made) {
        let (name, value) = self.of(HEADERS);
        match self.number(4) {
            0 if !made.headers.is_empty() => {
                let at = self.number(made.headers.len());
                made.headers.remove(at);
            }
            1 => made.own_origin = Some(self.of(&[APP, "https://evil.example", "null", ""]).to_owned()),
            2 => made.headers.insert(0, (name.to_owned(), value.to_owned())),
            _ => {
                made.headers.retain(|(known, _)| known != name);
                made.headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    fn grow(&mut self, made: &mut Made) {
        match self.number(3) {
            0 => made.target.push_str(&"a".repeat(self.of(&[1, 100, 3_000, 16_384]))),
            1 => made.headers.push((format!("x-{}", self.number(9)), "x".repeat(self.of(&[1, 100, 20_000])))),
            _ => made.body.extend(vec![b' '; self.of(&[1, 100, 5_000])]),
        }
    }

    fn body(&mut self, made: &mut Made) {
        if self.number(8) == 0 {
            made.body = self.of(BODIES).to_vec();
            return;
        }
        let text = String::from_utf8_lossy(&made.body).into_owned();
        let field = self.of(FIELDS);
        let (front, back) = (text.find('{'), text.rfind('}'));
        let text = match (self.number(4), front, back) {
            // before, behind, or deep inside what is there
            (0, Some(at), _) => format!("{{{field},{}", &text[at + 1..]),
            (1, _, Some(at)) => format!("{},{field}}}", &text[..at]),
            (2, _, _) => format!("{{{field}}}"),
            _ => {
                let places: Vec<usize> = text.match_indices('{').map(|(at, _)| at + 1).collect();
                if places.is_empty() {
                    text
                } else {
                    let at = self.of(&places);
                    let mark = if text[at..].trim_start().starts_with('}') { "" } else { "," };
                    format!("{}{field}{mark}{}", &text[..at], &text[at..])
                }
            }
        };
        made.body = text.into_bytes();
    }
}
