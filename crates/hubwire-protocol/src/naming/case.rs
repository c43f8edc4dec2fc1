//! Converting Rust names of members to .NET names.

/// Yields the PascalCase name: underscores are removed, and the first letter and each letter after
/// an underscore become capitals.
///
/// In a name without underscores only the first letter changes. A name that was given to serde
/// explicitly stays as it is otherwise.
pub(crate) fn pascal_characters(declared: &str) -> impl Iterator<Item = char> {
    let mut begins = true;
    declared.chars().filter_map(move |character| {
        if character == '_' {
            begins = true;
            return None;
        }
        let raised = if begins {
            character.to_ascii_uppercase()
        } else {
            character
        };
        begins = false;
        Some(raised)
    })
}

/// Appends the camelCase name that .NET's `JsonNamingPolicy.CamelCase` makes of the PascalCase
/// name: leading capitals are lowered, except the last one before a small letter.
pub(crate) fn push_camel(declared: &str, name: &mut String) {
    let mut characters = pascal_characters(declared).enumerate().peekable();
    let mut leads = true;
    while let Some((at, character)) = characters.next() {
        let is_capital = character.is_ascii_uppercase();
        let next_is_small = characters
            .peek()
            .is_some_and(|(_, next)| !next.is_ascii_uppercase());
        leads = leads && is_capital && (at == 0 || !next_is_small);
        name.push(if leads {
            character.to_ascii_lowercase()
        } else {
            character
        });
    }
}

/// Returns whether `name` is the PascalCase form of the declared name.
pub(crate) fn is_pascal(name: &str, declared: &str) -> bool {
    pascal_characters(declared).eq(name.chars())
}

/// Returns whether `name` is the member's name, ignoring ASCII case.
pub(crate) fn is_any_case(name: &str, declared: &str) -> bool {
    let lower = |character: char| character.to_ascii_lowercase();
    pascal_characters(declared)
        .map(lower)
        .eq(name.chars().map(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(declared: &str, pascal: &str, camel: &str) {
        assert_eq!(pascal_characters(declared).collect::<String>(), pascal);
        let mut name = String::new();
        push_camel(declared, &mut name);
        assert_eq!(name, camel);
        assert!(is_pascal(pascal, declared));
        assert!(is_any_case(camel, declared));
        assert!(is_any_case(&pascal.to_ascii_uppercase(), declared));
    }

    #[test]
    fn names_are_those_of_dotnet() {
        check("name", "Name", "name");
        check("user_name", "UserName", "userName");
        check("userName", "UserName", "userName");
        check("UserName", "UserName", "userName");
        check("id", "Id", "id");
        check("x_y", "XY", "xy");
        check("a_b_count", "ABCount", "abCount");
        check("URL", "URL", "url");
        check("URLValue", "URLValue", "urlValue");
        check("line_2", "Line2", "line2");
        check("_private", "Private", "private");
        check("", "", "");
        check("é_a", "éA", "éA");
    }

    #[test]
    fn case_counts_in_pascal() {
        assert!(!is_pascal("userName", "user_name"));
        assert!(!is_pascal("user_name", "user_name"));
        assert!(!is_any_case("user_name", "user_name"));
    }
}
