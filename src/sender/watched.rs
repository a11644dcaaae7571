//! Calls that are told to whoever watches the client.

use super::{CallOptions, Meta, Opened, Sender};
use crate::error::Result;
use crate::observe::{Kind, Observation, Watch};
use crate::wire::call::{Call, StreamCall};

impl Sender {
    /// Who watches.
    pub(crate) fn watch(&self) -> &Watch {
        &self.1
    }

    /// The same sender with others who watch.
    pub(crate) fn watched(&self, watch: Watch) -> Self {
        Self(self.0.clone(), watch)
    }

    /// [`send`](Self::send), told as a call of this kind: the request's body is what goes in, the answer's what comes out.
    pub(crate) async fn send_as<T>(
        &self,
        kind: Kind,
        name: &str,
        call: &Call<T>,
        options: &CallOptions,
    ) -> Result<(T, Meta)> {
        let mut told = self.1.start(kind, name, || call.request().body_text().to_owned());
        let own = marked(options, &told);
        let outcome = self.send_told(call, own.as_ref().unwrap_or(options), &mut told).await;
        told.finish(&outcome);
        outcome
    }

    /// [`open`](Self::open), told as a call of this kind, which goes on as long as the stream.
    pub(crate) async fn open_as<E>(
        &self,
        kind: Kind,
        name: &str,
        call: &StreamCall<E>,
        options: &CallOptions,
    ) -> Result<Opened> {
        let told = self.1.start(kind, name, || call.request().body_text().to_owned());
        let own = marked(options, &told);
        let outcome = self.open(call, own.as_ref().unwrap_or(options)).await;
        match outcome {
            Ok(opened) => Ok(Opened { told, ..opened }),
            Err(error) => {
                told.fail(&error);
                Err(error)
            }
        }
    }
}

/// The options with the header that says which trace the request belongs to, unless the caller set one.
fn marked(options: &CallOptions, told: &Observation) -> Option<CallOptions> {
    let value = told.traceparent()?;
    if options.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("traceparent")) {
        return None;
    }
    let mut options = options.clone();
    options.headers.push(("traceparent".to_owned(), value));
    Some(options)
}
