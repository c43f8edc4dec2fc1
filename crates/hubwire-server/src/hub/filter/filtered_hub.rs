//! A hub inside its filters, which is itself a hub service.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::future::BoxFuture;
use hubwire_core::HubName;
use hubwire_protocol::{BindError, Headers, Naming, RawItem};
use tokio::time::Instant;

use super::invocation::{Encoding, Outcome};
use super::next::{FilteredMethod, Hook};
use super::{AnyHubFilter, Filters, HubInvocation, InvocationResult, Next, NextHook, RefusedCall};
use crate::connection::DisconnectReason;
use crate::hub::{
    CallFuture, Caller, HubCall, HubError, HubResult, HubService, Reply, ReplyKind, Resources,
    ResourcesBuilder, ResultWriter, StreamEnd, StreamFailure, StreamSink,
};
use crate::node::guarded_step_of;

/// A hub whose calls and hooks run inside filters. Hubs without filters are not wrapped and have no
/// overhead.
pub(crate) struct FilteredHub {
    name: HubName,
    naming: Naming,
    service: Arc<dyn HubService>,
    filters: Arc<[Arc<dyn AnyHubFilter>]>,
    reads_arguments: bool,
    reads_results: bool,
}

impl FilteredHub {
    /// Puts filters around a hub, the first one outermost. Returns the hub itself if there are
    /// none.
    pub(crate) fn wrap(
        name: HubName,
        naming: Naming,
        service: Arc<dyn HubService>,
        filters: Filters,
    ) -> Arc<dyn HubService> {
        let Filters(filters) = filters;
        if filters.is_empty() {
            return service;
        }
        Arc::new(Self {
            name,
            naming,
            service,
            reads_arguments: filters.iter().any(|filter| filter.reads_arguments()),
            reads_results: filters.iter().any(|filter| filter.reads_results()),
            filters: filters.into(),
        })
    }

    fn filtered(&self, method: usize, call: HubCall<'_>, bound: Reply) -> Result<Run, BindError> {
        let received = Instant::now();
        let caller = call.caller_in_scope();
        let encoding = Encoding {
            protocol: caller.connection().protocol(),
            naming: self.naming,
        };
        let arguments = match self.reads_arguments {
            true => Some(kept_arguments(call)?),
            false => None,
        };
        let invocation = HubInvocation {
            hub: self.name.clone(),
            method: self.service.method_name(method).into(),
            caller: caller.clone(),
            headers: kept_headers(call),
            arguments,
            is_replaced: false,
            encoding,
            received,
        };
        let method = FilteredMethod {
            service: Arc::clone(&self.service),
            method,
            caller,
            encoding,
            bound: Some(bound),
            resources: self.reads_arguments.then(|| call.resources().clone()),
            is_result_read: call.is_answered || self.reads_results,
        };
        Ok(Box::pin(run(Arc::clone(&self.filters), invocation, method)))
    }

    fn hook<'a>(&'a self, caller: &'a Caller, hook: Hook<'a>) -> NextHook<'a> {
        NextHook {
            hub: &self.name,
            filters: &self.filters,
            service: &*self.service,
            caller,
            hook,
        }
    }
}

impl HubService for FilteredHub {
    fn method(&self, target: &str) -> Option<usize> {
        self.service.method(target)
    }

    fn method_name(&self, method: usize) -> &str {
        self.service.method_name(method)
    }

    fn parameter_name(&self, method: usize, argument: usize) -> Option<&str> {
        self.service.parameter_name(method, argument)
    }

    fn hint(&self, target: &str) -> Option<String> {
        self.service.hint(target)
    }

    fn resources(&self, method: usize, builder: ResourcesBuilder<'_>) -> Resources {
        self.service.resources(method, builder)
    }

    fn bind(&self, method: usize, call: HubCall<'_>) -> Result<Reply, BindError> {
        let bound = self.service.bind(method, call)?;
        match bound.0 {
            ReplyKind::Call(_) => {
                let run = self.filtered(method, call, bound)?;
                Ok(Reply::call(FilteredCall { run }))
            }
            ReplyKind::Stream(_) => {
                let run = self.filtered(method, call, bound)?;
                Ok(Reply::stream(|sink| stream(run, sink)))
            }
            ReplyKind::UnknownMethod => Ok(bound),
        }
    }

    fn call_refused(&self, call: &RefusedCall<'_>) {
        for filter in &*self.filters {
            let whose = call.caller.connection().whose();
            guarded_step_of(whose, "a filter that is told of a refused call", || {
                filter.refused(call);
            });
        }
    }

    fn on_connected(&self, caller: Caller) -> BoxFuture<'_, HubResult> {
        Box::pin(async move { self.hook(&caller, Hook::Connected).run().await })
    }

    fn on_disconnected(
        &self,
        caller: Caller,
        reason: DisconnectReason,
    ) -> BoxFuture<'_, HubResult> {
        Box::pin(async move { self.hook(&caller, Hook::Disconnected(&reason)).run().await })
    }
}

/// Allocates nothing if there are no headers.
fn kept_headers(call: HubCall<'_>) -> Headers<'static> {
    call.headers().clone().into_owned()
}

fn kept_arguments(call: HubCall<'_>) -> Result<Vec<RawItem<'static>>, BindError> {
    let items = call.arguments().items();
    let items = items.map_err(|_| BindError::NoArray)?.into_iter();
    Ok(items.map(RawItem::into_owned).collect())
}

type Run = BoxFuture<'static, HubResult<InvocationResult>>;

async fn run(
    filters: Arc<[Arc<dyn AnyHubFilter>]>,
    mut invocation: HubInvocation,
    mut method: FilteredMethod,
) -> HubResult<InvocationResult> {
    let next = Next {
        filters: &filters,
        method: &mut method,
    };
    next.run(&mut invocation).await
}

/// Runs the filters of a streaming method, then the stream that they returned.
async fn stream(run: Run, sink: StreamSink) -> StreamEnd {
    match run.await.map(|result| result.0) {
        Ok(Outcome::Stream(start)) => match start.into_inner() {
            Some(start) => start(sink).await,
            None => StreamEnd(Ok(())),
        },
        Ok(Outcome::Value(_) | Outcome::Unread) => StreamEnd(Err(StreamFailure::NoStream)),
        Err(error) => sink.fail(error),
    }
}

/// A call whose result is written after its filters have returned it.
struct FilteredCall {
    run: Run,
}

impl CallFuture for FilteredCall {
    fn poll_call(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        result: &mut ResultWriter<'_>,
    ) -> Poll<HubResult> {
        Poll::Ready(match ready!(self.run.as_mut().poll(cx))?.0 {
            Outcome::Value(value) => result.write(&value).map_err(Into::into),
            Outcome::Unread => Ok(()),
            Outcome::Stream(_) => Err(HubError::hidden(
                "a filter returned the stream of another call",
            )),
        })
    }
}
