#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

use proptest::prelude::*;

use super::cells::{escaped, label};
use super::events::buffer;
use super::frame::Frame;
use super::*;
use crate::wire::json::{Raw, string};

const PANDAS: &str = include_str!("../../../../tests/fixtures/callback/pandas.json");
const TEXTSTAT: &str = include_str!("../../../../tests/fixtures/callback/textstat.json");

#[test]
fn tables_are_printed_as_pandas_prints_them() {
    let cases: Vec<Raw<'_>> = Raw::parse(PANDAS).unwrap().items().collect();
    assert!(cases.len() > 90);
    for case in cases {
        let records: Vec<Raw<'_>> = case.get("records").unwrap().items().collect();
        let html = case.get("html").unwrap().as_str().unwrap();
        assert_eq!(Frame::of(&records).to_html(), html, "{}", case.get("records").unwrap().text());
    }
}

fn near(text: &str, expected: Raw<'_>) {
    let metrics = text_metrics(text);
    for (name, value) in expected.fields() {
        let value: f64 = value.text().parse().unwrap();
        let ours = metrics.iter().find(|(known, _)| *known == name).unwrap().1;
        assert!((ours - value).abs() < 1e-9, "{name} of {text:?}: {ours}, textstat has {value}");
    }
}

#[test]
fn five_measures_are_textstats_own_for_any_text() {
    for case in Raw::parse(TEXTSTAT).unwrap().get("exact").unwrap().items() {
        near(&case.get("text").unwrap().as_str().unwrap(), case.get("metrics").unwrap());
    }
}

#[test]
fn all_measures_are_textstats_own_where_words_are_plain() {
    for case in Raw::parse(TEXTSTAT).unwrap().get("all").unwrap().items() {
        near(&case.get("text").unwrap().as_str().unwrap(), case.get("metrics").unwrap());
    }
}

#[test]
fn syllables_follow_the_ear_in_common_words() {
    for (count, list) in [
        (1, "the cat make times asked blue through jumped eight size hmm 2024"),
        (2, "table apples wanted boxes running hello happy reading into"),
        (3, "radio banana computer important beautiful"),
        (4, "information america political"),
    ] {
        for word in list.split(' ') {
            assert_eq!(words::syllables(word), count, "{word}");
        }
    }
}

fn run(counters: &mut Counters, event: &str) -> Logged {
    log(counters, event, true).unwrap()
}

#[test]
fn every_event_counts_names_and_tells_as_langchain_does() {
    let mut counters = Counters::default();
    let start = run(
        &mut counters,
        r#"{"event":"llm_start","serialized":{"name":"M","kwargs":{"a":{"b":1},"l":[1]}},"prompts":["p","q"]}"#,
    );
    assert_eq!(
        start.files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["llm_start_1_prompt_0.json", "llm_start_1_prompt_1.json"]
    );
    assert!(
        start.records[0]
            .starts_with(r#"{"action":"on_llm_start","name":"M","kwargs_a_b":1,"kwargs_l":[1],"step":1,"starts":1"#)
    );
    assert!(start.records[1].ends_with(r#""retriever_ends":0,"prompt":"q"}"#));
    assert_eq!(start.metrics.len(), 1);
    let end = run(
        &mut counters,
        r#"{"event":"llm_end","llm_output":{"token_usage":{"total_tokens":3}},"generations":[[{"text":"a b c."}],[{"text":"d"}]]}"#,
    );
    assert_eq!(
        end.files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["llm_end_1_generation_0.json", "llm_end_1_generation_1.json"]
    );
    assert!(!end.files[0].1.contains("a b c"), "the file has no text, as LangChain's");
    assert!(end.records[0].contains(r#""text":"a b c.","flesch_reading_ease":"#));
    assert_eq!(end.metrics.len(), 3);
    for (event, file, holds) in [
        (r#"{"event":"llm_new_token","token":"t"}"#, "llm_new_tokens_1.json", r#""token":"t""#),
        (
            r#"{"event":"chain_start","serialized":null,"name":"RunnableSequence","inputs":{"a":"x","b":[1,null],"c":{"d":"e"}}}"#,
            "chain_start_1.json",
            r#""inputs":"a=x,b=[1, None],c={'d': 'e'}""#,
        ),
        (r#"{"event":"chain_end","outputs":["x",true,1.50]}"#, "chain_end_1.json", r#""outputs":"x,True,1.5""#),
        (
            r#"{"event":"tool_start","serialized":{"name":"add"},"input":"1+1"}"#,
            "tool_start_1.json",
            r#""input_str":"1+1","name":"add""#,
        ),
        (r#"{"event":"tool_end","output":2}"#, "tool_end_1.json", r#""output":"2""#),
        (r#"{"event":"text","text":"hi"}"#, "on_text_1.json", r#""text":"hi""#),
        (
            r#"{"event":"agent_action","tool":"t","tool_input":{"a":1},"log":"l"}"#,
            "agent_action_2.json",
            r#""tool":"t","tool_input":{"a":1},"log":"l""#,
        ),
        (r#"{"event":"agent_finish","output":"o","log":"l"}"#, "agent_finish_1.json", r#""output":"o","log":"l""#),
        (r#"{"event":"retriever_start","serialized":null,"query":"q"}"#, "retriever_start_1.json", r#""query":"q""#),
        (
            r#"{"event":"retriever_end","documents":[{"page_content":"p","metadata":{"a":[1,"x"],"b":1.5,"c":null}}]}"#,
            "retriever_end_1.json",
            r#""metadata":{"a":"1,x","b":"1.5","c":"None"}"#,
        ),
    ] {
        let before = counters.get("step");
        let logged = run(&mut counters, event);
        assert_eq!(logged.files[0].0, file);
        assert!(logged.records[0].contains(holds), "{} in {}", holds, logged.records[0]);
        assert_eq!(counters.get("step"), before + 1);
        assert_eq!(logged.metrics[0].len(), 15);
    }
    assert_eq!(run(&mut counters, r#"{"event":"error"}"#), Logged::default());
    assert_eq!(counters.to_json(), "[13,5,5,1,1,1,1,1,1,1,2,1,1,1,1]");
    assert_eq!(Counters::parse(&counters.to_json()).unwrap(), counters);
    assert!(Counters::parse("[1]").is_err());
    assert!(log(&mut counters, r#"{"event":"other"}"#, true).is_err());
}

#[test]
fn messages_become_lines_as_langchain_makes_them() {
    let list = r#"[{"role":"system","content":"s"},{"type":"human","content":[{"type":"text","text":"a"},"b",{"type":"image_url"}]},{"role":"assistant","content":"","tool_calls":[{"name":"f","args":{"x":1}}]},{"role":"tool","content":"2"},{"role":"narrator","content":"n"}]"#;
    assert_eq!(
        buffer(Raw::parse(list).unwrap()),
        "System: s\nHuman: ab\nAI: [{'name': 'f', 'args': {'x': 1}}]\nTool: 2\nnarrator: n"
    );
}

#[test]
fn a_flush_pairs_starts_and_ends() {
    let mut counters = Counters::default();
    let mut records = Vec::new();
    for event in [
        r#"{"event":"chain_start","serialized":null,"inputs":"x"}"#,
        r#"{"event":"chat_model_start","serialized":{"id":["a","Model"]},"messages":[[{"role":"user","content":"<b>\nhi"}]]}"#,
        r#"{"event":"llm_end","llm_output":{"token_usage":{"total_tokens":3}},"generations":[[{"text":"yes & no"}]]}"#,
        r#"{"event":"llm_start","serialized":{"id":["a","Model"]},"prompts":["again"]}"#,
    ] {
        records.extend(log(&mut counters, event, false).unwrap().records);
    }
    let files = tables(&["[", &records.join(","), "]"].concat()).unwrap();
    assert_eq!(
        files.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["table_action_records.html", "table_session_analysis.html", "chat_html.html"]
    );
    let session = &files[1].1;
    for cell in [
        "<th>prompt_step</th>\n      <th>prompt</th>\n      <th>name</th>\n      <th>output_step</th>\n      <th>output</th>\n      <th>token_usage_total_tokens</th>\n    </tr>",
        "<td>Human: &lt;b&gt;\\nhi</td>\n      <td>Model</td>\n      <td>3.0</td>\n      <td>yes &amp; no</td>",
        "<td>again</td>\n      <td>Model</td>\n      <td>NaN</td>",
    ] {
        assert!(session.contains(cell), "{cell} in {session}");
    }
    assert!(files[2].1.starts_with("    <p style=\"color:black;\">Human: &lt;b&gt;<br>hi:</p>    <blockquote>      <p style=\"color:green;\">        yes &amp; no      </p>    </blockquote>    "));
    assert_eq!(tables("[]").unwrap().len(), 1);
}

#[test]
fn watched_calls_are_events() {
    let all = |kind, inputs, outputs, within| -> String {
        [begun(kind, "n", inputs, within), ended(kind, outputs, within)].concat().join("\n")
    };
    assert_eq!(
        all(
            "CHAT_MODEL",
            r#"{"messages":[{"role":"user","content":"hi"}]}"#,
            r#"{"choices":[{"message":{"content":"yo"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2},"model":"m"}"#,
            None
        ),
        r#"{"event":"chat_model_start","serialized":{"name":"n","kind":"CHAT_MODEL"},"messages":[[{"role":"user","content":"hi"}]]}
{"event":"llm_end","llm_output":{"token_usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"model_name":"m"},"generations":[[{"text":"yo","generation_info":{"finish_reason":"stop"}}]]}"#
    );
    assert!(all("LLM", r#"{"prompt":"p"}"#, r#"{"choices":[{"text":"t"}]}"#, None).contains(r#""prompts":["p"]}"#));
    let agent = all(
        "AGENT",
        r#"{"input":"q"}"#,
        r#"{"output":[{"role":"assistant","content":[{"type":"output_text","text":"out"}]}]}"#,
        None,
    );
    assert!(
        agent.contains(r#""inputs":{"input":"q"}}"#)
            && agent.contains(r#"{"event":"agent_finish","output":"out","log":""}"#)
            && agent.contains(r#"{"event":"chain_end","outputs":{"output":"out"}}"#),
        "{agent}"
    );
    assert!(
        all("AGENT", r#"{"input":"q"}"#, "\"words\"", Some("AGENT"))
            .contains(r#""messages":[[{"role":"user","content":"q"}]]"#)
    );
    assert!(all("TOOL", r#"{"a":1}"#, "\"r\"", None).contains(r#""input":"{'a': 1}"}"#));
    let search = all(
        "RETRIEVER",
        r#"{"query":"q"}"#,
        r#"[{"document":{"pageContent":"p","metadata":{"k":1}},"score":0.5},[{"page_content":"q"},0.1]]"#,
        None,
    );
    assert!(
        search.contains(r#""query":"q""#)
            && search.contains(r#"[{"page_content":"p","metadata":{"k":1}},{"page_content":"q","metadata":{}}]"#),
        "{search}"
    );
    assert_eq!(all("EMBEDDING", "{}", "{}", None), "");
    assert_eq!(all("TASK", "{}", "{}", None), "");
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        (-1e9..1e9_f64).prop_map(|value| format!("{value:.3}")),
        any::<String>().prop_map(|text| string(&text)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((any::<String>(), inner), 0..4).prop_map(|items| {
                let fields: Vec<String> = items.iter().map(|(key, value)| format!("{}:{value}", string(key))).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_told_is_logged_and_tabled(values in prop::collection::vec((0..14_usize, json(), json()), 1..8)) {
        const KINDS: [&str; 14] = ["llm_start", "chat_model_start", "llm_new_token", "llm_end", "chain_start", "chain_end", "tool_start", "tool_end", "text", "agent_action", "agent_finish", "retriever_start", "retriever_end", "error"];
        let mut counters = Counters::default();
        let mut records = Vec::new();
        for (kind, one, two) in &values {
            let keys = ["prompts", "messages", "token", "generations", "inputs", "outputs", "input", "output", "text", "tool_input", "query", "documents"];
            let fields: Vec<String> = keys.iter().map(|key| format!("\"{key}\":{one}")).collect();
            let event = format!("{{\"event\":\"{}\",\"serialized\":{two},\"llm_output\":{two},{}}}", KINDS[*kind], fields.join(","));
            let logged = log(&mut counters, &event, true).unwrap();
            for text in logged.records.iter().chain(logged.files.iter().map(|(_, text)| text)) {
                prop_assert!(Raw::parse(text).is_ok(), "{}", text);
            }
            prop_assert!(logged.metrics.iter().flatten().all(|(_, value)| value.is_finite()));
            records.extend(logged.records);
        }
        prop_assert_eq!(counters.get("step"), values.len() as u64);
        let files = tables(&format!("[{}]", records.join(","))).unwrap();
        let rows = files[0].1.matches("    <tr>").count();
        prop_assert_eq!(rows, records.len());
        for kind in ["CHAT_MODEL", "LLM", "AGENT", "CHAIN", "TOOL", "RETRIEVER", "PARSER", "TASK"] {
            let events = values.iter().flat_map(|(_, one, two)| [begun(kind, "n", one, None), ended(kind, two, None)].concat());
            for event in events {
                prop_assert!(log(&mut Counters::default(), &event, false).is_ok(), "{}", event);
            }
        }
    }

    #[test]
    fn no_text_leaves_its_cell(text: String) {
        let cell = escaped(&label(&text));
        prop_assert!(!cell.contains(['<', '>', '\n', '\r', '\t']));
    }
}

#[test]
fn long_texts_of_many_different_words_are_measured_in_good_time() {
    // with a look at every word before, this takes minutes
    let text: String = (0..100_000).map(|at| format!("unbelievable{at} ")).collect();
    let found = text_metrics(&[&text, "unbelievable7 and done."].concat());
    assert_eq!((found[6].0, found[6].1), ("difficult_words", 100_000.0));
}

#[test]
fn measures_keep_their_point_and_sign() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "0.0"),
        (206.835, "206.835"),
        (-12.5, "-12.5"),
        (1.999_999_999_9, "2.0"),
        (-1e-12, "0.0"),
        (100.0, "100.0"),
        (1.0 / 3.0, "0.333333333"),
    ] {
        assert_eq!(decimal::measure(value), text);
    }
    assert!(decimal::Decimal::parse("1e99999999999999999999").is_none());
    assert_eq!(decimal::Decimal::parse("1e-99999").unwrap().fixed(), "0.000000");
}
