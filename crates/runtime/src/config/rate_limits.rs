//! How often callers may call.

use clap::Args;

/// How often callers may call in a minute; 0 is no limit.
#[derive(Debug, Clone, Copy, Args)]
pub struct RateLimitConfig {
    /// Messages that one person may send in a minute, by requests and sockets together; 0 is no limit.
    #[arg(long, env, default_value_t = 60)]
    pub rate_limit_sends: u32,
    /// Requests of one person in a minute that are none of the others; 0 is no limit.
    #[arg(long, env, default_value_t = 300)]
    pub rate_limit_reads: u32,
    /// Searches of one person in a minute; 0 is no limit.
    #[arg(long, env, default_value_t = 30)]
    pub rate_limit_searches: u32,
    /// Uploads of one person in a minute; 0 is no limit.
    #[arg(long, env, default_value_t = 10)]
    pub rate_limit_uploads: u32,
    /// Calls of all people of a tenant in a minute; 0 is no limit.
    #[arg(long, env, default_value_t = 10_000)]
    pub rate_limit_tenant: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    #[test]
    fn the_limits_are_those_that_are_agreed_on_and_can_be_lifted() {
        let limits: RateLimitConfig = from_lookup(|_| None).unwrap();
        let RateLimitConfig {
            rate_limit_sends,
            rate_limit_reads,
            rate_limit_searches,
            rate_limit_uploads,
            rate_limit_tenant,
        } = limits;
        assert_eq!((rate_limit_sends, rate_limit_reads), (60, 300));
        assert_eq!((rate_limit_searches, rate_limit_uploads), (30, 10));
        assert_eq!(rate_limit_tenant, 10_000);
        let limits: RateLimitConfig =
            from_lookup(|name| (name == "RATE_LIMIT_SENDS").then(|| "0".into())).unwrap();
        assert_eq!(limits.rate_limit_sends, 0);
    }

    #[test]
    fn a_bad_limit_is_named() {
        let error = from_lookup::<RateLimitConfig>(|name| {
            (name == "RATE_LIMIT_TENANT").then(|| "-1".into())
        });
        let error = error.unwrap_err();
        assert_eq!(error.variable, "RATE_LIMIT_TENANT");
    }
}
