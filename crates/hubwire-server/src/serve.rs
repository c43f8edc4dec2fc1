//! An HTTP server for production, with limits that a bare serve loop lacks.

mod accepting;
mod causes;
mod host;
mod http;
mod http1;
mod http1_headers;
mod http2;
mod security;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod vary;

use std::fmt;
use std::future::{Future, IntoFuture, pending};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::task::JoinSet;
use tokio::task::coop::consume_budget;
use tokio_util::sync::CancellationToken;

use self::accepting::Door;
use self::http::{Http, Timeouts};
use self::security::Security;
#[cfg(feature = "tls")]
use self::tls::{Handshakes, Tls, reload};
use crate::node::{Admission, Configure, ServeLimits, ServeOptions, caught, serve_option_setters};
use crate::server::SignalR;

/// Far beyond any uptime, and still a time that can be added to the current one.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// How long ordinary requests may continue after the hubs have shut down.
const REQUEST_GRACE: Duration = Duration::from_secs(5);

/// How long the rest of a response may take if no request is being processed.
const RESPONSE_GRACE: Duration = Duration::from_millis(500);

/// Serves an application over HTTP until it is told to stop.
///
/// Accepts any axum listener: TCP ([`listen()`](crate::listen()) has a large backlog) or Unix
/// sockets. Timeouts for headers, idle connections and writes are on. When [`Serve::until`]
/// resolves, the hubs shut down first (negotiations get 503, clients are told to reconnect), then
/// requests in flight may finish, then the listener closes.
///
/// ```no_run
/// use hubwire::{SignalR, listen, serve};
///
/// # async fn example(app: axum::Router, signalr: SignalR) -> std::io::Result<()> {
/// let listener = listen("127.0.0.1:5000").await?;
/// let shutdown = async { /* wait for a signal */ };
/// serve(listener, app).with(&signalr).until(shutdown).await
/// # }
/// ```
///
/// Without [`Serve::with`], clients of the hubs are not told about the shutdown: their WebSockets
/// continue until the runtime ends or [`SignalR::shutdown`] is called; what uses HTTP/2, event
/// streams and polls are cut off after 5 seconds.
///
/// # Errors
///
/// Returns an error of the kind [`InvalidInput`](io::ErrorKind::InvalidInput), with an
/// [`InvalidOption`](crate::InvalidOption) inside, if an option makes no sense (see
/// [`ServeOptions::validate`]). A listener that fails to accept is tried again after a tenth of a second.
/// For tokio's listeners, this is logged at ERROR at most once in ten seconds, and counted by
/// `hubwire.accept.failures` (the `metrics` facade); other listeners report their own failures.
///
/// # Cancellation
///
/// Dropping the future closes the listener and cuts off requests in flight; WebSockets stay open,
/// but for those over HTTP/2.
pub fn serve<L: Listener>(listener: L, app: Router) -> Serve<L> {
    Serve {
        listener,
        app,
        servers: Vec::new(),
        options: ServeOptions::default(),
        #[cfg(feature = "tls")]
        tls: None,
        until: Box::pin(pending()),
    }
}

/// A server that starts when it is awaited; see [`serve`].
///
/// ```no_run
/// # async fn example(app: axum::Router, signalr: hubwire::SignalR) -> std::io::Result<()> {
/// let listener = hubwire::listen("127.0.0.1:5000").await?;
/// let server = hubwire::serve(listener, app)
///     .with(&signalr)
///     .maximum_connections(60_000)
///     .until(hubwire::shutdown_signal());
/// server.await
/// # }
/// ```
#[must_use = "nothing is served before this is awaited"]
pub struct Serve<L> {
    listener: L,
    app: Router,
    servers: Vec<SignalR>,
    options: ServeOptions,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    until: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<L> Serve<L> {
    /// Shuts this SignalR server down before the listener closes, and applies the section `serve`
    /// of its configuration.
    pub fn with(mut self, signalr: &SignalR) -> Self {
        self.servers.push(signalr.clone());
        self
    }

    /// Sets all options of the HTTP server at once.
    ///
    /// Options that the configuration of a server passed to [`Serve::with`] sets in its section
    /// `serve` win over the code.
    pub fn options(mut self, options: ServeOptions) -> Self {
        self.options = options;
        self
    }

    /// Speaks TLS on all connections of the listener, and HTTP/2 with clients that offer it.
    ///
    /// A handshake may take as long as [`tls_handshake_timeout`](Serve::tls_handshake_timeout), and
    /// [`maximum_tls_handshakes`](Serve::maximum_tls_handshakes) bounds how many run at once. For
    /// plain HTTP besides, serve the same application on a second listener. Without TLS, only
    /// HTTP/1.1 is spoken.
    ///
    /// ```no_run
    /// use hubwire::tls::Tls;
    ///
    /// # async fn example(app: axum::Router, signalr: hubwire::SignalR) -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = hubwire::listen("0.0.0.0:443").await?;
    /// let tls = Tls::from_pem_files("fullchain.pem", "privkey.pem")?;
    /// hubwire::serve(listener, app).with(&signalr).tls(tls).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Serves until `end` resolves, then shuts down in order.
    pub fn until(mut self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Box::pin(end);
        self
    }
}

/// The options of the HTTP server.
#[expect(
    clippy::double_must_use,
    reason = "the setters of builders are the same"
)]
impl<L> Serve<L> {
    serve_option_setters!();
}

impl<L> Configure<ServeOptions> for Serve<L> {
    fn configure(mut self, change: impl FnOnce(&mut ServeOptions)) -> Self {
        change(&mut self.options);
        self
    }
}

impl<L: Listener<Addr: Clone + Send + Sync + 'static>> IntoFuture for Serve<L> {
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

impl<L> fmt::Debug for Serve<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("servers", &self.servers)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

async fn run<L: Listener<Addr: Clone + Send + Sync + 'static>>(
    mut serve: Serve<L>,
) -> io::Result<()> {
    for signalr in &serve.servers {
        signalr
            .server()
            .options()
            .configure_serve(&mut serve.options);
    }
    let options = serve.options;
    options
        .validate()
        .map_err(|invalid| io::Error::new(io::ErrorKind::InvalidInput, invalid))?;
    let limits = Arc::<ServeLimits>::default();
    // Dropping the server ends what runs in the background, and its HTTP connections.
    let mut background = JoinSet::new();
    let mut requests = JoinSet::new();
    let security = serve.security(&limits, &mut background);
    let finish = CancellationToken::new();
    let http = Http {
        app: serve.app,
        timeouts: Timeouts {
            request_headers: options.request_headers_timeout.min(LONGEST_TIMEOUT),
            write: options.write_timeout.min(LONGEST_TIMEOUT),
        },
        limits: Arc::clone(&limits),
        finish: finish.clone(),
    };
    let admission = Admission::new(
        options.maximum_connections,
        options.maximum_connections_per_address,
    );
    let mut door = Door::new(serve.listener, security, admission, Arc::clone(&limits));
    // The listener stays open while the hubs shut down, and new requests get a response.
    let mut end = pin!(async {
        serve.until.await;
        for signalr in &serve.servers {
            signalr.shutdown().await;
        }
    });
    loop {
        // A listener may always have another connection ready, so the end is checked first, and
        // others get their turns.
        let accepted = match select(end.as_mut(), pin!(door.accept())).await {
            Either::Left(((), _)) => break,
            Either::Right((accepted, _)) => accepted,
        };
        let served = accepted.serve(http.clone());
        // A handler of the application may panic; that ends its HTTP connection.
        requests.spawn(caught(served).map(|served| {
            if let Err(panic) = served {
                panic.log("the serving of an HTTP connection");
            }
        }));
        while requests.try_join_next().is_some() {}
        consume_budget().await;
    }
    drop(door);
    finish.cancel();
    let ended = async { while requests.join_next().await.is_some() {} };
    if tokio::time::timeout(REQUEST_GRACE, ended).await.is_err() {
        tracing::warn!(target: "hubwire::serve", left = requests.len(), "requests are cut off");
    }
    limits.pass_on();
    Ok(())
}

impl<L> Serve<L> {
    /// Returns what accepted sockets begin with; in the background, certificates are reloaded.
    #[cfg(feature = "tls")]
    fn security(&mut self, limits: &Arc<ServeLimits>, background: &mut JoinSet<()>) -> Security {
        let Some(tls) = self.tls.take() else {
            return Security::Plain;
        };
        let handshakes = Handshakes::new(&tls, &self.options, Arc::clone(limits));
        background.spawn(reload(tls));
        Security::Tls(Arc::new(handshakes))
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "the feature `tls` uses it")]
    fn security(&self, _: &Arc<ServeLimits>, _: &mut JoinSet<()>) -> Security {
        Security::Plain
    }
}
