//! x
fn main() {
    let mut rec = "{\"type\":1,\"invocationId\":\"ՙ\",\"target\":\"\",\"arguments\":[[1,2]],\"streamIds\":[\"\u{1d17b}ਵ\\u0000\"]}".as_bytes().to_vec();
    for i in 0..rec.len() {
        let old = rec[i];
        rec[i] = 0x1e;
        let a = hubwire_protocol::json::parse_message(&rec);
        let mut v = serde_json::Deserializer::from_slice(&rec).into_iter::<serde::de::IgnoredAny>();
        let b = v.next();
        if a.is_ok() { println!("{i} {a:?} {b:?} {}", rec.escape_ascii()); }
        rec[i] = old;
    }
}
