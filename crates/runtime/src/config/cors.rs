//! Where browsers may call from.

use actix_web::http::Uri;
use clap::Args;

use super::ConfigError;

const VARIABLE: &str = "CORS_ALLOWED_ORIGINS";

/// Where browsers may call from.
#[derive(Debug, Clone, Args)]
pub struct CorsConfig {
    /// Origins from which browsers may call and connect, separated by commas; others are refused.
    #[arg(long, env, value_delimiter = ',')]
    pub cors_allowed_origins: Vec<String>,
}

impl CorsConfig {
    /// Refuses what no browser would say of itself, `*` above all.
    pub fn check(&self) -> Result<(), ConfigError> {
        match self
            .cors_allowed_origins
            .iter()
            .find(|text| !is_origin(text))
        {
            None => Ok(()),
            Some(text) => Err(ConfigError::new(
                VARIABLE,
                format!(
                    "must be origins as http://localhost:3000, separated by commas (one is `{text}`)"
                ),
            )),
        }
    }
}

/// Scheme, host and perhaps a port, in lower case, and nothing else: as browsers write it.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let written = format!("{scheme}://{authority}").to_lowercase();
    matches!(scheme, "http" | "https") && !authority.as_str().contains('@') && written == text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    fn read(origins: &str) -> CorsConfig {
        from_lookup(|name| (name == VARIABLE).then(|| origins.into())).unwrap()
    }

    #[test]
    fn origins_are_separated_by_commas_and_none_is_the_default() {
        let config = read("http://localhost:3000,https://erp.example.com");
        assert_eq!(
            config.cors_allowed_origins,
            ["http://localhost:3000", "https://erp.example.com"]
        );
        assert_eq!(config.check(), Ok(()));
        let none: CorsConfig = from_lookup(|_| None).unwrap();
        assert!(none.cors_allowed_origins.is_empty() && none.check().is_ok());
    }

    #[test]
    fn what_is_no_origin_is_refused_and_named() {
        for bad in [
            "*",
            "null",
            "erp.example.com",
            "https://erp.example.com/",
            "https://erp.example.com/app",
            "https://ERP.example.com",
            "https://an@erp.example.com",
            "ftp://erp.example.com",
            "http://a, http://b",
        ] {
            let error = read(bad).check().unwrap_err();
            assert_eq!(error.variable, VARIABLE, "{bad}");
        }
    }
}
