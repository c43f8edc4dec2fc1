//! A call of a client method, as a test sees it.

use std::fmt;

use hubwire_core::{Target, WhenBusy};
use hubwire_protocol::{
    Arguments, BindArguments, BindError, EncodeError, HubProtocol, Naming, RawArguments, json,
    messagepack,
};
use serde_json::Value;

/// A call of a client method by a hub.
///
/// Two calls are equal if their targets, methods and JSON arguments are.
#[derive(Clone)]
#[non_exhaustive]
pub struct Sent {
    /// The clients that were called.
    pub target: Target,
    /// The client method.
    pub method: String,
    /// The arguments as JSON.
    pub arguments: Vec<Value>,
    /// The arguments as they were encoded, because a [`Value`] loses digits of decimals.
    encoded: Option<RawArguments<'static>>,
    /// The policy for busy clients, if hub code set one.
    pub when_busy: Option<WhenBusy>,
}

impl Sent {
    /// Creates a call to compare with.
    pub fn new(target: Target, method: &str, arguments: impl Into<Vec<Value>>) -> Self {
        let arguments = arguments.into();
        let list = List(&arguments);
        Self {
            target,
            method: method.to_owned(),
            encoded: RawArguments::encode(HubProtocol::Json, Naming::AsDeclared, &list).ok(),
            arguments,
            when_busy: None,
        }
    }

    /// Returns the call with this policy for busy clients.
    ///
    /// ```
    /// use hubwire::testing::{HubTester, Sent, Target};
    /// use hubwire::{HubResult, WhenBusy, hub};
    ///
    /// struct StockTickerHub;
    ///
    /// #[hub]
    /// impl StockTickerHub {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> HubResult {
    /// let tester = HubTester::new(StockTickerHub);
    /// let all = tester.context().clients().all();
    /// all.latest("HUB").send("PriceChanged", ("HUB", 7)).await?;
    /// let sent = Sent::new(Target::All, "PriceChanged", ["HUB".into(), 7.into()]);
    /// let sent = sent.when_busy(WhenBusy::latest("HUB"));
    /// assert_eq!(tester.recorder().take_sent(), [sent]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn when_busy(mut self, when_busy: WhenBusy) -> Self {
        self.when_busy = Some(when_busy);
        self
    }

    /// Creates a call with arguments that are encoded with this naming.
    pub(super) fn encoded(
        target: Target,
        method: &str,
        arguments: &dyn Arguments,
        naming: Naming,
    ) -> Result<Self, EncodeError> {
        let encoded = RawArguments::encode(HubProtocol::Json, naming, arguments)?;
        let mut text = Vec::new();
        encoded.write_json(&mut text, naming)?;
        let arguments = serde_json::from_slice(&text).map_err(EncodeError::new)?;
        Ok(Self {
            target,
            method: method.to_owned(),
            arguments,
            encoded: Some(encoded),
            when_busy: None,
        })
    }

    /// Decodes the arguments as a tuple of these types, as a client of the hub does.
    ///
    /// ```
    /// use hubwire::dotnet::Decimal;
    /// use hubwire::testing::HubTester;
    /// use hubwire::{HubCallerContext, HubResult, hub};
    ///
    /// struct PricesHub;
    ///
    /// #[hub]
    /// impl PricesHub {
    ///     pub async fn change(&self, cx: &HubCallerContext<Self>, price: Decimal) -> HubResult {
    ///         Ok(cx.clients().all().send("PriceChanged", ("tea", price)).await?)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tester = HubTester::new(PricesHub);
    /// let price: Decimal = "1.10".parse()?;
    /// tester.caller("ann").invoke("Change", (price,)).await?;
    /// let sent = tester.recorder().take_sent();
    /// let (what, price): (String, Decimal) = sent[0].arguments_as()?;
    /// assert_eq!((what.as_str(), price.to_string().as_str()), ("tea", "1.10"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if an argument does not fit, or if their number differs.
    pub fn arguments_as<A: BindArguments>(&self) -> Result<A, BindError> {
        match &self.encoded {
            Some(encoded) => encoded.bind(),
            None => Err(BindError::NoArray),
        }
    }
}

impl PartialEq for Sent {
    fn eq(&self, other: &Self) -> bool {
        self.target == other.target
            && self.method == other.method
            && self.arguments == other.arguments
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("target", &self.target)
            .field("method", &self.method)
            .field("arguments", &self.arguments)
            .finish()
    }
}

/// Any number of arguments.
struct List<'a>(&'a [Value]);

impl Arguments for List<'_> {
    fn write_json(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        json::write_value(out, self.0)
    }

    fn write_messagepack(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        messagepack::write_value(out, self.0)
    }
}
