//! The MessagePack hub protocol against the bytes of official encoders and recorded servers.

mod reading;
mod refusing;
mod values;
mod writing;

/// Returns the bytes that a hexadecimal text stands for; spaces are ignored.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
