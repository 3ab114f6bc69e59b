//! Everybody who may see a business record asks for its channel at once: there is one, with all of them in it.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Race;
use crate::people::Tenant;
use crate::rest::Rest;

/// A CRM by which everybody may see every customer.
const YES: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// So many people at once ask for the channel of a customer, for so many customers; on `port` there is to be the
/// CRM that the API asks.
pub(super) async fn race(
    rest: &Rest,
    tenant: &Tenant,
    (port, callers, rounds): (u16, usize, u64),
) -> anyhow::Result<Race> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let crm = tokio::spawn(serve(listener));
    let people = tenant.people(u64::try_from(callers)?)?;
    let (mut several, mut failed) = (0, 0);
    for customer in 1..=rounds {
        let asking = people.iter().map(|person| rest.topic(person, customer));
        let mut channels = BTreeSet::new();
        for answer in join_all(asking).await {
            match answer {
                Ok(channel) => {
                    channels.insert(channel);
                }
                Err(error) => {
                    eprintln!("{error}");
                    failed += 1;
                }
            }
        }
        several += u64::from(channels.len() != 1);
    }
    crm.abort();
    let figures = vec![
        ("customers whose channel is asked for", rounds),
        ("people who ask for each at once", u64::try_from(callers)?),
        ("customers without just one channel", several),
        ("of these calls, not answered well", failed),
    ];
    Ok(Race {
        figures,
        faults: several + failed,
    })
}

async fn serve(listener: TcpListener) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(say_yes(socket));
    }
}

/// Requests have no body: the first empty line ends one.
async fn say_yes(mut socket: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    socket.write_all(YES).await
}
