//! Lists that come page by page.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::wire::call::Call;
use crate::wire::json::{Json, Raw, push_string};
use crate::wire::request::encode;

/// How many pages are read of one list: more is a service that does not end.
const MOST: usize = 10_000;

/// A list that comes page by page. A page may be empty and the list still go on.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// let mut pages = client.unity_catalog().tables("main", "default");
/// while let Some(tables) = pages.next().await? {
///     println!("{} tables", tables.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Pages<T> {
    sender: Sender,
    options: CallOptions,
    call: Result<Call<Json<()>>, Option<Error>>,
    key: &'static str,
    seen: Vec<String>,
    done: bool,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Pages<T> {
    /// The pages that a call gives; items stand under `key` of each answer.
    pub(crate) fn new(sender: Sender, options: CallOptions, call: Result<Call<Json<()>>>, key: &'static str) -> Self {
        Self { sender, options, call: call.map_err(Some), key, seen: Vec::new(), done: false, of: PhantomData }
    }

    /// The next page; `None` after the last one. After an error the same page is asked for again.
    ///
    /// # Errors
    /// As the service answers; `Protocol` when its pages repeat or do not end.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>> {
        let call = match &mut self.call {
            _ if self.done => return Ok(None),
            Err(error) => {
                self.done = true;
                return error.take().map_or(Ok(None), Err);
            }
            Ok(call) => match self.seen.last() {
                Some(token) => with_token(call, token),
                None => call.clone(),
            },
        };
        let (json, _) = self.sender.send(&call, &self.options).await?;
        let items = match json.root().get_some(self.key) {
            Some(items) => Json::<Vec<T>>::from_checked(items.text().to_owned()).read()?,
            None => Vec::new(),
        };
        match next_token(json.root(), &self.seen) {
            Ok(Some(token)) => self.seen.push(token),
            Ok(None) => self.done = true,
            Err(error) => {
                self.done = true;
                return Err(error);
            }
        }
        Ok(Some(items))
    }

    /// Everything there is, in one list.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({} of {}, done: {})", self.seen.len(), self.key, self.done)
    }
}

/// The same call for the page that a token names: in the query, or in the body of a search that is a `POST`.
pub(crate) fn with_token<T>(call: &Call<T>, token: &str) -> Call<T> {
    let mut call = call.clone();
    let body = call.request().body_text().trim_end();
    if let Some(fields) = body.strip_suffix('}') {
        let joint = if fields.ends_with('{') { "\"page_token\":" } else { ",\"page_token\":" };
        let mut body = [fields, joint].concat();
        push_string(&mut body, token);
        body.push('}');
        call.request_mut().body = Some(Arc::from(body.into_bytes()));
        return call;
    }
    let path = &mut call.request_mut().path;
    path.push_str(if path.contains('?') { "&page_token=" } else { "?page_token=" });
    encode(path, token);
    call
}

/// The token of the page after this one. Its absence ends the list; a page without items does not.
pub(crate) fn next_token(page: Raw<'_>, seen: &[String]) -> Result<Option<String>> {
    let token = page.get_some("next_page_token").and_then(Raw::as_str).unwrap_or_default();
    if token.is_empty() {
        return Ok(None);
    }
    if seen.len() >= MOST || seen.iter().any(|one| *one == token) {
        return Err(Error::new(
            ErrorKind::Protocol,
            "The service's list does not end: it names a page that was already read, or more than 10,000 of them.",
        ));
    }
    Ok(Some(token.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Credentials;
    use crate::config::Config;
    use crate::transport::scripted::{Reply, Scripted};
    use crate::wire::answer;
    use crate::wire::call::Repeat;
    use crate::wire::request::{Method, Request};

    fn pages(network: &Scripted, path: &str) -> Pages<u64> {
        let sender =
            Sender::new(Config::new("x.example").unwrap(), Credentials::token("t"), Arc::new(network.clone())).unwrap();
        let call = Call::new(Request::new(Method::Get, path), Repeat::Safe, answer::json);
        Pages::new(sender, CallOptions::default(), Ok(call), "items")
    }

    #[test]
    fn o10_an_empty_page_with_a_token_goes_on_and_the_last_has_none() {
        let network = Scripted::new();
        for page in [
            r#"{"items":[1,2],"next_page_token":"a b"}"#,
            r#"{"next_page_token":"c"}"#,
            r#"{"items":[3],"next_page_token":""}"#,
        ] {
            network.push(Reply::json(page));
        }
        let all = network.run(pages(&network, "/list?x=1").all()).unwrap().unwrap();
        assert_eq!(all, [1, 2, 3]);
        let asked: Vec<String> =
            network.requests().iter().map(|r| r.url.rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(asked, ["list?x=1", "list?x=1&page_token=a%20b", "list?x=1&page_token=c"]);
    }

    #[test]
    fn o10_a_search_that_is_a_post_has_its_token_in_the_body() {
        let post =
            |body: &str| Call::<()>::new(Request::new(Method::Post, "/s").json(body), Repeat::Safe, answer::nothing);
        let body = |call: Call<()>| call.request().body_text().to_owned();
        assert_eq!(body(with_token(&post("{}"), "a\"b")), r#"{"page_token":"a\"b"}"#);
        assert_eq!(body(with_token(&post(r#"{"x":[1]}"#), "t")), r#"{"x":[1],"page_token":"t"}"#);
    }

    #[test]
    fn o10_a_repeated_token_ends_the_list_with_an_error() {
        let network = Scripted::new();
        for token in ["a", "b", "a"] {
            network.push(Reply::json(&format!(r#"{{"items":[1],"next_page_token":"{token}"}}"#)));
        }
        let error = network.run(pages(&network, "/list").all()).unwrap().unwrap_err();
        assert_eq!((error.kind(), network.requests().len()), (ErrorKind::Protocol, 3));
    }

    #[test]
    fn o10_pages_without_end_end() {
        let network = Scripted::new();
        let seen: Vec<String> = (0..MOST).map(|n| n.to_string()).collect();
        let page = Raw::parse(r#"{"next_page_token":"new"}"#).unwrap();
        assert!(next_token(page, &seen).is_err() && next_token(page, seen.get(1..).unwrap()).is_ok());
        let mut failing = pages(&network, "/list");
        network.push(Reply::status(404));
        network.push(Reply::json(r#"{"items":[7]}"#));
        let (first, second, third) =
            network.run(async { (failing.next().await, failing.next().await, failing.next().await) }).unwrap();
        assert!(first.is_err());
        assert_eq!((second.unwrap(), third.unwrap()), (Some(vec![7]), None));
    }
}
