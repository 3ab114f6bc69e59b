//! Where a process listens. The ports are each binary's own variables.

use std::net::{IpAddr, SocketAddr};

use clap::Args;

/// The address a process listens on.
#[derive(Debug, Clone, Args)]
pub struct ListenConfig {
    /// Address to listen on; 0.0.0.0 is every one of this machine.
    #[arg(long, env, default_value = "0.0.0.0")]
    pub server_host: IpAddr,
}

impl ListenConfig {
    /// That address with a port; port 0 takes any that is free.
    #[must_use]
    pub fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.server_host, port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_lookup;

    #[test]
    fn it_listens_everywhere_unless_told_otherwise() {
        assert_eq!(
            from_lookup::<ListenConfig>(|_| None)
                .unwrap()
                .at(8092)
                .to_string(),
            "0.0.0.0:8092"
        );
        let read = from_lookup::<ListenConfig>(|_| Some("::1".into())).unwrap();
        assert_eq!(read.at(0).to_string(), "[::1]:0");
    }

    #[test]
    fn a_name_is_no_address() {
        let error = from_lookup::<ListenConfig>(|_| Some("localhost".into())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SERVER_HOST: invalid IP address syntax (it is `localhost`)"
        );
    }
}
