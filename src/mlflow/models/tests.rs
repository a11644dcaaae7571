use super::*;
use crate::error::ErrorKind;

fn model(json: &str) -> ChainModel {
    ChainModel::from_json(json).unwrap()
}

fn refusal(json: &str) -> String {
    let error = ChainModel::from_json(json).and_then(|model| model.source()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.message().to_owned()
}

fn file(model: &ChainModel, name: &str) -> String {
    let facts = Facts {
        model_id: Some("m-1".into()),
        run_id: Some("r".into()),
        artifact_path: Some("mlflow-artifacts:/1/models/m-1/artifacts".into()),
        ..Facts::default()
    };
    model.files(&facts).unwrap().into_iter().find(|(path, _)| *path == name).unwrap().1
}

#[test]
fn a_prompt_a_chat_and_a_parser_are_a_readable_file() {
    let chain = model(
        r#"{"prompt":{"messages":[["system","Be brief.\nBe {tone}."],{"placeholder":"history","optional":true,"last":4},"{question}"]},
            "values":{"tone":"kind"},"chat":{"endpoint":"llama","temperature":0.5,"stop":"END","top_p":0.9,"top_k":3},"output":"text"}"#,
    );
    let expected = r#""""A chain as model code, written by lakewire: MLflow runs this file and serves what set_model names."""

import mlflow
from databricks_langchain import ChatDatabricks
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

prompt = ChatPromptTemplate.from_messages(
    [
        ("system", (
            "Be brief.\n"
            "Be {tone}."
        )),
        MessagesPlaceholder("history", optional=True, n_messages=4),
        ("human", "{question}"),
    ]
).partial(**{"tone": "kind"})
model = ChatDatabricks(endpoint="llama", temperature=0.5, stop=["END"], extra_params={"top_p": 0.9, "extra_body": {"top_k": 3}})
chain = prompt | model | StrOutputParser()

mlflow.models.set_model(chain)
"#;
    assert_eq!(chain.source().unwrap(), expected);
    let inputs = chain.input_schema().unwrap();
    assert!(
        inputs.starts_with(r#"[{"type": "string", "name": "question", "required": true}, {"type": "array""#),
        "{inputs}"
    );
    assert!(inputs.ends_with(r#""name": "history", "required": false}]"#), "{inputs}");
    assert_eq!(file(&chain, "serving_input_example.json"), r#"{"inputs": {"question": "question"}}"#);
}

#[test]
fn what_a_retriever_finds_stands_before_the_prompt() {
    let chain = model(
        r#"{"prompt":{"text":"{context}: {question}"},"chat":{"endpoint":"llama"},
            "retriever":{"index":"a.b.c","k":2,"query_type":"HYBRID","filters":{"year >":2000},"columns":["year"],"text_column":"t","embedding_endpoint":"gte"}}"#,
    );
    let source = chain.source().unwrap();
    for line in [
        r#"    embedding=DatabricksEmbeddings(endpoint="gte"),"#,
        r#").as_retriever(search_kwargs={"k": 2, "query_type": "HYBRID", "filter": {"year >": 2000}})"#,
        r#"context = RunnablePassthrough.assign(**{"context": itemgetter("question") | retriever | passages})"#,
        "chain = context | prompt | model",
    ] {
        assert!(source.lines().any(|found| found == line), "{line} is not in {source}");
    }
    assert_eq!(chain.input_schema().unwrap(), r#"[{"type": "string", "name": "question", "required": true}]"#);
    let mlmodel = file(&chain, "MLmodel");
    let resources = "  databricks:\n    serving_endpoint:\n    - name: \"llama\"\n    - name: \"gte\"\n    vector_search_index:\n    - name: \"a.b.c\"\n";
    assert!(mlmodel.contains(resources), "{mlmodel}");
}

#[test]
fn functions_make_an_agent() {
    let chain = model(r#"{"chat":{"endpoint":"llama"},"functions":["a.b.f"],"output":"json"}"#);
    let source = chain.source().unwrap();
    assert!(source.contains("chain = agent | JsonOutputParser()"));
    assert!(source.contains("from langchain_core.runnables import RunnableLambda\n"));
    assert!(file(&chain, "MLmodel").contains("    function:\n    - name: \"a.b.f\"\n"));
    assert!(file(&chain, "serving_input_example.json").starts_with(r#"{"messages": [{"role""#));
}

#[test]
fn messages_are_sent_as_they_are() {
    let chain = model(r#"{"prompt":{"messages":[{"role":"user","content":"{no variable}"}]},"chat":{"endpoint":"e"}}"#);
    let source = chain.source().unwrap();
    assert!(
        source.contains(r#"        *convert_to_messages([{"role": "user", "content": "{no variable}"}]),"#),
        "{source}"
    );
    assert!(source.contains("from langchain_core.messages import convert_to_messages\n"));
}

#[test]
fn what_cannot_be_carried_over_is_named() {
    assert!(refusal(r#"{"chat":{"endpoint":"e","tools":[]}}"#).contains("`functions`"));
    assert!(
        refusal(r#"{"prompt":{"messages":["a",["tool","x"]]},"chat":{"endpoint":"e"}}"#)
            .starts_with("Message 1 of the prompt: ")
    );
    assert!(
        refusal(r#"{"prompt":{"messages":[["user",[{"type":"audio"}]]]},"chat":{"endpoint":"e"}}"#)
            .contains("\"audio\"")
    );
    assert!(refusal(r#"{"prompt":{"text":"{a"},"chat":{"endpoint":"e"}}"#).contains("never closed"));
    assert!(
        refusal(r#"{"prompt":{"text":"{a}"},"values":{"a":{}},"chat":{"endpoint":"e"}}"#).contains("The value of `a`")
    );
    assert!(refusal(r#"{"chat":{}}"#).contains("endpoint's name"));
    assert!(refusal(r#"{"chat":{"endpoint":"e"},"steps":[]}"#).contains("has no `steps`"));
    assert!(refusal(r#"{"chat":{"endpoint":"e"},"functions":["f"]}"#).contains("catalog.schema.name"));
    let unused = r#"{"prompt":{"text":"{question}"},"chat":{"endpoint":"e"},"retriever":{"index":"a.b.c"}}"#;
    assert!(refusal(unused).contains("no variable `context`"));
}

#[test]
fn mlmodel_has_what_mlflow_wrote_itself() {
    let chain = model(r#"{"prompt":{"text":"{question}"},"chat":{"endpoint":"llama"},"output":"text"}"#);
    let mlmodel = file(&chain, "MLmodel");
    let expected = r#"artifact_path: "mlflow-artifacts:/1/models/m-1/artifacts"
flavors:
  langchain:
    code: null
    langchain_version: "1.4.7"
    streamable: true
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.langchain
    model_code_path: "chain.py"
    predict_stream_fn: predict_stream
    python_version: "3.11.7"
    streamable: true
is_signature_from_type_hint: false
mlflow_version: "3.17.2"
model_id: "m-1"
model_uuid: "m-1"
prompts: null
resources:
  api_version: "1"
  databricks:
    serving_endpoint:
    - name: "llama"
run_id: "r"
saved_input_example_info:
  artifact_path: input_example.json
  serving_input_path: serving_input_example.json
  type: json_object
signature:
  inputs: "[{\"type\": \"string\", \"name\": \"question\", \"required\": true}]"
  outputs: "[{\"type\": \"string\", \"required\": true}]"
  params: null
type_hint_from_example: false
utc_time_created: "1970-01-01 00:00:00.000000"
"#;
    assert_eq!(mlmodel, expected);
}
