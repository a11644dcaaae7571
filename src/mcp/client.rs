//! The client: a session with one server.

use std::fmt;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;

use super::{McpTool, McpToolResult, calls, paths, rpc};
use crate::chat::tool_loop::RunnableTool;
use crate::chat::types::Tool;
use crate::client::WorkspaceClient;
use crate::error::{Error, ErrorKind, Result};
use crate::functions::last;
use crate::sender::{CallOptions, Sender};
use crate::wire::call::Repeat;
use crate::wire::json::{Json, Raw};

/// How many pages of tools are read.
const MOST_PAGES: usize = 1000;

/// An MCP server and the session with it. Cheap to clone; clones share the session.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::chat::ToolLimits;
/// use lakewire::mcp::{self, McpClient};
/// let server = McpClient::new(&client, &mcp::functions("main", "tools", None)?)?;
/// let run = client.chat("my-endpoint").run_tools("What does 100 cost with tax?", &server.tools().await?, ToolLimits::default()).await?;
/// println!("{}", run.answer.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct McpClient {
    sender: Sender,
    options: CallOptions,
    path: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    id: u32,
}

/// What shaking hands gave: an id, unless the server keeps no sessions, and the version both speak.
#[derive(Clone, PartialEq)]
struct Session {
    id: Option<String>,
    version: String,
}

impl McpClient {
    /// A server at a path of the client's host.
    ///
    /// # Errors
    /// `InvalidInput` when it is not a path.
    pub fn new(client: &WorkspaceClient, path: &str) -> Result<Self> {
        paths::check(path)?;
        Ok(Self {
            sender: client.sender().clone(),
            options: CallOptions::default(),
            path: Arc::from(path),
            state: Arc::default(),
        })
    }

    /// The same server with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// The server's tools.
    ///
    /// # Errors
    /// As the server answers; `Protocol` when its pages do not end.
    pub async fn list_tools(&self) -> Result<Vec<McpTool>> {
        let mut tools = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let cursor = seen.last().cloned();
            let page = self.ask(Repeat::Safe, |id| Ok(rpc::list_tools(id, cursor.as_deref()))).await?;
            let page: Json<()> = Json::from_checked(page);
            for tool in page.root().get_some("tools").into_iter().flat_map(Raw::items) {
                tools.push(read::<McpTool>(tool.text())?);
            }
            let next = page.root().get_some("nextCursor").and_then(Raw::as_str).unwrap_or_default().into_owned();
            if next.is_empty() {
                return Ok(tools);
            }
            if seen.contains(&next) || seen.len() >= MOST_PAGES {
                return Err(Error::new(ErrorKind::Protocol, "The MCP server's list of tools does not end."));
            }
            seen.push(next);
        }
    }

    /// Calls a tool; `arguments` is the JSON text of an object. A tool that fails says so in
    /// [`McpToolResult::is_error`].
    ///
    /// # Errors
    /// `InvalidArguments` when the arguments are no object; else as the server answers.
    pub async fn call_tool(&self, name: &str, arguments: &str) -> Result<McpToolResult> {
        read(&self.call(name, arguments).await?)
    }

    async fn call(&self, name: &str, arguments: &str) -> Result<String> {
        self.ask(Repeat::Never, |id| rpc::call_tool(id, name, arguments)).await
    }

    /// The server's tools for a chat, see [`run_tools`](crate::chat::Chat::run_tools). Names longer than 64
    /// characters keep their last 64.
    ///
    /// # Errors
    /// As [`list_tools`](Self::list_tools).
    pub async fn tools(&self) -> Result<Vec<RunnableTool>> {
        let tools = self.list_tools().await?;
        Ok(tools.into_iter().map(|tool| self.tool(tool)).collect())
    }

    fn tool(&self, tool: McpTool) -> RunnableTool {
        let schema = tool.input_schema.unwrap_or_else(|| serde_json::json!({"type": "object", "properties": {}}));
        let definition = Tool::function(last(tool.name.clone()), tool.description.unwrap_or_default(), schema);
        let (server, name) = (self.clone(), tool.name);
        RunnableTool::new(definition, move |arguments: String| {
            let (server, name) = (server.clone(), name.clone());
            async move {
                let result = server.call(&name, &arguments).await.map_err(|error| error.to_string())?;
                rpc::told(Raw::trusted(&result))
            }
        })
    }

    /// One request in the session; a session the server has forgotten is begun anew, once.
    async fn ask(&self, repeat: Repeat, write: impl Fn(u32) -> Result<String>) -> Result<String> {
        let mut fresh = false;
        loop {
            let session = self.session().await?;
            let id = self.next_id();
            match self.exchange(write(id)?, Some(&session), repeat).await {
                Ok(answer) => return rpc::result(rpc::split(&answer).1, id),
                Err(error) if error.status() == Some(404) && session.id.is_some() && !fresh => {
                    fresh = true;
                    self.forget(&session);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn session(&self) -> Result<Session> {
        if let Some(session) = self.locked(|state| state.session.clone()) {
            return Ok(session);
        }
        let id = self.next_id();
        let answer = self.exchange(rpc::initialize(id), None, Repeat::Billed).await?;
        let (session, body) = rpc::split(&answer);
        let version = rpc::version(Raw::trusted(&rpc::result(body, id)?));
        let session = Session { id: session.map(str::to_owned), version };
        self.exchange(rpc::initialized(), Some(&session), Repeat::Billed).await?;
        self.locked(|state| state.session = Some(session.clone()));
        Ok(session)
    }

    fn forget(&self, session: &Session) {
        self.locked(|state| {
            // another call may have begun a new one meanwhile
            if state.session.as_ref() == Some(session) {
                state.session = None;
            }
        });
    }

    async fn exchange(&self, body: String, session: Option<&Session>, repeat: Repeat) -> Result<String> {
        let (id, version) =
            session.map_or((None, None), |session| (session.id.as_deref(), Some(session.version.as_str())));
        let call = calls::message(&self.path, body, id, version, repeat);
        Ok(self.sender.send(&call, &self.options).await?.0)
    }

    fn next_id(&self) -> u32 {
        self.locked(|state| {
            state.id = state.id.wrapping_add(1);
            state.id
        })
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        // a panic elsewhere leaves nothing half done here
        work(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl fmt::Debug for McpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "McpClient({})", self.path)
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    Json::from_checked(text.to_owned()).read()
}
