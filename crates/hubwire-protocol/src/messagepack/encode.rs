//! The smallest encodings of MessagePack, appended to a buffer.
//!
//! Writing to a `Vec` cannot fail, so the results of `rmp` are ignored; only lengths can be
//! invalid.

use rmp::encode as rmp;

use super::error::ValueError;

/// The most bytes in front of a text.
const LONGEST_HEAD: usize = 5;

#[inline]
pub(super) fn nil(out: &mut Vec<u8>) {
    out.push(0xC0);
}

#[inline]
pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(0xC2 | u8::from(value));
}

#[inline]
pub(super) fn unsigned(out: &mut Vec<u8>, value: u64) {
    match u8::try_from(value) {
        Ok(small @ 0..=0x7F) => out.push(small),
        _ => drop(rmp::write_uint(out, value)),
    }
}

#[inline]
pub(super) fn signed(out: &mut Vec<u8>, value: i64) {
    match u8::try_from(value) {
        Ok(small @ 0..=0x7F) => out.push(small),
        _ => drop(rmp::write_sint(out, value)),
    }
}

#[inline]
pub(super) fn float32(out: &mut Vec<u8>, value: f32) {
    let [a, b, c, d] = value.to_be_bytes();
    out.extend_from_slice(&[0xCA, a, b, c, d]);
}

#[inline]
pub(super) fn float64(out: &mut Vec<u8>, value: f64) {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    out.extend_from_slice(&[0xCB, a, b, c, d, e, f, g, h]);
}

#[inline]
pub(super) fn text(out: &mut Vec<u8>, text: &str) -> Result<(), ValueError> {
    out.reserve(text.len() + LONGEST_HEAD);
    match u8::try_from(text.len()) {
        Ok(short @ 0..=0x1F) => out.push(0xA0 | short),
        _ => drop(rmp::write_str_len(out, length(text.len())?)),
    }
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

pub(super) fn binary(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), ValueError> {
    drop(rmp::write_bin_len(out, length(bytes.len())?));
    out.extend_from_slice(bytes);
    Ok(())
}

pub(super) fn extension(out: &mut Vec<u8>, tag: i8, bytes: &[u8]) -> Result<(), ValueError> {
    drop(rmp::write_ext_meta(out, length(bytes.len())?, tag));
    out.extend_from_slice(bytes);
    Ok(())
}

#[inline]
pub(crate) fn array_length(out: &mut Vec<u8>, count: usize) -> Result<(), ValueError> {
    match u8::try_from(count) {
        Ok(short @ 0..=0x0F) => out.push(0x90 | short),
        _ => drop(rmp::write_array_len(out, length(count)?)),
    }
    Ok(())
}

#[inline]
pub(super) fn map_length(out: &mut Vec<u8>, count: usize) -> Result<(), ValueError> {
    match u8::try_from(count) {
        Ok(short @ 0..=0x0F) => out.push(0x80 | short),
        _ => drop(rmp::write_map_len(out, length(count)?)),
    }
    Ok(())
}

/// Checks that a length is in the range that .NET can read.
fn length(length: usize) -> Result<u32, ValueError> {
    match u32::try_from(length) {
        Ok(length) if length <= i32::MAX as u32 => Ok(length),
        _ => Err(ValueError::TooLong(length)),
    }
}
