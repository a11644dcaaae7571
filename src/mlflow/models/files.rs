//! The folder of a model as MLflow's LangChain flavour keeps it. Pure.

use crate::error::Result;
use crate::mlflow::models::model::{ChainModel, Input, Output};
use crate::mlflow::models::python::{new_line, push_text};
use crate::wire::json::{Raw, push_string, string};

/// The Python packages that the folder asks for, unless others are named; the suite serves models with these.
pub const REQUIREMENTS: &[&str] =
    &["mlflow==3.17.2", "langchain==1.4.7", "langchain-core==1.7.2", "databricks-langchain==0.22.0"];
/// The Python that it asks for.
pub const PYTHON: &str = "3.11.7";
/// The name of the code file.
pub const CODE: &str = "chain.py";

/// What the tracking server knows of a model: it stands in `MLmodel`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The logged model's id, `m-` and 32 digits.
    pub model_id: Option<String>,
    /// The run that logged it.
    pub run_id: Option<String>,
    /// Where its files are.
    pub artifact_path: Option<String>,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// Python packages with versions instead of [`REQUIREMENTS`], as `pip` takes them.
    pub requirements: Vec<String>,
}

impl ChainModel {
    /// The files by their paths: `MLmodel`, the code, what Python needs, and the examples.
    ///
    /// # Errors
    /// As [`source`](Self::source).
    pub fn files(&self, facts: &Facts) -> Result<Vec<(&'static str, String)>> {
        let requirements: Vec<&str> = match facts.requirements.as_slice() {
            [] => REQUIREMENTS.to_vec(),
            given => given.iter().map(String::as_str).collect(),
        };
        let example = self.input_example()?;
        Ok(vec![
            (CODE, self.source()?),
            ("MLmodel", self.mlmodel(facts, &requirements)?),
            ("requirements.txt", [&requirements.join("\n"), "\n"].concat()),
            ("conda.yaml", conda(&requirements)),
            ("python_env.yaml", python_env()),
            ("serving_input_example.json", self.serving_example(&example)),
            ("input_example.json", example),
        ])
    }

    /// A conversation is sent as it is; all other inputs under `inputs`.
    fn serving_example(&self, example: &str) -> String {
        if self.prompt.is_none() { example.to_owned() } else { ["{\"inputs\": ", example, "}"].concat() }
    }

    /// The inputs as `MLmodel` has them: a JSON text.
    pub(crate) fn input_schema(&self) -> Result<String> {
        let mut out = String::from("[");
        for Input { name, messages, required } in self.inputs()? {
            out.push_str(if out.len() == 1 { "" } else { ", " });
            let kind = if messages { MESSAGES } else { "{\"type\": \"string\"" };
            out.push_str(kind);
            out.push_str(", \"name\": ");
            push_string(&mut out, &name);
            out.push_str(if required { ", \"required\": true}" } else { ", \"required\": false}" });
        }
        out.push(']');
        Ok(out)
    }

    fn output_schema(&self) -> &'static str {
        match self.output {
            Output::Text => r#"[{"type": "string", "required": true}]"#,
            Output::List => r#"[{"type": "array", "items": {"type": "string"}, "required": true}]"#,
            Output::Json | Output::Message => r#"[{"type": "any", "required": true}]"#,
        }
    }

    fn mlmodel(&self, facts: &Facts, requirements: &[&str]) -> Result<String> {
        let pinned = |package: &str| {
            let version = |line: &&str| line.strip_prefix(package)?.strip_prefix("==").map(str::to_owned);
            requirements.iter().chain(REQUIREMENTS).find_map(version).unwrap_or_default()
        };
        let mut out = String::new();
        field(&mut out, 0, "artifact_path", facts.artifact_path.as_deref());
        out.push_str("flavors:\n  langchain:\n    code: null\n");
        field(&mut out, 4, "langchain_version", Some(&pinned("langchain")));
        out.push_str("    streamable: true\n  python_function:\n    env:\n      conda: conda.yaml\n");
        out.push_str("      virtualenv: python_env.yaml\n    loader_module: mlflow.langchain\n");
        field(&mut out, 4, "model_code_path", Some(CODE));
        out.push_str("    predict_stream_fn: predict_stream\n");
        field(&mut out, 4, "python_version", Some(PYTHON));
        out.push_str("    streamable: true\nis_signature_from_type_hint: false\n");
        field(&mut out, 0, "mlflow_version", Some(&pinned("mlflow")));
        if let Some(id) = &facts.model_id {
            field(&mut out, 0, "model_id", Some(id));
            field(&mut out, 0, "model_uuid", Some(id));
        }
        out.push_str("prompts: null\n");
        self.resources(&mut out);
        if let Some(run) = &facts.run_id {
            field(&mut out, 0, "run_id", Some(run));
        }
        out.push_str("saved_input_example_info:\n  artifact_path: input_example.json\n");
        out.push_str("  serving_input_path: serving_input_example.json\n  type: json_object\nsignature:\n");
        field(&mut out, 2, "inputs", Some(&self.input_schema()?));
        field(&mut out, 2, "outputs", Some(self.output_schema()));
        out.push_str("  params: null\ntype_hint_from_example: false\n");
        field(&mut out, 0, "utc_time_created", Some(&utc(facts.time_ms)));
        Ok(out)
    }

    /// What the model may use on Databricks with the endpoint's own sign-in.
    fn resources(&self, out: &mut String) {
        let found = self.retriever.as_ref();
        let mut endpoints = vec![self.endpoint.as_str()];
        endpoints.extend(found.and_then(|retriever| retriever.embedding_endpoint.as_deref()));
        let indexes: Vec<&str> = found.map(|retriever| retriever.index.as_str()).into_iter().collect();
        let functions: Vec<&str> = self.functions.iter().map(String::as_str).collect();
        out.push_str("resources:\n  api_version: \"1\"\n  databricks:\n");
        for (kind, names) in
            [("function", functions), ("serving_endpoint", endpoints), ("vector_search_index", indexes)]
        {
            if !names.is_empty() {
                out.push_str(&["    ", kind, ":\n"].concat());
            }
            for name in names {
                out.push_str("    - name: ");
                push_text(out, name);
                out.push('\n');
            }
        }
    }
}

const MESSAGES: &str = concat!(
    r#"{"type": "array", "items": {"type": "object", "properties": {"content": {"type": "string", "required": true}, "#,
    r#""role": {"type": "string", "required": true}}}"#
);

fn field(out: &mut String, indent: usize, name: &str, value: Option<&str>) {
    if !out.is_empty() {
        out.pop();
        new_line(out, indent);
    }
    out.push_str(name);
    out.push_str(": ");
    match value {
        Some(value) => push_text(out, value),
        None => out.push_str("null"),
    }
    out.push('\n');
}

fn conda(requirements: &[&str]) -> String {
    let mut out = ["channels:\n- conda-forge\ndependencies:\n- python=", PYTHON, "\n- pip\n- pip:\n"].concat();
    for line in requirements {
        out.push_str("  - ");
        push_text(&mut out, line);
        out.push('\n');
    }
    out.push_str("name: mlflow-env\n");
    out
}

fn python_env() -> String {
    [
        "python: ",
        &string(PYTHON),
        "\nbuild_dependencies:\n- pip\n- setuptools\n- wheel\ndependencies:\n- -r requirements.txt\n",
    ]
    .concat()
}

/// A time as MLflow writes it: `2026-11-21 18:45:29.133000`.
fn utc(time_ms: u64) -> String {
    let (days, in_day) = (time_ms / 86_400_000, time_ms % 86_400_000);
    // the civil calendar from 1 March of the year 0 on, in eras of 400 years
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let mut out = String::new();
    let fields = [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, ' '),
        (in_day / 3_600_000, 2, ':'),
        (in_day / 60_000 % 60, 2, ':'),
        (in_day / 1000 % 60, 2, '.'),
        (in_day % 1000 * 1000, 6, ' '),
    ];
    for (number, width, end) in fields {
        let digits = number.to_string();
        for _ in digits.len()..width {
            out.push('0');
        }
        out.push_str(&digits);
        out.push(end);
    }
    out.pop();
    out
}

/// Reads `{model_id, run_id, artifact_path, time_ms, requirements}`, the JSON text that JavaScript gives.
///
/// # Errors
/// `Decode` when it is no JSON.
pub fn facts(text: &str) -> Result<Facts> {
    let root = Raw::parse(text)?;
    let word = |name: &str| root.get_some(name).and_then(Raw::as_str).map(std::borrow::Cow::into_owned);
    let lines = root.get_some("requirements").into_iter().flat_map(Raw::items);
    Ok(Facts {
        model_id: word("model_id"),
        run_id: word("run_id"),
        artifact_path: word("artifact_path"),
        time_ms: root.get_some("time_ms").and_then(Raw::as_i64).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
        requirements: lines.filter_map(|line| line.as_str().map(std::borrow::Cow::into_owned)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_mlflow_does() {
        assert_eq!(utc(0), "1970-01-01 00:00:00.000000");
        assert_eq!(utc(1_795_286_729_133), "2026-11-21 18:45:29.133000");
        assert_eq!(utc(951_782_399_999), "2000-02-28 23:59:59.999000");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00.000000");
        assert_eq!(utc(1_709_164_800_000), "2024-02-29 00:00:00.000000");
        assert_eq!(utc(1_704_067_199_999), "2023-12-31 23:59:59.999000");
    }
}
