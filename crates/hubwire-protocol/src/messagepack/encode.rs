//! The smallest forms of MessagePack, appended to a buffer.
//!
//! A `Vec` takes whatever is written to it, so that what `rmp` answers is not looked at; only
//! lengths can be wrong.

use rmp::encode as rmp;

use super::error::ValueError;

pub(super) fn nil(out: &mut Vec<u8>) {
    let _ = rmp::write_nil(out);
}

pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    let _ = rmp::write_bool(out, value);
}

pub(super) fn unsigned(out: &mut Vec<u8>, value: u64) {
    if value < 128 {
        out.push(value as u8);
    } else {
        let _ = rmp::write_uint(out, value);
    }
}

pub(super) fn signed(out: &mut Vec<u8>, value: i64) {
    let _ = rmp::write_sint(out, value);
}

pub(super) fn float32(out: &mut Vec<u8>, value: f32) {
    let _ = rmp::write_f32(out, value);
}

pub(super) fn float64(out: &mut Vec<u8>, value: f64) {
    let _ = rmp::write_f64(out, value);
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) -> Result<(), ValueError> {
    let length = length(text.len())?;
    if length < 32 {
        out.push(0xA0 | length as u8);
    } else {
        let _ = rmp::write_str_len(out, length);
    }
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

pub(super) fn binary(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), ValueError> {
    let _ = rmp::write_bin_len(out, length(bytes.len())?);
    out.extend_from_slice(bytes);
    Ok(())
}

pub(super) fn extension(out: &mut Vec<u8>, tag: i8, bytes: &[u8]) -> Result<(), ValueError> {
    let _ = rmp::write_ext_meta(out, length(bytes.len())?, tag);
    out.extend_from_slice(bytes);
    Ok(())
}

pub(crate) fn array_length(out: &mut Vec<u8>, count: usize) -> Result<(), ValueError> {
    let _ = rmp::write_array_len(out, length(count)?);
    Ok(())
}

pub(super) fn map_length(out: &mut Vec<u8>, count: usize) -> Result<(), ValueError> {
    let _ = rmp::write_map_len(out, length(count)?);
    Ok(())
}

/// A length in the range that .NET can read.
fn length(length: usize) -> Result<u32, ValueError> {
    match u32::try_from(length) {
        Ok(length) if length <= i32::MAX as u32 => Ok(length),
        _ => Err(ValueError::TooLong(length)),
    }
}
