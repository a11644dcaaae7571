//! The toolkit: functions read by name, described to the model and run.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::tool_loop::RunnableTool;
use crate::chat::types::Tool;
use crate::client::WorkspaceClient;
use crate::error::{Error, ErrorKind, Result};
use crate::functions::calls::{self, RunSettings};
use crate::functions::outcome::{self, Seen};
use crate::functions::schema::text as text_of;
use crate::functions::statement::gives_table;
use crate::functions::{Form, FunctionResult, Named, check_arguments, parameters_schema, statement, tool_name};
use crate::join::join_all;
use crate::observe::Kind;
use crate::sender::{CallOptions, Sender};
use crate::transport::BoxFuture;
use crate::unity_catalog::{FunctionInfo, UnityCatalog};
use crate::wire::call::Call;
use crate::wire::json::{Json, Raw};

/// How many functions are read at once.
const AT_ONCE: usize = 8;
/// How many looks at a statement in a row may fail for a passing reason.
const PATIENCE: u32 = 5;
/// How many functions of a schema are listed on a page.
const PAGE: u32 = 100;

/// What a toolkit is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UcFunctionToolkitOptions {
    /// `catalog.schema.function`, or `catalog.schema.*` for all of a schema.
    pub function_names: Vec<String>,
    /// How the functions run.
    pub settings: RunSettings,
    /// Whether functions the caller may not use are left out, in place of an error.
    pub filter_accessible_functions: bool,
    /// How schemas are written.
    pub form: Form,
}

impl UcFunctionToolkitOptions {
    /// These functions, run on this SQL warehouse.
    #[must_use]
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>, warehouse_id: impl Into<String>) -> Self {
        Self {
            function_names: names.into_iter().map(Into::into).collect(),
            settings: RunSettings::new(warehouse_id),
            filter_accessible_functions: false,
            form: Form::Full,
        }
    }

    /// Leaves out the functions the caller may not use.
    #[must_use]
    pub fn filter_accessible_functions(mut self) -> Self {
        self.filter_accessible_functions = true;
        self
    }

    /// Says how schemas are written.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }
}

/// A function of a toolkit.
#[derive(Clone, Debug)]
pub struct UcFunction {
    text: Arc<Json<()>>,
    full_name: String,
}

impl UcFunction {
    /// `catalog.schema.function`.
    #[must_use]
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// The service's description.
    ///
    /// # Errors
    /// `Decode` when it does not have the documented shape.
    pub fn info(&self) -> Result<FunctionInfo> {
        Json::from_checked(self.text.as_str().to_owned()).read()
    }
}

/// Unity Catalog functions as tools.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::chat::ToolLimits;
/// use lakewire::functions::{UcFunctionToolkit, UcFunctionToolkitOptions};
/// let options = UcFunctionToolkitOptions::new(["main.tools.*"], "4f1c2a");
/// let toolkit = UcFunctionToolkit::load(&client, options).await?;
/// let run = client.chat("my-endpoint").run_tools("What does 100 cost with tax?", &toolkit.tools()?, ToolLimits::default()).await?;
/// println!("{}", run.answer.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UcFunctionToolkit {
    sender: Sender,
    options: CallOptions,
    functions: Vec<UcFunction>,
    settings: Arc<RunSettings>,
    form: Form,
}

impl UcFunctionToolkit {
    /// Reads the functions.
    ///
    /// # Errors
    /// `InvalidInput` for a name that does not have three parts; `NotFound` and `PermissionDenied` as
    /// the service answers.
    pub async fn load(client: &WorkspaceClient, options: UcFunctionToolkitOptions) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        let catalog = client.unity_catalog();
        for name in &options.function_names {
            let found = match Named::read(name)? {
                Named::One(name) => vec![name],
                Named::All { catalog: of, schema } => {
                    let listed = catalog.clone().max_results(PAGE).functions(&of, &schema).all().await?;
                    let named = |info: FunctionInfo| {
                        info.full_name.unwrap_or_else(|| [&of, ".", &schema, ".", &info.name].concat())
                    };
                    listed.into_iter().map(named).collect()
                }
            };
            for name in found {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let mut functions = Vec::new();
        for group in names.chunks(AT_ONCE) {
            let read =
                join_all(group.iter().map(|name| Box::pin(read(&catalog, name)) as BoxFuture<'_, Result<UcFunction>>))
                    .await;
            for outcome in read {
                match outcome {
                    Err(error)
                        if options.filter_accessible_functions && error.kind() == ErrorKind::PermissionDenied => {}
                    other => functions.push(other?),
                }
            }
        }
        Ok(Self {
            sender: client.sender().clone(),
            options: CallOptions::default(),
            functions,
            settings: Arc::new(options.settings),
            form: options.form,
        })
    }

    /// The same toolkit with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// The functions, in the order of their names in the options.
    #[must_use]
    pub fn functions(&self) -> &[UcFunction] {
        &self.functions
    }

    /// The tools, for [`run_tools`](crate::chat::Chat::run_tools). What a tool gives is the JSON text of a
    /// [`FunctionResult`].
    ///
    /// # Errors
    /// `InvalidInput` when a function's parameters cannot be described to a model.
    pub fn tools(&self) -> Result<Vec<RunnableTool>> {
        self.functions.iter().map(|function| self.tool(function)).collect()
    }

    fn tool(&self, function: &UcFunction) -> Result<RunnableTool> {
        let schema = parameters_schema(function.text.root(), self.form)
            .map_err(|error| error.about(&["The function ", &function.full_name].concat()))?;
        let schema = Json::<serde_json::Value>::from_checked(schema).read()?;
        let definition =
            Tool::function(tool_name(&function.full_name), text_of(function.text.root(), "comment"), schema);
        let (toolkit, function) = (Self { functions: Vec::new(), ..self.clone() }, function.clone());
        Ok(RunnableTool::new(definition, move |arguments: String| {
            let (toolkit, function) = (toolkit.clone(), function.clone());
            async move { toolkit.run(&function, &arguments).await.map_err(|error| error.to_string()) }
        }))
    }

    /// Runs a function of the toolkit; `arguments` is the JSON text of an object.
    ///
    /// A statement that takes too long, or cannot be looked at any more, is told to stop. So is one whose
    /// future is dropped, where the transport has a runtime that goes on.
    ///
    /// # Errors
    /// `InvalidArguments` when the arguments do not fit, see [`check_arguments`]; `NotFound` for a function the toolkit does not have; else as the
    /// service answers. What went wrong inside the function is [`FunctionResult::error`].
    pub async fn execute(&self, full_name: &str, arguments: &str) -> Result<FunctionResult> {
        let function = self.functions.iter().find(|function| function.full_name == full_name).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("The toolkit has no function {full_name}: add it to its names."))
        })?;
        Json::<FunctionResult>::from_checked(self.run(function, arguments).await?).read()
    }

    async fn send<T>(&self, call: &Call<T>) -> Result<T> {
        Ok(self.sender.send(call, &self.options).await?.0)
    }

    async fn run(&self, function: &UcFunction, arguments: &str) -> Result<String> {
        let told = self.sender.watch().start(Kind::Tool, &function.full_name, || arguments.to_owned());
        told.run(self.ran(function, arguments), String::clone).await
    }

    async fn ran(&self, function: &UcFunction, arguments: &str) -> Result<String> {
        let (root, arguments) = (function.text.root(), Raw::parse(arguments)?);
        check_arguments(root, arguments)?;
        let mut running = Running::start(self, calls::execute(&statement(root, arguments)?, &self.settings)?);
        let mut seen = outcome::judge(gives_table(root), running.first().await?.root());
        let (mut waited, mut looks, mut failures) = (0, 0, 0);
        loop {
            let (id, state) = match seen {
                Seen::Done(result) => {
                    running.id = None;
                    return Ok(result);
                }
                Seen::Waiting { id, state } => (id, state),
            };
            running.id = Some(id.clone());
            let Some(pause) = outcome::pause(looks, waited, self.settings.retry_timeout) else {
                running.stop().await;
                return Ok(outcome::late(&state, waited));
            };
            self.sender.transport().sleep(Duration::from_secs(u64::from(pause))).await;
            waited += pause;
            looks += 1;
            seen = match self.send(&calls::poll(&id)?).await {
                Ok(answer) => {
                    failures = 0;
                    outcome::judge(gives_table(root), answer.root())
                }
                Err(error) if error.is_retryable() && failures < PATIENCE => {
                    failures += 1;
                    Seen::Waiting { id, state }
                }
                Err(error) => {
                    running.stop().await;
                    return Err(error);
                }
            };
        }
    }
}

/// A function's statement, which is told to stop when nobody waits for it any more: at once when its id is known, else
/// when the answer to its sending says it.
struct Running {
    sender: Sender,
    options: CallOptions,
    sending: Option<BoxFuture<'static, Result<Json<()>>>>,
    id: Option<String>,
}

impl Running {
    fn start(toolkit: &UcFunctionToolkit, call: Call<Json<()>>) -> Self {
        let (sender, options) = (toolkit.sender.clone(), toolkit.options.clone());
        let (by, with) = (sender.clone(), options.clone());
        let sending: BoxFuture<'static, _> = Box::pin(async move { Ok(by.send(&call, &with).await?.0) });
        Self { sender, options, sending: Some(sending), id: None }
    }

    /// The answer to the sending, asked for once.
    async fn first(&mut self) -> Result<Json<()>> {
        let answer = match &mut self.sending {
            Some(sending) => sending.await,
            None => std::future::pending().await,
        };
        self.sending = None;
        answer
    }

    /// Tells it to stop; whether it still can is its own affair.
    async fn stop(&mut self) {
        if let Some(id) = self.id.take() {
            stop(&self.sender, &self.options, &id).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (sending, id) = (self.sending.take(), self.id.take());
        if sending.is_none() && id.is_none() {
            return;
        }
        let (sender, options) = (self.sender.clone(), self.options.clone());
        self.sender.transport().spawn(Box::pin(async move {
            let id = match sending {
                None => id,
                Some(sending) => sending.await.ok().and_then(|answer| match outcome::judge(false, answer.root()) {
                    Seen::Waiting { id, .. } => Some(id),
                    Seen::Done(_) => None,
                }),
            };
            if let Some(id) = id {
                stop(&sender, &options, &id).await;
            }
        }));
    }
}

async fn stop(sender: &Sender, options: &CallOptions, id: &str) {
    if let Ok(cancel) = calls::cancel(id) {
        // nobody hears of it
        let _ = sender.send(&cancel, options).await;
    }
}

async fn read(catalog: &UnityCatalog, name: &str) -> Result<UcFunction> {
    let text = catalog.function_text(name).await?;
    // what runs is what the service described, whatever the case of the name asked for
    let said = text_of(text.root(), "full_name");
    if said.is_empty() {
        return Err(Error::new(ErrorKind::Decode, "The service did not say the function's full name."));
    }
    Ok(UcFunction { text: Arc::new(text), full_name: said })
}
