//! Our own types after serde has buffered them: as text, because serde did not know the format.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Serialize;
use serde::ser::Error as _;

use super::{Serializer, Within};
use crate::dotnet::{DateOnly, DateTimeOffset, TimeOnly, TimeSpan};
use crate::messagepack::encode;
use crate::messagepack::error::ValueError;
use crate::timestamp::Timestamp;

impl Serializer<'_> {
    /// Writes the value that the text within one of our own types represents.
    #[cold]
    pub(super) fn buffered_text(&mut self, text: &str) -> Result<(), ValueError> {
        let within = std::mem::replace(&mut self.within, Within::None);
        let written = match within {
            Within::None | Within::Decimal | Within::PerProtocol | Within::RawItem => {
                encode::text(self.out, text)
            }
            Within::Binary => match BASE64_STANDARD.decode(text) {
                Ok(bytes) => encode::binary(self.out, &bytes),
                Err(error) => Err(ValueError::custom(error)),
            },
            Within::Timestamp => self.parsed(text.parse::<Timestamp>()),
            Within::DateTimeOffset => self.parsed(text.parse::<DateTimeOffset>()),
            Within::TimeSpan => self.parsed(text.parse::<TimeSpan>()),
            Within::DateOnly => self.parsed(text.parse::<DateOnly>()),
            Within::TimeOnly => self.parsed(text.parse::<TimeOnly>()),
        };
        self.within = within;
        written
    }

    fn parsed<T: Serialize, E: std::fmt::Display>(
        &mut self,
        value: Result<T, E>,
    ) -> Result<(), ValueError> {
        value.map_err(ValueError::custom)?.serialize(self)
    }
}
