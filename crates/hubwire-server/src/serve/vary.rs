//! Merging the `Vary` headers of a response into one.

use http::header::VARY;
use http::{HeaderMap, HeaderValue};

/// Merges the lines of `Vary`, with each name once: layers around a hub may add their own.
pub(super) fn join(headers: &mut HeaderMap) {
    if headers.get_all(VARY).iter().nth(1).is_none() {
        return;
    }
    let lines = headers.get_all(VARY).iter();
    let Ok(lines) = lines
        .map(HeaderValue::to_str)
        .collect::<Result<Vec<_>, _>>()
    else {
        return;
    };
    let mut names = Vec::<&str>::new();
    for name in lines.iter().flat_map(|line| line.split(',')).map(str::trim) {
        if !name.is_empty() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    if let Ok(joined) = HeaderValue::from_str(&names.join(", ")) {
        headers.insert(VARY, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(lines: &[&'static str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(VARY, HeaderValue::from_static(line));
        }
        join(&mut headers);
        let lines = headers.get_all(VARY).iter();
        lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn several_lines_become_one_with_each_name_once() {
        assert_eq!(joined(&[]), [""; 0]);
        assert_eq!(joined(&["a, A"]), ["a, A"]);
        assert_eq!(joined(&["Origin", "origin, accept"]), ["Origin, accept"]);
        assert_eq!(joined(&["a,b", "", "c ,A", "*"]), ["a, b, c, *"]);
    }
}
