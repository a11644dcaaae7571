//! A call as a value: what to send, whether it may be sent again, and how to read the answer.

use std::fmt;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::wire::answer::{self, Answer};
use crate::wire::json::Json;
use crate::wire::request::{Method, Request};

/// Whether a call may be sent again after a failure that leaves its fate open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Reading: any number of times.
    Safe,
    /// Doing it twice costs tokens and changes nothing (chat, embeddings, queries).
    Billed,
    /// Doing it twice may do it twice (create, execute, put).
    Never,
}

/// One request whose answer is a `T`.
///
/// ```
/// use lakewire::wire::call::Call;
/// let call = Call::get("/api/2.0/serving-endpoints");
/// assert_eq!(call.request().method.as_str(), "GET");
/// ```
pub struct Call<T> {
    request: Request,
    repeat: Repeat,
    read: fn(Answer) -> Result<T>,
    explain: fn(Error) -> Error,
}

impl<T> Call<T> {
    /// A call from its parts.
    #[must_use]
    pub fn new(request: Request, repeat: Repeat, read: fn(Answer) -> Result<T>) -> Self {
        Self { request, repeat, read, explain: as_it_is }
    }

    /// What will be sent.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What will be sent, to add to it.
    pub fn request_mut(&mut self) -> &mut Request {
        &mut self.request
    }

    /// Whether it may be sent again.
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// Says whether it may be sent again.
    #[must_use]
    pub fn with_repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Says what its capability knows about failures of this call: advice added to the sentence.
    #[must_use]
    pub fn explained_by(mut self, explain: fn(Error) -> Error) -> Self {
        self.explain = explain;
        self
    }

    /// A failure of this call, explained.
    pub(crate) fn explain(&self, error: Error) -> Error {
        (self.explain)(error)
    }

    /// Reads a good answer.
    ///
    /// # Errors
    /// `Decode`, `EmptyBody` or `UnexpectedContentType` when the answer does not hold a `T`.
    pub fn read(&self, answer: Answer) -> Result<T> {
        (self.read)(answer)
    }
}

impl<T> Call<Json<T>> {
    /// The same call, read as checked JSON text.
    #[must_use]
    pub fn into_text(self) -> Call<String> {
        self.read_by(|answer| answer::json::<()>(answer).map(Json::into_string))
    }
}

impl<T> Call<T> {
    /// The same call with its answer read in another way.
    pub(crate) fn read_by<U>(self, read: fn(Answer) -> Result<U>) -> Call<U> {
        Call { request: self.request, repeat: self.repeat, read, explain: self.explain }
    }
}

impl Call<()> {
    /// The same call, read as an empty text.
    #[must_use]
    pub fn into_done(self) -> Call<String> {
        Call::new(self.request, self.repeat, |answer| answer::nothing(answer).map(|()| String::new()))
    }
}

impl Call<Json<serde_json::Value>> {
    /// A `GET` of a route this crate does not cover yet: same auth, retry and errors.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Request::new(Method::Get, path), Repeat::Safe, answer::json)
    }

    /// A `POST` of a route this crate does not cover yet; never repeated unless
    /// [`with_repeat`](Self::with_repeat) says so.
    #[must_use]
    pub fn post(path: impl Into<String>, body: impl Into<String>) -> Self {
        Self::new(Request::new(Method::Post, path).json(body), Repeat::Never, answer::json)
    }
}

impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), repeat: self.repeat, read: self.read, explain: self.explain }
    }
}

fn as_it_is(error: Error) -> Error {
    error
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({:?}, {:?})", self.request, self.repeat)
    }
}

/// One request whose answer is a server-sent stream of `E`.
pub struct StreamCall<E> {
    request: Request,
    repeat: Repeat,
    explain: fn(Error) -> Error,
    of: PhantomData<fn() -> E>,
}

impl<E> StreamCall<E> {
    /// A streaming call; it asks for `text/event-stream`.
    #[must_use]
    pub fn new(request: Request, repeat: Repeat) -> Self {
        Self { request: request.header("accept", "text/event-stream"), repeat, explain: as_it_is, of: PhantomData }
    }

    /// Says what its capability knows about failures of this call: advice added to the sentence.
    #[must_use]
    pub fn explained_by(mut self, explain: fn(Error) -> Error) -> Self {
        self.explain = explain;
        self
    }

    /// A failure of this call, explained.
    pub(crate) fn explain(&self, error: Error) -> Error {
        (self.explain)(error)
    }

    /// What will be sent.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What will be sent, to add to it.
    pub fn request_mut(&mut self) -> &mut Request {
        &mut self.request
    }

    /// Whether it may be sent again, as long as no event has come.
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// The same call, its events left to whoever reads them.
    #[must_use]
    pub fn untyped(self) -> StreamCall<()> {
        StreamCall { request: self.request, repeat: self.repeat, explain: self.explain, of: PhantomData }
    }
}

impl<E> Clone for StreamCall<E> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), repeat: self.repeat, explain: self.explain, of: PhantomData }
    }
}

impl<E> fmt::Debug for StreamCall<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamCall({:?}, {:?})", self.request, self.repeat)
    }
}
