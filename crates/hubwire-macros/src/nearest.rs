//! The nearest known name to a misspelt one.

/// Returns the candidate with the smallest edit distance, or the first of several.
pub(crate) fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let distance = |candidate: &&&str| edit_distance(name, candidate);
    candidates.iter().min_by_key(distance).copied()
}

/// Returns the Levenshtein distance.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("on_connect", "on_connected", 2),
            ("same", "same", 0),
        ] {
            assert_eq!(edit_distance(from, to), distance, "{from} -> {to}");
            assert_eq!(edit_distance(to, from), distance, "{to} -> {from}");
        }
    }

    #[test]
    fn the_nearest_hook_is_found() {
        let hooks = ["on_connected", "on_disconnected"];
        for (name, hook) in [
            ("on_connect", "on_connected"),
            ("on_conected", "on_connected"),
            ("on_disconnect", "on_disconnected"),
            ("on_disconnecting", "on_disconnected"),
            ("on_order_shipped", "on_connected"),
        ] {
            assert_eq!(nearest(name, &hooks), Some(hook), "{name}");
        }
        assert_eq!(nearest("on_connect", &[]), None);
    }
}
