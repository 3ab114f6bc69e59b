//! Bad input for every route of an OpenAPI document: each is refused in the envelope, and the next good
//! request works.

mod cases;
mod document;

use std::fmt;
use std::time::Duration;

use reqwest::{Client, Method, Response, Url, header};
use serde_json::Value;

use self::cases::{Case, MARK};
use self::document::{Document, Operation, at};
use crate::options::Servers;
use crate::people::{Person, Tenant};
use crate::rest::Rest;

/// What is answered later than this was not answered.
const PATIENCE: Duration = Duration::from_secs(10);
/// Wrong answers that are shown.
const SHOWN: usize = 40;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    operations: usize,
    requests: usize,
    wrong: Vec<String>,
}

impl Report {
    /// Was everything refused as it should be?
    pub(crate) fn held(&self) -> bool {
        self.operations > 0 && self.wrong.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wrong in self.wrong.iter().take(SHOWN) {
            writeln!(f, "WRONG: {wrong}")?;
        }
        writeln!(
            f,
            "{} bad requests to {} operations, {} answered wrongly; every text in them holds {MARK}",
            self.requests,
            self.operations,
            self.wrong.len()
        )
    }
}

/// Somebody in a channel, who sends what is bad.
struct Sender {
    client: Client,
    /// The API without its base path: the document's paths have it.
    root: String,
    person: Person,
    channel: u64,
    message: u64,
}

/// Sends every case of every operation of the document.
pub(crate) async fn run(servers: &Servers, document: &Value) -> anyhow::Result<Report> {
    let document = Document::read(document)?;
    let sender = Sender::prepare(servers).await?;
    let mut report = Report::default();
    for operation in document.operations() {
        report.operations += 1;
        for case in cases::of(&document, operation) {
            report.requests += 1;
            if let Some(wrong) = sender.try_case(operation, &case).await {
                report.wrong.push(format!("{operation}, {case}: {wrong}"));
            }
        }
        if let Some(wrong) = sender.try_good().await {
            let after = format!("the good request after {operation}: {wrong}");
            report.wrong.push(after);
        }
    }
    Ok(report)
}

impl Sender {
    async fn prepare(servers: &Servers) -> anyhow::Result<Self> {
        let tenant = Tenant::new(servers.tenant_or_random(), servers.secret()?);
        let person = tenant.person(1, "User 1")?;
        let rest = Rest::new(servers.apis.clone())?;
        let channel = rest.create_group(&person, "Bad input", &[2]).await?;
        let sent = rest
            .send(&person, channel, ("something good", uuid::Uuid::new_v4()))
            .await?;
        let root = servers.apis.first().map_or("", String::as_str);
        let root = root.split("/discuss/").next().unwrap_or(root);
        Ok(Self {
            client: Client::builder().no_proxy().timeout(PATIENCE).build()?,
            root: root.to_owned(),
            person,
            channel,
            message: sent.id,
        })
    }

    /// Sends a case; answers what was wrong with how it was refused.
    async fn try_case(&self, operation: &Operation, case: &Case) -> Option<String> {
        let path = operation.path_with(case.path.as_ref(), self.channel, self.message);
        let url = Url::parse_with_params(&format!("{}{path}", self.root), &case.query);
        let Ok(url) = url else {
            return Some(format!("{path} makes no URL"));
        };
        let mut request = self
            .client
            .request(operation.method.clone(), url)
            .bearer_auth(&self.person.token);
        if let Some(body) = &case.body {
            let kind = "application/json";
            request = request
                .header(header::CONTENT_TYPE, kind)
                .body(body.clone());
        }
        match request.send().await {
            Ok(answer) => wrong_refusal(answer, case.refusals()).await,
            // Who sends ten megabytes may be cut off before they have read the refusal.
            Err(_) if case.may_be_cut() => None,
            Err(error) => Some(format!("no answer: {error}")),
        }
    }

    /// The channel can be read.
    async fn try_good(&self) -> Option<String> {
        let url = format!("{}/discuss/api/v1/channels/{}", self.root, self.channel);
        let request = self
            .client
            .request(Method::GET, url)
            .bearer_auth(&self.person.token);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(answer.status().to_string()),
            Err(error) => Some(error.to_string()),
        }
    }
}

/// What is wrong with an answer that should be a refusal of bad input, in the envelope.
async fn wrong_refusal(answer: Response, allowed: &[u16]) -> Option<String> {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    if !allowed.contains(&status) {
        return Some(format!("{status}: {}", cut(&text)));
    }
    let body: Value = match serde_json::from_str(&text) {
        Ok(body) => body,
        Err(_) => return Some(format!("{status} is no JSON: {}", cut(&text))),
    };
    let is_envelope = at(&body, "status") == "error"
        && at(&body, "code") == status
        && at(&body, "error").is_string()
        && at(&body, "message").is_string()
        && at(&body, "traceId").is_string()
        && at(&body, "data").is_null();
    (!is_envelope).then(|| format!("{status} is no envelope: {}", cut(&text)))
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
