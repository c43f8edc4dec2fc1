//! Connections without a hub: what they send comes back.

use hubwire::connections::{ConnectionHandler, HandlerResult, RawConnection};

#[derive(Debug)]
pub(crate) struct EchoHandler;

impl ConnectionHandler for EchoHandler {
    async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
        while let Some(chunk) = connection.receive().await {
            connection.send(chunk).await?;
        }
        Ok(())
    }
}
