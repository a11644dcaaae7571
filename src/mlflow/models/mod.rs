//! Chains as MLflow models: logged in MLflow's LangChain flavour, registered, and served from Python.
//!
//! A [`ChainModel`] is what a chain is made of: a prompt, a chat endpoint, and around them functions of Unity Catalog, passages
//! from vector search and a parser. It becomes *models from code*: a Python file that people can read, which builds the same chain
//! with LangChain and `databricks-langchain`. What only this program can run is refused, with the step's name.
//!
//! ```no_run
//! # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
//! use lakewire::chain::StrOutputParser;
//! use lakewire::mlflow::models::{ChainModel, LogModel, endpoint_of};
//! use lakewire::prompts::PromptTemplate;
//!
//! let prompt = PromptTemplate::from_template("What is {thing}?")?;
//! let chain = prompt.pipe(client.chat("databricks-meta-llama-3-3-70b-instruct")).pipe(StrOutputParser);
//!
//! let mlflow = client.mlflow();
//! let logged = mlflow.log_chain(&ChainModel::of(&chain)?, &LogModel::new("1", "answers")).await?;
//! let version = mlflow.register_chain(&logged, "main.default.answers", Some("champion")).await?;
//! let request = endpoint_of("answers", "main.default.answers", &version.version, &[]);
//! client.serving_endpoints().create_and_wait(&request).await?;
//! let question = serde_json::json!({"inputs": {"thing": "a lakehouse"}});
//! println!("{}", client.serving_endpoints().query("answers", &question).await?);
//! # Ok(())
//! # }
//! ```

mod describe;
pub mod files;
#[cfg(test)]
mod flow_tests;
mod log;
mod model;
pub mod python;
mod source;
#[cfg(test)]
mod tests;

pub use describe::{Describe, Told};
pub use files::Facts;
pub use log::{LogModel, LoggedChain, endpoint_of};
pub use model::{ChainModel, Output, Retriever};
