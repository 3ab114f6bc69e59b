//! Which ends of a connection are final: to try again with the same token would not help.

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// The close code for no token, a bad one, or one whose time is over.
const UNAUTHORIZED: u16 = 4401;
/// From this close code on, a client is not to come back as it is.
const FIRST_FINAL: u16 = 4400;

/// Whether the handshake itself was refused.
pub(super) fn is_final(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::Http(answer)) if answer.status().is_client_error())
}

/// Refuses to go on after a close frame that is final.
pub(super) fn require_may_return(frame: Option<CloseFrame>) -> anyhow::Result<()> {
    let Some(frame) = frame else { return Ok(()) };
    let code = u16::from(frame.code);
    anyhow::ensure!(
        code != UNAUTHORIZED,
        "the gateway does not take this token (close code {code}): its time is over, or it was signed with another secret"
    );
    anyhow::ensure!(
        code < FIRST_FINAL,
        "the gateway closed the connection for good: {code} {}",
        frame.reason
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(code: u16) -> anyhow::Result<()> {
        require_may_return(Some(CloseFrame {
            code: code.into(),
            reason: "because".into(),
        }))
    }

    #[test]
    fn a_drained_or_broken_connection_comes_back_and_a_bad_token_does_not() {
        assert!(require_may_return(None).is_ok());
        for code in [1000, 4001, 4008] {
            assert!(closed(code).is_ok(), "{code}");
        }
        assert!(closed(4401).unwrap_err().to_string().contains("token"));
        assert_eq!(
            closed(4403).unwrap_err().to_string(),
            "the gateway closed the connection for good: 4403 because"
        );
    }
}
