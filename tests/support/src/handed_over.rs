//! A listener whose connections a test hands over itself.

use std::future::pending;
use std::io;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Accepts byte streams in place of sockets, as long as there is anybody who hands them over.
pub struct HandedOver<S>(UnboundedReceiver<S>);

impl<S> HandedOver<S> {
    /// The listener, and where its connections come from.
    pub fn new() -> (UnboundedSender<S>, Self) {
        let (streams, handed_over) = unbounded_channel();
        (streams, Self(handed_over))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Listener for HandedOver<S> {
    type Io = S;
    type Addr = ();

    async fn accept(&mut self) -> (S, ()) {
        match self.0.recv().await {
            Some(stream) => (stream, ()),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}
