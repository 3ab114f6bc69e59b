//! `bad-input`: every route is sent what can't be right, and refuses it as it should.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::bad_input;
use crate::options::Servers;

/// The options of `bad-input`.
#[derive(Debug, Args)]
pub(super) struct BadInput {
    #[command(flatten)]
    servers: Servers,
    /// The OpenAPI document whose routes are tried.
    #[arg(long, value_name = "FILE", default_value = "openapi/openapi.json")]
    document: PathBuf,
}

impl BadInput {
    /// Tries every route; fails if one answers otherwise than it should.
    pub(super) async fn send(self) -> anyhow::Result<ExitCode> {
        let named = self.document.display();
        let text = std::fs::read_to_string(&self.document).with_context(|| named.to_string())?;
        let document = serde_json::from_str(&text).with_context(|| named.to_string())?;
        let report = bad_input::run(&self.servers, &document).await?;
        print!("{report}");
        Ok(if report.held() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
