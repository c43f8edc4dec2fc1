//! Who may call a method: roles, policies, and what happens while a policy decides.

mod building;
mod demoted;
mod hostile_policies;
mod ids;
mod peer;
mod policies;
mod recorded;
mod roles;
mod slots;
mod spans;
mod unread_arguments;
mod uploads;

use std::sync::{Arc, Mutex};

use anyhow::Context;
use futures_util::stream;
use hubwire::auth::{Policy, PolicyContext};
use hubwire::filters::{HubFilter, HubInvocation, InvocationResult, Next, RefusedCall};
use hubwire::protocol::HubProtocol;
use hubwire::{
    HubBuilder, HubCallerContext, HubError, HubResult, Principal, Stream, StreamReader, hub,
};
use peer::Peer;
use serde::{Deserialize, Deserializer};
use test_support::in_memory::*;

const PROTOCOLS: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];

struct Kitchen {
    log: Log,
    gate: Gate,
}

#[hub]
impl Kitchen {
    pub fn echo(&self, text: String) -> String {
        text
    }

    pub async fn wait(&self) {
        self.gate.passed().await;
    }

    #[authorize]
    pub fn eat(&self) -> &'static str {
        "eaten"
    }

    #[authorize(role = "Cook")]
    pub fn cook(&self, order: Order) -> u32 {
        self.log.note(format!("cook {}", order.0));
        order.0
    }

    #[authorize(roles = ["Cook", "Waiter"])]
    pub fn serve(&self) -> &'static str {
        "served"
    }

    #[authorize(role = "Cook")]
    #[authorize(role = "Waiter")]
    pub fn both(&self) -> &'static str {
        "both"
    }

    #[authorize(role = "Cook")]
    pub fn steps(&self) -> impl Stream<Item = u32> + use<> {
        stream::iter(0..2)
    }

    #[authorize(role = "Cook")]
    pub async fn taste(&self, spoons: StreamReader<u32>) -> HubResult<u32> {
        sum(spoons).await
    }

    #[authorize(policy = "Door")]
    pub fn enter(&self, order: Order) -> u32 {
        tracing::info!("enters");
        self.log.note(format!("enter {}", order.0));
        order.0
    }

    #[authorize(role = "Cook", policy = "Door")]
    pub fn enter_as_cook(&self) {
        self.log.note("enter as cook");
    }

    #[authorize(role = "Cook", policy = "Door")]
    pub fn count_as_cook(&self) -> impl Stream<Item = u32> + use<> {
        self.log.note("count as cook");
        stream::iter(0..2)
    }

    #[authorize(role = "Cook", policy = "Door")]
    pub async fn sum_as_cook(&self, numbers: StreamReader<u32>) -> HubResult<u32> {
        self.log.note("sum as cook");
        sum(numbers).await
    }

    #[authorize(policy = "Door")]
    pub fn count(&self, to: u32) -> impl Stream<Item = u32> + use<> {
        tracing::info!("counts");
        self.log.note("count");
        stream::iter(0..to)
    }

    #[authorize(policy = "Door")]
    pub async fn sum(&self, numbers: StreamReader<u32>) -> HubResult<u32> {
        self.log.note("sum");
        sum(numbers).await
    }

    /// Reads one number when the gate opens, and does not end.
    #[authorize(policy = "Door")]
    pub async fn hold(&self, mut numbers: StreamReader<u32>) {
        self.gate.passed().await;
        let number = numbers.next().await;
        self.log.note(format!("{:?}", number.map(|it| it.ok())));
        std::future::pending::<()>().await;
    }

    #[authorize(policy = "Door")]
    pub fn double(&self, orders: StreamReader<Order>) -> impl Stream<Item = HubResult<u32>> {
        use futures_util::StreamExt;
        orders.map(|order| Ok(order?.0 * 2))
    }

    #[authorize(policy = "Door")]
    pub async fn collect(&self, mut orders: StreamReader<Order>) -> HubResult<u32> {
        let mut count = 0;
        while let Some(order) = orders.next().await {
            order?;
            count += 1;
        }
        Ok(count)
    }

    #[authorize(policy = "Own")]
    pub fn open(&self, owner: String, _drawer: u32) -> String {
        owner
    }

    /// Its policy reads the owner in a function that has `anyhow` errors.
    #[authorize(policy = "OwnByDoor")]
    pub fn open_by_door(&self, _owner: String, _drawer: u32) {}

    #[authorize(policy = "OwnByNumber")]
    pub fn open_by_number(&self, _owner: String, _drawer: u32) {}

    #[authorize(policy = "Unread")]
    pub fn open_unread(&self, _owner: String) {}

    #[authorize(policy = "Anyway")]
    pub fn open_anyway(&self, _owner: String) {}

    #[authorize(policy = "Doorbell")]
    pub async fn ring(&self, cx: &HubCallerContext<Self>) -> HubResult<u32> {
        Ok(cx.clients().caller().invoke("Ask", ("why",)).await?)
    }
}

async fn sum(mut numbers: StreamReader<u32>) -> HubResult<u32> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await {
        sum += number?;
    }
    Ok(sum)
}

/// An argument that notes when it is decoded.
struct Order(u32);

static DECODED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        DECODED.lock().unwrap().push(number);
        Ok(Self(number))
    }
}

/// Returns whether this number, which only one test uses, has been decoded as an `Order`.
fn was_decoded(number: u32) -> bool {
    DECODED.lock().unwrap().contains(&number)
}

/// What the policy `Door` says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    Yes,
    No,
    Fails,
    FailsAloud,
    Panics,
    /// Whatever it says when its gate opens.
    NotYet,
}

/// A kitchen whose policies and filters can be watched.
struct Stage {
    server: TestServer<Kitchen>,
    log: Log,
    /// The gate of methods.
    gate: Gate,
    /// The gate of the policy `Door`.
    door: Gate,
    says: Arc<Mutex<Says>>,
}

impl Stage {
    fn new() -> Self {
        Self::with(|hub| hub)
    }

    fn with(configure: impl FnOnce(HubBuilder<Kitchen>) -> HubBuilder<Kitchen>) -> Self {
        let (log, gate, door) = (Log::default(), Gate::closed(), Gate::closed());
        let says = Arc::new(Mutex::new(Says::Yes));
        let kitchen = Kitchen {
            log: log.clone(),
            gate: gate.clone(),
        };
        let policy = {
            let (log, door, says) = (log.clone(), door.clone(), Arc::clone(&says));
            Policy::check(move |cx| {
                let (log, door, says) = (log.clone(), door.clone(), Arc::clone(&says));
                async move { decide(cx, &log, &door, &says).await }
            })
        };
        let own = Policy::check_with_arguments(async |cx| {
            let owner: String = cx.argument(0)?;
            Ok(cx.principal().name_identifier() == Some(&*owner))
        });
        let own_by_door = Policy::check_with_arguments(async |cx| {
            settle().await;
            let owner = owner_of(&cx)?;
            Ok(cx.principal().name_identifier() == Some(&*owner))
        });
        let own_by_number =
            Policy::check_with_arguments(async |cx| Ok(cx.argument::<u32>(1)? < 10));
        let unread = Policy::check(async |cx| Ok(cx.argument::<String>(0)?.is_empty()));
        let anyway = Policy::check_with_arguments(async |cx| match cx.argument::<String>(0) {
            Ok(_) => Ok(true),
            Err(_) => Err(HubError::hidden("the drawer is stuck")),
        });
        let doorbell = Policy::check(async |cx| {
            let caller = cx.caller().ok_or_else(|| HubError::hidden("no call"))?;
            let clients = caller.clients();
            Ok(clients.caller().invoke("Ask", ("who",)).await?)
        });
        let server = TestServer::with(kitchen, |hub| {
            let hub = hub
                .policy("Door", policy)
                .policy("Own", own)
                .policy("OwnByDoor", own_by_door)
                .policy("OwnByNumber", own_by_number)
                .policy("Unread", unread)
                .policy("Anyway", anyway)
                .policy("Doorbell", doorbell);
            configure(hub)
        });
        Self {
            server,
            log,
            gate,
            door,
            says,
        }
    }

    fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    async fn connect(&self, roles: &[&str], protocol: HubProtocol) -> Peer {
        let claims = roles.iter().map(|role| ("role", *role));
        let user = Principal::new(claims.chain([("sub", "ann")]));
        Peer::connect(&self.server.endpoint, Some(user), protocol).await
    }
}

/// Notes that the policy was asked, also when it is dropped before it decides.
struct Asked(Log);

impl Drop for Asked {
    fn drop(&mut self) {
        tracing::info!("asked");
        self.0.note("asked");
    }
}

fn owner_of(cx: &PolicyContext) -> anyhow::Result<String> {
    cx.argument(0).context("who owns the drawer")
}

async fn decide(cx: PolicyContext, log: &Log, door: &Gate, says: &Mutex<Says>) -> HubResult<bool> {
    tracing::info!("who is there");
    let _asked = Asked(log.clone());
    assert!(cx.argument::<u32>(0).is_err(), "the arguments are left out");
    let now = || *says.lock().unwrap();
    if now() == Says::NotYet {
        door.passed().await;
        tracing::info!("decides");
    }
    match now() {
        Says::Yes => Ok(true),
        Says::No => Ok(false),
        Says::Fails => Err(HubError::hidden("the door is stuck")),
        Says::FailsAloud => Err(HubError::new("Come back later")),
        Says::Panics => panic!("the door falls"),
        Says::NotYet => panic!("the gate opens after the test has said what the door says"),
    }
}

/// Notes the calls that run and those that are refused.
struct Watching(&'static str, Log);

impl HubFilter for Watching {
    async fn invoke(
        &self,
        invocation: &mut HubInvocation,
        next: Next<'_>,
    ) -> HubResult<InvocationResult> {
        let (name, method) = (self.0, invocation.method_name().to_owned());
        self.1.note(format!("{name} {method}"));
        next.run(invocation).await
    }

    fn refused(&self, call: &RefusedCall<'_>) {
        let (name, target, reason) = (self.0, call.target(), call.reason());
        self.1.note(format!("{name} {target} {reason:?}"));
    }
}

fn unauthorized(id: &str, method: &str) -> String {
    format!("completion {id} error Failed to invoke '{method}' because user is unauthorized")
}

fn failed_to_invoke(id: &str, method: &str) -> String {
    format!("completion {id} error Failed to invoke '{method}' due to an error on the server.")
}
