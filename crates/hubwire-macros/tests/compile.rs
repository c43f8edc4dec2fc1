//! Code that compiles, and the compiler's errors for code that does not.

#[test]
fn correct_uses_compile_and_wrong_ones_explain_themselves() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/pass/*.rs");
    cases.compile_fail("tests/fail/*.rs");
}
