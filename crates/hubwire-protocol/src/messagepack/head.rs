//! Reading MessagePack value by value, without looking inside the values.

use rmp::Marker;

/// A fault of bytes that are not valid MessagePack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end within a value, or before all announced values.
    EndOfStream,
    /// The first byte of a value is invalid, or not allowed at this place.
    Unexpected(u8),
}

/// A value; for an array or a map, only the number of values that follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Head<'a> {
    Nil,
    Boolean(bool),
    /// An integer that is not negative, in any encoding.
    Unsigned(u64),
    /// A negative integer.
    Negative(i64),
    Float32(f32),
    Float64(f64),
    /// Text that is not yet checked to be UTF-8.
    Text(&'a [u8]),
    Binary(&'a [u8]),
    Array(u32),
    /// The number of pairs.
    Map(u32),
    Extension(i8, &'a [u8]),
}

/// A byte slice from which values are taken at the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the bytes that were not taken yet.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns the first byte of the next value.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes a value; for an array or a map, only its head.
    ///
    /// An array or a map that announces more values than there are bytes is refused here. A caller
    /// that reserves space for the values therefore reserves it only for bytes that have arrived.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Head<'a>, Fault> {
        let (&code, rest) = self.rest.split_first().ok_or(Fault::EndOfStream)?;
        let head = match code {
            0x00..=0x7F => Head::Unsigned(u64::from(code)),
            0xA0..=0xBF => {
                let length = usize::from(code & 0x1F);
                let (text, rest) = rest.split_at_checked(length).ok_or(Fault::EndOfStream)?;
                self.rest = rest;
                return Ok(Head::Text(text));
            }
            0x80..=0x8F if 2 * usize::from(code & 0x0F) <= rest.len() => {
                Head::Map(u32::from(code & 0x0F))
            }
            0x90..=0x9F if usize::from(code & 0x0F) <= rest.len() => {
                Head::Array(u32::from(code & 0x0F))
            }
            0xC0 => Head::Nil,
            0xCB => {
                let (value, rest) = rest.split_first_chunk().ok_or(Fault::EndOfStream)?;
                self.rest = rest;
                return Ok(Head::Float64(f64::from_be_bytes(*value)));
            }
            _ => return self.next_other(),
        };
        self.rest = rest;
        Ok(head)
    }

    /// Not inlined into every visitor, because most values have the short forms.
    #[inline(never)]
    fn next_other(&mut self) -> Result<Head<'a>, Fault> {
        let head = self.next_unchecked()?;
        let values = match head {
            Head::Array(count) => u64::from(count),
            Head::Map(count) => 2 * u64::from(count),
            _ => return Ok(head),
        };
        if values > self.rest.len() as u64 {
            return Err(Fault::EndOfStream);
        }
        Ok(head)
    }

    /// Skips a whole value of any depth, without recursion.
    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        let mut values = 1_u64;
        while values > 0 {
            values -= 1;
            let (&code, rest) = self.rest.split_first().ok_or(Fault::EndOfStream)?;
            // Most values have the short forms.
            let within = match code {
                0x00..=0x7F | 0xC0 | 0xC2 | 0xC3 | 0xE0..=0xFF => 0,
                0x80..=0x8F => {
                    values += 2 * u64::from(code & 0x0F);
                    0
                }
                0x90..=0x9F => {
                    values += u64::from(code & 0x0F);
                    0
                }
                0xA0..=0xBF => usize::from(code & 0x1F),
                0xCC | 0xD0 => 1,
                0xCD | 0xD1 => 2,
                0xCA | 0xCE | 0xD2 => 4,
                0xCB | 0xCF | 0xD3 => 8,
                _ => {
                    match self.next_unchecked()? {
                        // Each count takes at least three bytes, so their sum cannot overflow.
                        Head::Array(count) => values = values.saturating_add(u64::from(count)),
                        Head::Map(count) => values = values.saturating_add(2 * u64::from(count)),
                        _ => {}
                    }
                    continue;
                }
            };
            self.rest = rest.get(within..).ok_or(Fault::EndOfStream)?;
        }
        Ok(())
    }

    fn next_unchecked(&mut self) -> Result<Head<'a>, Fault> {
        let code = u8::from_be_bytes(self.take()?);
        Ok(match code {
            0xC0 => Head::Nil,
            0xC2 => Head::Boolean(false),
            0xC3 => Head::Boolean(true),
            0x00..=0x7F => Head::Unsigned(u64::from(code)),
            0xE0..=0xFF => Head::Negative(i64::from(code.cast_signed())),
            0xCC => Head::Unsigned(u64::from(u8::from_be_bytes(self.take()?))),
            0xCD => Head::Unsigned(u64::from(u16::from_be_bytes(self.take()?))),
            0xCE => Head::Unsigned(u64::from(u32::from_be_bytes(self.take()?))),
            0xCF => Head::Unsigned(u64::from_be_bytes(self.take()?)),
            0xD0 => signed(i64::from(i8::from_be_bytes(self.take()?))),
            0xD1 => signed(i64::from(i16::from_be_bytes(self.take()?))),
            0xD2 => signed(i64::from(i32::from_be_bytes(self.take()?))),
            0xD3 => signed(i64::from_be_bytes(self.take()?)),
            0xCA => Head::Float32(f32::from_be_bytes(self.take()?)),
            0xCB => Head::Float64(f64::from_be_bytes(self.take()?)),
            0xA0..=0xBF => Head::Text(self.bytes(u32::from(code & 0x1F))?),
            0xD9 => Head::Text(self.sized8()?),
            0xDA => Head::Text(self.sized16()?),
            0xDB => Head::Text(self.sized32()?),
            0xC4 => Head::Binary(self.sized8()?),
            0xC5 => Head::Binary(self.sized16()?),
            0xC6 => Head::Binary(self.sized32()?),
            0x90..=0x9F => Head::Array(u32::from(code & 0x0F)),
            0xDC => Head::Array(u32::from(u16::from_be_bytes(self.take()?))),
            0xDD => Head::Array(u32::from_be_bytes(self.take()?)),
            0x80..=0x8F => Head::Map(u32::from(code & 0x0F)),
            0xDE => Head::Map(u32::from(u16::from_be_bytes(self.take()?))),
            0xDF => Head::Map(u32::from_be_bytes(self.take()?)),
            0xD4 => self.extension(1)?,
            0xD5 => self.extension(2)?,
            0xD6 => self.extension(4)?,
            0xD7 => self.extension(8)?,
            0xD8 => self.extension(16)?,
            0xC7 => {
                let length = u8::from_be_bytes(self.take()?);
                self.extension(u32::from(length))?
            }
            0xC8 => {
                let length = u16::from_be_bytes(self.take()?);
                self.extension(u32::from(length))?
            }
            0xC9 => {
                let length = u32::from_be_bytes(self.take()?);
                self.extension(length)?
            }
            0xC1 => return Err(Fault::Unexpected(code)),
        })
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Fault::EndOfStream)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    fn bytes(&mut self, length: u32) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Fault::EndOfStream)?;
        self.rest = rest;
        Ok(taken)
    }

    fn sized8(&mut self) -> Result<&'a [u8], Fault> {
        let length = u8::from_be_bytes(self.take()?);
        self.bytes(u32::from(length))
    }

    fn sized16(&mut self) -> Result<&'a [u8], Fault> {
        let length = u16::from_be_bytes(self.take()?);
        self.bytes(u32::from(length))
    }

    fn sized32(&mut self) -> Result<&'a [u8], Fault> {
        let length = u32::from_be_bytes(self.take()?);
        self.bytes(length)
    }

    fn extension(&mut self, length: u32) -> Result<Head<'a>, Fault> {
        let tag = i8::from_be_bytes(self.take()?);
        Ok(Head::Extension(tag, self.bytes(length)?))
    }
}

fn signed(value: i64) -> Head<'static> {
    u64::try_from(value).map_or(Head::Negative(value), Head::Unsigned)
}

/// Returns the name in MessagePack for C# of the type of values that begin with this byte.
pub(crate) fn format_name(code: u8) -> &'static str {
    match Marker::from_u8(code) {
        Marker::FixPos(_) => "positive fixint",
        Marker::FixNeg(_) => "negative fixint",
        Marker::FixMap(_) => "fixmap",
        Marker::FixArray(_) => "fixarray",
        Marker::FixStr(_) => "fixstr",
        Marker::Null => "nil",
        Marker::Reserved => "(never used)",
        Marker::False => "false",
        Marker::True => "true",
        Marker::Bin8 => "bin 8",
        Marker::Bin16 => "bin 16",
        Marker::Bin32 => "bin 32",
        Marker::Ext8 => "ext 8",
        Marker::Ext16 => "ext 16",
        Marker::Ext32 => "ext 32",
        Marker::F32 => "float 32",
        Marker::F64 => "float 64",
        Marker::U8 => "uint 8",
        Marker::U16 => "uint 16",
        Marker::U32 => "uint 32",
        Marker::U64 => "uint 64",
        Marker::I8 => "int 8",
        Marker::I16 => "int 16",
        Marker::I32 => "int 32",
        Marker::I64 => "int 64",
        Marker::FixExt1 => "fixext 1",
        Marker::FixExt2 => "fixext 2",
        Marker::FixExt4 => "fixext 4",
        Marker::FixExt8 => "fixext 8",
        Marker::FixExt16 => "fixext 16",
        Marker::Str8 => "str 8",
        Marker::Str16 => "str 16",
        Marker::Str32 => "str 32",
        Marker::Array16 => "array 16",
        Marker::Array32 => "array 32",
        Marker::Map16 => "map 16",
        Marker::Map32 => "map 32",
    }
}
