//! The end of a connection: goodbye, hook, unregistering, and the closing of its socket.

use std::future::poll_fn;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;

use super::{EndReason, Ending, Reader};
use crate::dispatch::Dispatcher;
use crate::hub::{Caller, DisconnectReason, HubError};
use crate::transport::InputEnd;

/// What a method reads at the end of a stream whose client is gone.
fn connection_closed() -> HubError {
    HubError::hidden("The underlying connection was closed.")
        .with_type_name("OperationCanceledException")
}

impl Reader {
    /// Ends a connection whose handshake succeeded.
    pub(super) async fn finish(&mut self, reason: EndReason, mut dispatcher: Option<Dispatcher>) {
        let too_slow = matches!(reason, EndReason::TooSlow);
        let ending = Ending::of(reason, self.hub.options().detailed_errors);
        self.connection.finish_sending();
        if let Some(close) = &ending.close
            && self.input_end.is_none()
        {
            self.say_goodbye(close.error.as_deref(), close.allow_reconnect);
            self.connection.write_queue();
        }
        if too_slow {
            self.reset();
        }
        let questions = Arc::clone(self.hub.lifetime().questions());
        questions.disconnected(self.connection.id());
        let uploads = dispatcher.as_mut().map_or_else(Vec::new, Dispatcher::leave);
        if let Some(dispatcher) = dispatcher.filter(Dispatcher::is_running) {
            let server = self.hub.server();
            let stop = server.stop().clone();
            server.tracker().spawn(async move {
                stop.run_until_cancelled(dispatcher.run_out()).await;
            });
        }
        let mut hook_failed = false;
        if let Some(reason) = ending.reason {
            hook_failed = self.on_disconnected(reason).await.is_err();
        }
        for upload in uploads {
            upload.end(Some(connection_closed()));
        }
        self.hub.lifetime().forget(&self.connection);
        self.close(hook_failed).await;
    }

    async fn on_disconnected(&mut self, reason: DisconnectReason) -> Result<(), HubError> {
        tracing::debug!(target: "hubwire::connection", %reason, "disconnected");
        let caller = Caller::new(Arc::clone(&self.connection));
        let hook = self.hub.service().on_disconnected(caller, reason);
        let result = AssertUnwindSafe(hook)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(HubError::panicked(&*panic)));
        if let Err(error) = &result {
            tracing::error!(target: "hubwire::dispatch", %error, "on_disconnected failed");
        }
        result
    }

    /// Closes the WebSocket: with 1000, or 1011 where the hub's last hook failed.
    pub(super) async fn close(&mut self, hook_failed: bool) {
        self.connection.finish_sending();
        let limit = self.endpoint.web_socket_close_timeout;
        if !matches!(self.input_end, Some(InputEnd::Lost)) {
            if self.input_end.is_none() {
                let code = if hook_failed { 1011 } else { 1000 };
                let frame = hubwire_protocol::close_frame(code, "");
                self.connection.outbound().last_frame(&frame);
            }
            if !matches!(
                tokio::time::timeout(limit, self.written()).await,
                Ok(Ok(()))
            ) {
                return self.reset();
            }
            if tokio::time::timeout(limit, self.answered()).await.is_err() {
                return self.reset();
            }
        }
        drop(self.connection.outbound().close());
    }

    /// Resolves when all that was queued is with the kernel.
    async fn written(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.connection.outbound().poll_written(cx)).await
    }

    /// Resolves when the client closed too; until then its pings are answered and all else is ignored.
    async fn answered(&mut self) {
        poll_fn(|cx| {
            while self.input_end.is_none() {
                let outbound = self.connection.outbound();
                match self.input.poll_read(cx, outbound, |_| {}) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(end) => self.input_end = end,
                }
                self.connection.write_queue();
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Gives a socket up whose peer does not read or answer.
    fn reset(&mut self) {
        self.input_end = Some(InputEnd::Lost);
        if let Some(socket) = self.connection.outbound().close() {
            socket.reset_on_close();
        }
    }
}
