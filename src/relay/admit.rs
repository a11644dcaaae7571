//! The decision itself, in its order: whole, from whom, what, and with which body.

use crate::relay::policy::RelayPolicy;
use crate::relay::reply::Fault;
use crate::relay::route::{Found, Matched};
use crate::relay::{Answer, Decision, RELAY_HEADER, RawRequest, Refusal, Upstream, body, gate, grammar, route};

type Headers = Vec<(String, String)>;

impl RelayPolicy {
    /// What becomes of a request, from all but its body. Nothing is sent for a refusal.
    #[must_use]
    pub fn admit(&self, request: &RawRequest<'_>) -> Decision {
        match self.look(request) {
            Err(refusal) => Decision::Refuse(refusal),
            Ok(Looked::Preflight(answer)) => Decision::Preflight(answer),
            Ok(Looked::Route(matched, cors)) if matched.route.takes_body() => {
                Decision::NeedsBody { max_bytes: self.rules.limits.body_bytes, route: matched.route, cors }
            }
            Ok(Looked::Route(matched, cors)) => Decision::Forward(self.forward(request, &matched, None, false, cors)),
        }
    }

    /// The request that goes upstream, from a request and its whole body. It decides everything anew, so that nothing can
    /// happen between two looks.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub fn upstream(&self, request: &RawRequest<'_>, bytes: &[u8]) -> Result<Upstream, Refusal> {
        let (matched, cors) = match self.look(request)? {
            Looked::Route(matched, cors) => (matched, cors),
            Looked::Preflight(answer) => return Err(answer),
        };
        if !matched.route.takes_body() {
            return Ok(self.forward(request, &matched, None, false, cors));
        }
        match body::rewrite(&self.rules, &matched, bytes) {
            Ok(written) => Ok(self.forward(request, &matched, Some(written.text), written.stream, cors)),
            Err(fault) => Err(self.refused(request, fault, cors)),
        }
    }

    fn look<'a>(&self, request: &RawRequest<'a>) -> Result<Looked<'a>, Refusal> {
        let refuse = |fault| self.refused(request, fault, Vec::new());
        if !self.rules.enabled {
            return Err(refuse(Fault::new(503, "The relay is switched off.")));
        }
        gate::well_formed(&self.rules, request).map_err(refuse)?;
        let cors = gate::allowed_origin(&self.rules, request).map_err(refuse)?;
        let refuse = |fault, cors| self.refused(request, fault, cors);
        let target = request.target.strip_prefix(self.rules.path.as_str()).filter(|rest| rest.starts_with('/'));
        if request.method == "OPTIONS" {
            let asked = gate::header(request, "access-control-request-method");
            let fits = asked.is_some_and(|method| matches!(method, "GET" | "POST" | "PUT" | "DELETE"));
            let origin = cors.iter().any(|(name, _)| name == "access-control-allow-origin");
            return if fits && origin && target.is_some() {
                Ok(Looked::Preflight(gate::preflight(&self.rules, cors)))
            } else {
                Err(refuse(Fault::new(405, "This is no question of a browser."), cors))
            };
        }
        if gate::header(request, RELAY_HEADER) != Some("1") {
            return Err(refuse(Fault::new(403, "The header `x-lakewire-relay: 1` is missing."), cors));
        }
        let Some(target) = target else { return Err(refuse(Fault::nowhere(), cors)) };
        let matched = match route::find(&self.rules, request.method, target) {
            Found::Route(matched) => matched,
            Found::Methods(methods) => return Err(refuse(Fault::method(&methods), cors)),
            Found::Nothing => return Err(refuse(Fault::nowhere(), cors)),
        };
        let length = gate::header(request, "content-length").and_then(grammar::number_of).unwrap_or(0);
        let chunked = gate::header(request, "transfer-encoding").is_some();
        if matched.route.takes_body() {
            if !gate::is_json(request) {
                return Err(refuse(Fault::new(415, "Send the request as application/json."), cors));
            }
            if length > self.rules.limits.body_bytes {
                return Err(refuse(Fault::too_large(), cors));
            }
        } else if length > 0 || chunked {
            return Err(refuse(Fault::new(400, "This route takes no body."), cors));
        }
        Ok(Looked::Route(matched, cors))
    }

    fn forward(
        &self,
        request: &RawRequest<'_>,
        matched: &Matched<'_>,
        body: Option<String>,
        stream: bool,
        cors: Headers,
    ) -> Upstream {
        let accept = if stream { "text/event-stream" } else { "application/json" };
        let mut headers = vec![("accept".to_owned(), accept.to_owned())];
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        if let Some(id) = request_id(request) {
            headers.push(("x-request-id".to_owned(), id.to_owned()));
        }
        for name in &self.rules.request_headers {
            if let Some(value) = gate::header(request, name)
                .filter(|value| !headers.iter().any(|(known, _)| known == name) && printable(value))
            {
                headers.push((name.clone(), value.to_owned()));
            }
        }
        let path = match matched.route.op() {
            route::Op::Named => "/api/2.0/sql/statements".to_owned(),
            _ => matched.path(),
        };
        Upstream { method: matched.route.method(), path, headers, body, route: matched.route, stream, cors }
    }

    fn refused(&self, request: &RawRequest<'_>, fault: Fault, cors: Headers) -> Answer {
        fault.answer(request_id(request), cors)
    }
}

enum Looked<'a> {
    Preflight(Answer),
    Route(Matched<'a>, Headers),
}

/// The request's own id, when its shape is one that may stand in a header and a log.
fn request_id<'a>(request: &RawRequest<'a>) -> Option<&'a str> {
    gate::header(request, "x-request-id").filter(|id| grammar::request_id(id))
}

fn printable(value: &str) -> bool {
    value.len() <= 1_000 && value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}
