//! Numbered messages, as they are written: a label with source, number and size, and that much
//! filler.

use std::sync::LazyLock;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::bucket::{Bucket, ENVELOPE};
use crate::dice::Dice;
use crate::plan::SourcePlan;
use crate::settings::MIB;

/// Longer than any message.
static FILLER: LazyLock<String> = LazyLock::new(|| "x".repeat(2 * MIB));

pub(crate) fn filler(size: usize) -> &'static str {
    &FILLER[..size]
}

/// Filler of this many bytes, as an argument, an item or a result.
///
/// For JSON it is quoted here, in the form of serde_json's `RawValue`. Otherwise serde_json looks
/// at every byte of a text, which takes all the time in a build without optimization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filler(pub(crate) usize);

impl Serialize for Filler {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const RAW: &str = "$serde_json::private::RawValue";
        let text = filler(self.0);
        if !serializer.is_human_readable() {
            return serializer.serialize_str(text);
        }
        let mut raw = serializer.serialize_struct(RAW, 1)?;
        raw.serialize_field(RAW, &["\"", text, "\""].concat())?;
        raw.end()
    }
}

pub(crate) struct Numbered {
    /// A label such as `<group3 17 1000>`.
    pub(crate) label: String,
    pub(crate) filler: Filler,
}

/// The messages of one source, in order.
pub(crate) struct Source {
    pub(crate) plan: SourcePlan,
    dice: Dice,
    bucket: Bucket,
    sent: u64,
}

impl Source {
    pub(crate) fn new(plan: &SourcePlan, seed: u64) -> Self {
        let mut dice = Dice::new(seed, &plan.label);
        Self {
            bucket: Bucket::new(plan.offer, dice.fraction()),
            plan: plan.clone(),
            dice,
            sent: 0,
        }
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns the next message once it may be sent.
    pub(crate) async fn next(&mut self) -> Numbered {
        let size = self.dice.size(self.plan.largest);
        self.bucket.take(size + ENVELOPE).await;
        self.number(size)
    }

    /// Returns the next message if it may be sent now.
    pub(crate) fn try_next(&mut self) -> Option<Numbered> {
        let size = self.dice.size(self.plan.largest);
        self.bucket.try_take(size + ENVELOPE).ok()?;
        Some(self.number(size))
    }

    /// Returns messages that use everything allowed at once, when that much is available.
    pub(crate) async fn peak(&mut self) -> Vec<Numbered> {
        let mut left = self.plan.offer.at_once as usize;
        self.bucket.take(left).await;
        let mut peak = Vec::new();
        while let Some(most) = left.checked_sub(ENVELOPE).filter(|most| *most > 0) {
            // From a few large ones to hundreds.
            let size = self.dice.between(1_000, self.plan.largest).min(most);
            peak.push(self.number(size));
            left = most - size;
        }
        peak
    }

    /// Returns the next message, regardless of what may be sent.
    pub(crate) fn small(&mut self) -> Numbered {
        let size = self.dice.size(4_000);
        self.number(size)
    }

    fn number(&mut self, size: usize) -> Numbered {
        let number = self.sent;
        self.sent += 1;
        Numbered {
            label: format!("<{} {number} {size}>", self.plan.label),
            filler: Filler(size),
        }
    }
}
