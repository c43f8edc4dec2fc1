//! Listening where an option says, with errors that name the option.

use std::io;

use tokio::net::TcpListener;

/// Listens at `address`, the value of `option`.
pub(crate) async fn listen(option: &str, address: &str) -> anyhow::Result<TcpListener> {
    let bound = hubwire::listen(address).await;
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is taken by another program; choose another address, for example \
             {option} 127.0.0.1:5050"
        ),
        io::ErrorKind::InvalidInput => anyhow::anyhow!(
            "{address} is no address; {option} takes ADDRESS:PORT, for example {option} 127.0.0.1:5050"
        ),
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address} ({option})")),
    })
}
