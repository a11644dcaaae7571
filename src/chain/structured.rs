//! Structured chats as steps.

use serde::de::DeserializeOwned;

use crate::chain::{Pieces, Step};
use crate::chat::ChatRequest;
use crate::chat::structured_chat::StructuredChat;
use crate::error::Result;
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend};

/// Gives the value; it comes whole.
impl<I: Into<ChatRequest> + MaybeSend, T: DeserializeOwned + MaybeSend + 'static> Step<I> for StructuredChat<T> {
    type Output = T;
    type Piece = T;

    fn name(&self) -> String {
        "structured chat".to_owned()
    }

    fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<T>>
    where
        I: 'a,
    {
        Box::pin(async move {
            let request: ChatRequest = input.into();
            let request = if request.has_options() { request } else { request.options(options.clone()) };
            Ok(StructuredChat::invoke(self, request).await?.value)
        })
    }

    fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<T>>>
    where
        I: 'a,
    {
        Box::pin(async move { Step::invoke(self, input, options).await.map(Pieces::once) })
    }
}
