//! Prompts and models as steps.

use crate::agents::{
    ChatAgent, ChatAgentAnswer, ChatAgentChunk, ChatAgentRequest, ResponseEvent, Responses, ResponsesAnswer,
    ResponsesRequest,
};
use crate::chain::{Pieces, Pipe, Step};
use crate::chat::{Chat, ChatAnswer, ChatCompletionChunk, ChatRequest, Message};
use crate::completions::{CompletionRequest, Completions, Target};
use crate::error::Result;
use crate::observe::{self, Watch};
use crate::prompts::{ChatPromptTemplate, PromptTemplate, PromptValues};
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend};
use crate::wire::json::string;

macro_rules! prompt_step {
    ($prompt:ty, $name:literal, $output:ty, $format:ident) => {
        impl $prompt {
            /// A chain that begins with this prompt; see [`chain`](crate::chain).
            #[must_use]
            pub fn pipe<B>(self, next: B) -> Pipe<Self, B> {
                Pipe::new(self, next)
            }
        }

        impl<I: Into<PromptValues> + MaybeSend> Step<I> for $prompt {
            type Output = $output;
            type Piece = $output;

            fn name(&self) -> String {
                $name.to_owned()
            }

            fn invoke<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<$output>>
            where
                I: 'a,
            {
                let values: PromptValues = input.into();
                observe::inputs(|| values.to_json());
                Box::pin(std::future::ready(self.$format(values)))
            }

            fn stream<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<$output>>>
            where
                I: 'a,
            {
                let values: PromptValues = input.into();
                observe::inputs(|| values.to_json());
                Box::pin(std::future::ready(self.$format(values).map(Pieces::once)))
            }

            fn shown(&self, output: &$output) -> Option<String> {
                serde_json::to_string(output).ok()
            }
        }
    };
}
prompt_step!(PromptTemplate, "prompt", String, format);
prompt_step!(ChatPromptTemplate, "chat prompt", Vec<Message>, format_messages);

/// The options of a chain, unless the request has some of its own.
fn with_options(request: ChatRequest, options: &CallOptions) -> ChatRequest {
    if request.has_options() { request } else { request.options(options.clone()) }
}

impl Chat {
    /// A chain that begins with this chat; see [`chain`](crate::chain).
    #[must_use]
    pub fn pipe<B>(self, next: B) -> Pipe<Self, B> {
        Pipe::new(self, next)
    }
}

impl<I: Into<ChatRequest> + MaybeSend> Step<I> for Chat {
    type Output = ChatAnswer;
    type Piece = ChatCompletionChunk;

    fn name(&self) -> String {
        format!("chat `{}`", self.endpoint())
    }

    fn watch(&self) -> Watch {
        self.sender().watch().clone()
    }

    fn shown(&self, output: &ChatAnswer) -> Option<String> {
        serde_json::to_string(&**output).ok()
    }

    fn said(piece: &ChatCompletionChunk) -> String {
        piece.text()
    }

    fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<ChatAnswer>>
    where
        I: 'a,
    {
        Box::pin(async move { Chat::invoke(self, with_options(input.into(), options)).await })
    }

    fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<ChatCompletionChunk>>>
    where
        I: 'a,
    {
        Box::pin(async move { Ok(Pieces::new(Chat::stream(self, with_options(input.into(), options)).await?)) })
    }

    fn has_words(&self) -> bool {
        true
    }

    fn words<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
    where
        I: 'a,
    {
        Box::pin(async move { Ok(Pieces::new(Chat::stream(self, with_options(input.into(), options)).await?.text())) })
    }
}

impl Completions {
    /// A chain that begins with this endpoint; see [`chain`](crate::chain).
    #[must_use]
    pub fn pipe<B>(self, next: B) -> Pipe<Self, B> {
        Pipe::new(self, next)
    }
}

fn completion_request(input: impl Into<CompletionRequest>, options: &CallOptions) -> CompletionRequest {
    let request = input.into();
    if request.has_options() { request } else { request.options(options.clone()) }
}

impl<I: Into<CompletionRequest> + MaybeSend> Step<I> for Completions {
    type Output = String;
    type Piece = String;

    fn name(&self) -> String {
        match self.target() {
            Target::Endpoint(endpoint) => format!("completions `{endpoint}`"),
            _ => "completions".to_owned(),
        }
    }

    fn watch(&self) -> Watch {
        self.sender().watch().clone()
    }

    fn shown(&self, output: &String) -> Option<String> {
        Some(string(output))
    }

    fn said(piece: &String) -> String {
        piece.clone()
    }

    fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<String>>
    where
        I: 'a,
    {
        Box::pin(async move { Completions::invoke(self, completion_request(input, options)).await })
    }

    fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
    where
        I: 'a,
    {
        Box::pin(async move { Ok(Pieces::new(Completions::stream(self, completion_request(input, options)).await?)) })
    }

    fn has_words(&self) -> bool {
        true
    }

    fn words<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
    where
        I: 'a,
    {
        Step::stream(self, input, options)
    }
}

/// Agents, whose text streams as their words.
macro_rules! agent_step {
    ($agent:ident, $name:literal, $request:ident, $answer:ident, $piece:ident) => {
        impl $agent {
            /// A chain that begins with this agent; see [`chain`](crate::chain).
            #[must_use]
            pub fn pipe<B>(self, next: B) -> Pipe<Self, B> {
                Pipe::new(self, next)
            }

            /// The options of a chain, unless the request has some of its own.
            fn asked(input: impl Into<$request>, options: &CallOptions) -> $request {
                let request = input.into();
                if request.has_options() { request } else { request.options(options.clone()) }
            }
        }

        impl<I: Into<$request> + MaybeSend> Step<I> for $agent {
            type Output = $answer;
            type Piece = $piece;

            fn name(&self) -> String {
                format!(concat!($name, " `{}`"), self.endpoint())
            }

            fn watch(&self) -> Watch {
                self.sender().watch().clone()
            }

            fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<$answer>>
            where
                I: 'a,
            {
                Box::pin(async move { $agent::invoke(self, Self::asked(input, options)).await })
            }

            fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<$piece>>>
            where
                I: 'a,
            {
                Box::pin(async move { Ok(Pieces::new($agent::stream(self, Self::asked(input, options)).await?)) })
            }

            fn has_words(&self) -> bool {
                true
            }

            fn words<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
            where
                I: 'a,
            {
                Box::pin(
                    async move { Ok(Pieces::new($agent::stream(self, Self::asked(input, options)).await?.text())) },
                )
            }
        }
    };
}
agent_step!(Responses, "responses", ResponsesRequest, ResponsesAnswer, ResponseEvent);
agent_step!(ChatAgent, "chat agent", ChatAgentRequest, ChatAgentAnswer, ChatAgentChunk);
