//! Warehouses: what runs statements.

use std::time::Duration;

use super::types::{CreatedWarehouse, Warehouse};
use super::{calls, progress};
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::sender::{CallOptions, Sender};
use crate::wire::call::Call;
use crate::wire::json::Json;

/// How many looks in a row may fail for a passing reason.
const PATIENCE: u32 = 5;

/// The workspace's SQL warehouses. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// let warehouses = client.warehouses();
/// let id = warehouses.choose().await?;
/// warehouses.start(&id).await?;
/// warehouses.wait_until_running(&id, std::time::Duration::from_secs(1200)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Warehouses {
    sender: Sender,
    options: CallOptions,
}

impl Warehouses {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, options: CallOptions::default() }
    }

    /// The same handle with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    async fn send<T>(&self, call: Result<Call<T>>) -> Result<T> {
        Ok(self.sender.send(&call?, &self.options).await?.0)
    }

    /// Lists the warehouses the caller may see, all pages of them.
    ///
    /// # Errors
    /// `Protocol` when the pages go round in circles; else as the service answers.
    pub async fn list(&self) -> Result<Vec<Warehouse>> {
        let mut all = Vec::new();
        let mut tokens: Vec<String> = Vec::new();
        loop {
            let page = self.send(Ok(calls::list_warehouses(tokens.last().map(String::as_str)))).await?.read()?;
            all.extend(page.warehouses.into_iter().flatten());
            match page.next_page_token.filter(|token| !token.is_empty()) {
                None => return Ok(all),
                Some(token) if tokens.contains(&token) => {
                    let sentence = "The list of warehouses goes round in circles: a page names one that came before.";
                    return Err(Error::new(ErrorKind::Protocol, sentence));
                }
                Some(token) => tokens.push(token),
            }
        }
    }

    /// The id of a warehouse to take when none is named: the first that runs, else the first that is not deleted.
    ///
    /// # Errors
    /// `NotFound` when there is none; else as [`list`](Self::list).
    pub async fn choose(&self) -> Result<String> {
        let all = self.list().await?;
        let text = serde_json::to_string(&all).unwrap_or_default();
        progress::choose(Json::<()>::from_checked(text).root()).ok_or_else(|| {
            let sentence = "There is no SQL warehouse that the caller may use: create one, or ask for the permission.";
            Error::new(ErrorKind::NotFound, sentence)
        })
    }

    /// Describes a warehouse.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn get(&self, id: &str) -> Result<Warehouse> {
        self.send(calls::get_warehouse(id)).await?.read()
    }

    /// Starts a warehouse; it runs later.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn start(&self, id: &str) -> Result<()> {
        self.send(calls::start_warehouse(id)).await
    }

    /// Switches a warehouse off; statements it runs end.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn stop(&self, id: &str) -> Result<()> {
        self.send(calls::stop_warehouse(id)).await
    }

    /// Creates a warehouse from the fields that are set; gives its id.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn create(&self, warehouse: &Warehouse) -> Result<String> {
        let created: CreatedWarehouse = self.send(Ok(calls::create_warehouse(write(warehouse)?))).await?.read()?;
        Ok(created.id)
    }

    /// Changes a warehouse to the fields that are set.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn edit(&self, id: &str, warehouse: &Warehouse) -> Result<()> {
        self.send(calls::edit_warehouse(id, write(warehouse)?)).await
    }

    /// Deletes a warehouse.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.send(calls::delete_warehouse(id)).await
    }

    /// Waits until a warehouse runs, at most so long; it is not started by that.
    ///
    /// # Errors
    /// `OperationFailed` when it is stopped or deleted; `DeadlineExceeded` when the time is up; else as the service answers.
    pub async fn wait_until_running(&self, id: &str, timeout: Duration) -> Result<Warehouse> {
        let call = calls::get_warehouse(id)?;
        let transport = self.sender.transport();
        let deadline = transport.now().saturating_add(timeout);
        let (mut looks, mut failures) = (0, 0);
        loop {
            match self.sender.send(&call, &self.options).await {
                Ok((warehouse, _)) => {
                    failures = 0;
                    if progress::judge_warehouse(warehouse.root())? {
                        return warehouse.read();
                    }
                }
                Err(error) if error.is_retryable() && failures < PATIENCE => failures += 1,
                Err(error) => return Err(error),
            }
            let left = deadline.saturating_sub(transport.now());
            if left.is_zero() {
                let sentence = "The warehouse did not run in time: wait again, or allow more time.";
                return Err(Error::new(ErrorKind::DeadlineExceeded, sentence).with_phase(TimeoutPhase::Total));
            }
            let pause = Duration::from_millis(u64::from(progress::pause(looks + 3, transport.random())));
            looks += 1;
            transport.sleep(pause.min(left)).await;
        }
    }
}

fn write(warehouse: &Warehouse) -> Result<String> {
    serde_json::to_string(warehouse).map_err(|fault| {
        Error::new(ErrorKind::InvalidInput, "The warehouse cannot be written as JSON.").with_source(fault)
    })
}
