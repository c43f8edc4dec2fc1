//! The server, on a runtime of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use hubwire::{MapHub, SignalR, Statistics};
use tokio::net::TcpSocket;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::hub::{Context, SoakHub};
use crate::plan::SendBuffer;
use crate::scene::Scene;
use crate::settings::KIB;

/// The size for [`SendBuffer::Small`]: a client of 10 kB/s frees space in it every 2 s or 3 s, as
/// its window opens.
const SMALL_SEND_BUFFER: u32 = 16 * KIB as u32;

/// The addresses of the server; accepted sockets inherit the buffer sizes of their listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    system: SocketAddr,
    small: SocketAddr,
}

impl Addresses {
    pub(crate) fn of(&self, buffer: SendBuffer) -> SocketAddr {
        match buffer {
            SendBuffer::System => self.system,
            SendBuffer::Small => self.small,
        }
    }
}

pub(crate) struct Server {
    signalr: SignalR,
    pub(crate) context: Context,
    pub(crate) addresses: Addresses,
    _serving: JoinSet<std::io::Result<()>>,
}

impl Server {
    pub(crate) fn start(scene: &Arc<Scene>, runtime: &Handle) -> Self {
        let _inside = runtime.enter();
        let settings = &scene.plan.settings;
        let signalr = SignalR::new();
        let hub = signalr
            .hub()
            .maximum_outbound_buffer_size(settings.hard_bound)
            .build(SoakHub::new(Arc::clone(scene)));
        let endpoint = hub
            .endpoint()
            .transport_progress_timeout(settings.progress_timeout)
            .transport_progress_size(settings.progress_size);
        let app = axum::Router::new().map_hub("/hub", endpoint);
        let mut serving = JoinSet::new();
        let mut serve = |send_buffer: Option<u32>| {
            let socket = TcpSocket::new_v4().unwrap();
            if let Some(size) = send_buffer {
                socket.set_send_buffer_size(size).unwrap();
            }
            socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
            let listener = socket.listen(4096).unwrap();
            let address = listener.local_addr().unwrap();
            let served = hubwire::serve(listener, app.clone()).with(&signalr);
            serving.spawn_on(served.into_future(), runtime);
            address
        };
        Self {
            addresses: Addresses {
                system: serve(None),
                small: serve(Some(SMALL_SEND_BUFFER)),
            },
            context: hub.context(),
            signalr,
            _serving: serving,
        }
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.signalr.statistics()
    }
}
