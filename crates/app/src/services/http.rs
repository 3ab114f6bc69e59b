//! One service of SERP, spoken to over HTTP: in bounded time, with bounded answers, and left alone for a
//! while when it does not answer.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url, redirect};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::ServiceSettingsError;
use super::breaker::Breaker;
use crate::Context;

/// Failures in a row after which a service is left alone.
const FAILURES: u32 = 5;
/// For how long.
const PAUSE: Duration = Duration::from_secs(30);
/// Longest body that is read.
const MOST_BYTES: usize = 1024 * 1024;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// It failed so often that it is left alone.
    #[error("{0} is left alone for a while")]
    LeftAlone(&'static str),
    /// It can't be reached, or took too long.
    #[error("{0} did not answer")]
    Failed(&'static str, #[source] reqwest::Error),
    /// It says itself that it does not work.
    #[error("{0} answered {1}")]
    Broken(&'static str, u16),
    /// It answered what is no use.
    #[error("{0} answered {1}")]
    Unusable(&'static str, String),
}

impl NoAnswer {
    /// Does it say that the service does not work?
    const fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(..) | Self::Broken(..))
    }
}

/// The client that speaks to all services: no redirects, no proxies, no longer than `limit`.
pub(crate) fn client(limit: Duration) -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(limit)
        .connect_timeout(limit)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent("serp-discuss")
        .build()
}

/// A service of SERP.
pub(crate) struct Service {
    name: &'static str,
    base: Url,
    client: Client,
    breaker: Mutex<Breaker>,
}

impl Service {
    /// The service at `url`, which the variable of that name gave.
    pub(crate) fn new(
        (variable, name): (&'static str, &'static str),
        url: &str,
        client: &Client,
    ) -> Result<Self, ServiceSettingsError> {
        let base = Url::parse(url).ok().filter(Url::has_host);
        let base = base.ok_or(ServiceSettingsError::Url(variable))?;
        Ok(Self {
            name,
            base,
            client: client.clone(),
            breaker: Mutex::new(Breaker::new(FAILURES, PAUSE)),
        })
    }

    /// What it is called.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The address of what is below these segments, each encoded.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The status with which it answers a GET; its body is not read.
    pub(crate) async fn status(&self, url: Url, headers: HeaderMap) -> Result<u16, NoAnswer> {
        let request = self.client.get(url).headers(headers);
        let status = async { Ok(self.send(request).await?.status().as_u16()) };
        self.guarded(status).await
    }

    /// The status with which it answers a GET and, if that is 200, what it says.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: Url,
        headers: HeaderMap,
    ) -> Result<(u16, Option<T>), NoAnswer> {
        let request = self.client.get(url).headers(headers);
        let said = async {
            let answer = self.send(request).await?;
            match answer.status().as_u16() {
                200 => Ok((200, Some(self.read(answer).await?))),
                status => Ok((status, None)),
            }
        };
        self.guarded(said).await
    }

    /// What it says to a form.
    pub(crate) async fn post_form<T: DeserializeOwned>(
        &self,
        url: Url,
        form: String,
    ) -> Result<T, NoAnswer> {
        let request = self.client.post(url).body(form);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let said = async {
            let answer = self.send(request).await?;
            match answer.status().as_u16() {
                200 => self.read(answer).await,
                status => Err(NoAnswer::Unusable(self.name, status.to_string())),
            }
        };
        self.guarded(said).await
    }

    /// Asks unless the breaker is open, and tells it how that went.
    async fn guarded<T>(
        &self,
        asked: impl Future<Output = Result<T, NoAnswer>>,
    ) -> Result<T, NoAnswer> {
        let is_admitted = match self.breaker.lock() {
            Ok(mut breaker) => breaker.admits(Instant::now()),
            Err(_poisoned) => false,
        };
        if !is_admitted {
            return Err(NoAnswer::LeftAlone(self.name));
        }
        let answer = asked.await;
        let Ok(mut breaker) = self.breaker.lock() else {
            return answer;
        };
        match &answer {
            Err(error) if error.is_failure() => {
                if breaker.failed(Instant::now()) {
                    tracing::warn!(service = self.name, %error, "a service is left alone for a while");
                    metrics::counter!("discuss_service_breaks_total", "service" => self.name)
                        .increment(1);
                }
            }
            _ => breaker.succeeded(),
        }
        answer
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, NoAnswer> {
        let answer = request.send().await.map_err(|error| self.failed(error))?;
        if answer.status().is_server_error() {
            return Err(NoAnswer::Broken(self.name, answer.status().as_u16()));
        }
        Ok(answer)
    }

    async fn read<T: DeserializeOwned>(&self, mut answer: Response) -> Result<T, NoAnswer> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(error))? {
            if body.len().saturating_add(chunk.len()) > MOST_BYTES {
                let what = format!("more than {MOST_BYTES} bytes");
                return Err(NoAnswer::Unusable(self.name, what));
            }
            body.extend_from_slice(&chunk);
        }
        let read = serde_json::from_slice(&body);
        // What was wrong is told by its kind only: the text may hold a token.
        read.map_err(|error| NoAnswer::Unusable(self.name, format!("{:?} JSON", error.classify())))
    }

    fn failed(&self, error: reqwest::Error) -> NoAnswer {
        NoAnswer::Failed(self.name, error.without_url())
    }
}

/// The ids under which a request is logged, for the service that is asked on its behalf.
pub(crate) fn traced(context: &Context) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let given = [
        ("x-correlation-id", context.correlation_id.as_deref()),
        ("traceparent", context.traceparent.as_deref()),
    ];
    for (name, value) in given {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Puts in a token; one that no header can carry is left out, and so refused.
pub(crate) fn insert_bearer(headers: &mut HeaderMap, token: &str) {
    if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}")) {
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
}

#[cfg(test)]
mod tests {
    use discuss_test_support::{HttpServer, Reply};

    use super::*;

    fn service(url: &str) -> Service {
        let client = client(Duration::from_millis(300)).unwrap();
        Service::new(("CRM_SERVICE_URL", "crm"), url, &client).unwrap()
    }

    async fn status(service: &Service) -> Result<u16, NoAnswer> {
        service.status(service.url(&["x"]), HeaderMap::new()).await
    }

    #[tokio::test]
    async fn a_service_is_left_alone_after_five_failures_and_tried_again_after_the_pause() {
        let server = HttpServer::start(|_| Reply::status(500)).await;
        let service = service(&server.url());
        for _ in 0..5 {
            let failed = status(&service).await;
            assert!(matches!(failed, Err(NoAnswer::Broken("crm", 500))));
        }
        let alone = status(&service).await;
        assert!(matches!(alone, Err(NoAnswer::LeftAlone("crm"))));
        assert_eq!(server.requests().len(), 5);

        // The pause is over.
        *service.breaker.lock().unwrap() = Breaker::new(FAILURES, Duration::ZERO);
        server.say(|_| Reply::status(404));
        assert_eq!(status(&service).await.unwrap(), 404);
        assert_eq!(status(&service).await.unwrap(), 404);
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer_and_no_failure() {
        let server = HttpServer::start(|_| Reply::status(403)).await;
        let service = service(&server.url());
        for _ in 0..10 {
            assert_eq!(status(&service).await.unwrap(), 403);
        }
    }

    #[tokio::test]
    async fn who_never_answers_fails_in_bounded_time() {
        let server = HttpServer::start(|_| Reply::Silence).await;
        let failed = status(&service(&server.url())).await;
        assert!(matches!(failed, Err(NoAnswer::Failed("crm", _))));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let other = HttpServer::start(|_| Reply::status(200)).await;
        let to = other.url();
        let server = HttpServer::start(move |_| Reply::Redirect(to.clone())).await;
        assert_eq!(status(&service(&server.url())).await.unwrap(), 302);
        assert_eq!(other.requests().len(), 0);
    }

    #[tokio::test]
    async fn a_body_without_end_is_not_read() {
        let long = "x".repeat(MOST_BYTES);
        let server = HttpServer::start(move |_| Reply::Json(200, long.clone().into())).await;
        let service = service(&server.url());
        let read = service
            .get::<String>(service.url(&["x"]), HeaderMap::new())
            .await;
        assert!(matches!(read, Err(NoAnswer::Unusable("crm", _))));
    }

    #[test]
    fn what_is_no_url_is_named_by_its_variable() {
        let client = client(Duration::from_secs(2)).unwrap();
        for url in ["crm", "crm:8086", "/crm"] {
            let refused = Service::new(("CRM_SERVICE_URL", "crm"), url, &client);
            let error = refused.err().unwrap().to_string();
            assert!(error.starts_with("CRM_SERVICE_URL: "), "{error}");
        }
    }
}
