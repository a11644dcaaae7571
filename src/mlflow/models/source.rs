//! A chain as the Python file that MLflow runs to have it: models-from-code, with LangChain and databricks-langchain. Pure.

use crate::error::Result;
use crate::mlflow::models::model::{ChainModel, Output, Prompt, Retriever, invalid, short_place};
use crate::mlflow::models::python::{new_line, push_json, push_lines, push_text};
use crate::prompts::messages::{Messages, role_of};
use crate::prompts::template::Template;
use crate::wire::json::{Raw, string};

/// What a chat's parameters become as fields of `ChatDatabricks`.
const FIELDS: &[&str] = &["temperature", "max_tokens", "n", "stop"];
/// What its OpenAI client takes by name; all others go into the request's body as they are.
const NAMED: &[&str] = &[
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "response_format",
    "reasoning_effort",
    "max_completion_tokens",
    "user",
];

impl ChainModel {
    /// The Python file.
    ///
    /// # Errors
    /// `InvalidInput` for what LangChain has no form of, naming it.
    pub fn source(&self) -> Result<String> {
        self.check()?;
        let prompt = self.prompt.as_ref().map(|prompt| self.prompt_code(prompt)).transpose()?;
        let model = self.model_code()?;
        let mut out = String::from(
            "\"\"\"A chain as model code, written by lakewire: MLflow runs this file and serves what set_model names.\"\"\"\n\n",
        );
        self.imports(&mut out, prompt.as_deref().unwrap_or(""));
        let mut steps = Vec::new();
        if let Some(retriever) = &self.retriever {
            retriever_code(&mut out, retriever)?;
            steps.push("context");
        }
        if let Some(prompt) = prompt {
            out.push_str(&prompt);
            steps.push("prompt");
        }
        out.push_str(&model);
        if self.functions.is_empty() {
            steps.push("model");
        } else {
            self.agent_code(&mut out);
            steps.push("agent");
        }
        steps.extend(match self.output {
            Output::Message => None,
            Output::Text => Some("StrOutputParser()"),
            Output::Json => Some("JsonOutputParser()"),
            Output::List => Some("CommaSeparatedListOutputParser()"),
        });
        out.push_str("chain = ");
        out.push_str(&steps.join(" | "));
        out.push_str("\n\nmlflow.models.set_model(chain)\n");
        Ok(out)
    }

    fn imports(&self, out: &mut String, prompt: &str) {
        let from = |out: &mut String, module: &str, names: &[(&str, bool)]| {
            let wanted: Vec<&str> = names.iter().filter(|(_, wanted)| *wanted).map(|(name, _)| *name).collect();
            if !wanted.is_empty() {
                out.push_str(&["from ", module, " import ", &wanted.join(", "), "\n"].concat());
            }
        };
        let (tools, search) = (!self.functions.is_empty(), self.retriever.as_ref());
        let embeds = search.is_some_and(|retriever| retriever.embedding_endpoint.is_some());
        if search.is_some() {
            out.push_str("from operator import itemgetter\n\n");
        }
        out.push_str("import mlflow\n");
        let ours = [
            ("ChatDatabricks", true),
            ("DatabricksEmbeddings", embeds),
            ("DatabricksVectorSearch", search.is_some()),
            ("UCFunctionToolkit", tools),
        ];
        from(out, "databricks_langchain", &ours);
        from(out, "langchain.agents", &[("create_agent", tools)]);
        from(out, "langchain_core.messages", &[("convert_to_messages", prompt.contains("*convert_to_messages("))]);
        let parsers = [
            ("CommaSeparatedListOutputParser", self.output == Output::List),
            ("JsonOutputParser", self.output == Output::Json),
            ("StrOutputParser", self.output == Output::Text),
        ];
        from(out, "langchain_core.output_parsers", &parsers);
        let prompts = [
            ("ChatPromptTemplate", matches!(self.prompt, Some(Prompt::Messages(_)))),
            ("MessagesPlaceholder", prompt.contains("\n        MessagesPlaceholder(")),
            ("PromptTemplate", matches!(self.prompt, Some(Prompt::Text(_)))),
        ];
        from(out, "langchain_core.prompts", &prompts);
        let runnables = [("RunnableLambda", tools), ("RunnablePassthrough", search.is_some())];
        from(out, "langchain_core.runnables", &runnables);
        out.push('\n');
    }

    fn prompt_code(&self, prompt: &Prompt) -> Result<String> {
        let mut out = String::from("prompt = ");
        match prompt {
            Prompt::Text(text) => {
                Template::parse(text)?;
                out.push_str("PromptTemplate.from_template(");
                push_lines(&mut out, text, 0);
                out.push(')');
            }
            Prompt::Messages(spec) => {
                Messages::parse(spec)?;
                out.push_str("ChatPromptTemplate.from_messages(\n    [");
                for (at, item) in Raw::parse(spec)?.items().enumerate() {
                    new_line(&mut out, 8);
                    message(&mut out, item).map_err(|fault| {
                        invalid(["Message ", &at.to_string(), " of the prompt: ", fault.message()].concat())
                    })?;
                    out.push(',');
                }
                out.push_str("\n    ]\n)");
            }
        }
        if !self.values.is_empty() {
            out.push_str(".partial(**{");
            for (at, (name, value)) in self.values.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                push_text(&mut out, name);
                out.push_str(": ");
                push_value(&mut out, name, Raw::parse(value)?)?;
            }
            out.push_str("})");
        }
        out.push('\n');
        Ok(out)
    }

    fn model_code(&self) -> Result<String> {
        let mut out = String::from("model = ChatDatabricks(endpoint=");
        push_text(&mut out, &self.endpoint);
        let (mut named, mut others) = (String::from("{"), String::from("{"));
        for (name, value) in Raw::parse(&self.params)?.fields().filter(|(_, value)| !value.is_null()) {
            match name.as_ref() {
                "endpoint" => {}
                "tools" | "tool_choice" => {
                    return Err(invalid(
                        "The chat's own tools are functions of this program, which cannot be carried over: make them functions \
                         of Unity Catalog and give their names as `functions`.",
                    ));
                }
                "messages" | "model" | "stream" | "extra_body" => {
                    return Err(invalid(["The chat's parameter `", &name, "` cannot be carried over."].concat()));
                }
                "stop" if value.is_string() => {
                    out.push_str(", stop=[");
                    push_json(&mut out, value)?;
                    out.push(']');
                }
                field if FIELDS.contains(&field) => {
                    out.push_str(&[", ", field, "="].concat());
                    push_json(&mut out, value)?;
                }
                field => {
                    let bag = if NAMED.contains(&field) { &mut named } else { &mut others };
                    bag.push_str(if bag.len() == 1 { "" } else { ", " });
                    push_text(bag, field);
                    bag.push_str(": ");
                    push_json(bag, value)?;
                }
            }
        }
        if others.len() > 1 {
            named.push_str(if named.len() == 1 { "" } else { ", " });
            named.push_str(&["\"extra_body\": ", &others, "}"].concat());
        }
        if named.len() > 1 {
            out.push_str(&[", extra_params=", &named, "}"].concat());
        }
        out.push_str(")\n");
        Ok(out)
    }

    fn agent_code(&self, out: &mut String) {
        out.push_str("tools = UCFunctionToolkit(\n    function_names=[");
        for name in &self.functions {
            new_line(out, 8);
            push_text(out, name);
            out.push(',');
        }
        out.push_str("\n    ]\n).tools\nagent_loop = create_agent(model, tools)\n\n\n");
        out.push_str("def answer(prompt):\n");
        out.push_str(
            "    \"\"\"The last message: the model asks for functions until it answers. It comes as one piece.\"\"\"\n",
        );
        let messages = if self.prompt.is_some() { "prompt.to_messages()" } else { "prompt" };
        out.push_str(
            &["    return agent_loop.invoke({\"messages\": ", messages, "})[\"messages\"][-1]\n\n\n"].concat(),
        );
        out.push_str("agent = RunnableLambda(answer)\n");
    }
}

/// One entry of a list of messages.
fn message(out: &mut String, item: Raw<'_>) -> Result<()> {
    if item.is_string() {
        return pair(out, "user", item);
    }
    if let Some((name, optional)) = short_place(item) {
        place(out, &name, optional, None);
        return Ok(());
    }
    if let (Some(role), Some(content)) = (item.at(0).and_then(Raw::as_str), item.at(1)) {
        return pair(out, role_of(&role), content);
    }
    if let (None, Some(name)) = (item.get_some("role"), item.get_some("placeholder").and_then(Raw::as_str)) {
        let optional = item.get_some("optional").and_then(Raw::as_bool).unwrap_or(false);
        place(out, &name, optional, item.get_some("last").and_then(Raw::as_i64));
        return Ok(());
    }
    // a message is sent as it is: its braces are no variables
    out.push_str("*convert_to_messages([");
    push_json(out, item)?;
    out.push_str("])");
    Ok(())
}

fn place(out: &mut String, name: &str, optional: bool, last: Option<i64>) {
    out.push_str("MessagesPlaceholder(");
    push_text(out, name);
    if optional {
        out.push_str(", optional=True");
    }
    if let Some(last) = last {
        out.push_str(&[", n_messages=", &last.to_string()].concat());
    }
    out.push(')');
}

fn pair(out: &mut String, role: &str, content: Raw<'_>) -> Result<()> {
    let role = match role {
        "system" => "system",
        "user" => "human",
        "assistant" => "ai",
        other => {
            return Err(invalid(
                ["LangChain has no template of the role ", &string(other), ": use system, user or assistant."].concat(),
            ));
        }
    };
    out.push_str(&["(\"", role, "\", "].concat());
    if let Some(text) = content.as_str() {
        push_lines(out, &text, 8);
    } else {
        for part in content.items() {
            let kind = part.get_some("type").and_then(Raw::as_str).unwrap_or_default();
            if !matches!(kind.as_ref(), "text" | "image_url") {
                return Err(invalid(
                    ["LangChain has no template of the part ", &string(&kind), ": use text and image_url."].concat(),
                ));
            }
        }
        push_json(out, content)?;
    }
    out.push(')');
    Ok(())
}

/// A value that stands in the prompt already: LangChain would write numbers and truth in Python's way.
fn push_value(out: &mut String, name: &str, value: Raw<'_>) -> Result<()> {
    if value.is_array() {
        return push_json(out, value);
    }
    match value.as_str() {
        Some(text) => push_text(out, &text),
        None if value.is_object() || value.is_null() => {
            return Err(invalid(
                ["The value of `", name, "` must be a text, a number, true, false or messages."].concat(),
            ));
        }
        None => push_text(out, value.text()),
    }
    Ok(())
}

fn retriever_code(out: &mut String, retriever: &Retriever) -> Result<()> {
    out.push_str("retriever = DatabricksVectorSearch(\n    index_name=");
    push_text(out, &retriever.index);
    out.push_str(",\n");
    if let Some(endpoint) = &retriever.embedding_endpoint {
        out.push_str("    embedding=DatabricksEmbeddings(endpoint=");
        push_text(out, endpoint);
        out.push_str("),\n");
    }
    if let Some(column) = &retriever.text_column {
        out.push_str("    text_column=");
        push_text(out, column);
        out.push_str(",\n");
    }
    if !retriever.columns.is_empty() {
        out.push_str("    columns=[");
        for (at, column) in retriever.columns.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            push_text(out, column);
        }
        out.push_str("],\n");
    }
    out.push_str(").as_retriever(search_kwargs={\"k\": ");
    out.push_str(&retriever.k.to_string());
    if let Some(kind) = &retriever.query_type {
        out.push_str(", \"query_type\": ");
        push_text(out, kind);
    }
    if let Some(filters) = &retriever.filters {
        out.push_str(", \"filter\": ");
        push_json(out, Raw::parse(filters)?)?;
    }
    out.push_str("})\n\n\ndef passages(documents):\n    \"\"\"The texts of the documents.\"\"\"\n");
    out.push_str("    return \"\\n\\n\".join(document.page_content for document in documents)\n\n\n");
    out.push_str("context = RunnablePassthrough.assign(**{");
    push_text(out, &retriever.context);
    out.push_str(": itemgetter(");
    push_text(out, &retriever.question);
    out.push_str(") | retriever | passages})\n");
    Ok(())
}
