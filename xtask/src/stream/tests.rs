//! Real commands: what is read from them, and how they end.

use super::*;

fn limits(time: Duration) -> Limits {
    Limits {
        deadline: now() + time,
        stop: Arc::default(),
    }
}

fn lines_of(script: &str, limits: &Limits) -> (Result<()>, Vec<String>) {
    let mut lines = Vec::new();
    let mut listener = Listener {
        output: &mut io::sink(),
        errors: &mut io::sink(),
        on_line: &mut |line| lines.push(line.to_owned()),
        rest: Vec::new(),
    };
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    let result = watch(command, limits, &mut listener);
    (result, lines)
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn lines_of_standard_output_are_read_whole() {
    let (result, lines) = lines_of(
        "printf 'a\\nb'; echo noise >&2; printf 'c\\n\\nlast'",
        &limits(LONG),
    );
    result.expect("the script succeeds");
    assert_eq!(lines, ["a", "bc", "", "last"]);
}

#[test]
fn both_outputs_are_shown_as_they_are() {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut listener = Listener {
        output: &mut output,
        errors: &mut errors,
        on_line: &mut |_| {},
        rest: Vec::new(),
    };
    let mut command = Command::new("sh");
    command.args(["-c", "printf '\\377a\\n'; printf wrong >&2"]);
    watch(command, &limits(LONG), &mut listener).expect("the script succeeds");
    assert_eq!(output, b"\xffa\n");
    assert_eq!(errors, b"wrong");
}

#[test]
fn a_failure_says_which_command_and_how() {
    let (result, _) = lines_of("exit 3", &limits(LONG));
    let error = result.expect_err("the script fails").to_string();
    assert_eq!(error, "`sh -c 'exit 3'` failed with exit status: 3");
}

#[test]
fn a_crash_is_a_failure() {
    let (result, _) = lines_of("kill -SEGV $$", &limits(LONG));
    let error = result.expect_err("the script crashes").to_string();
    assert!(error.ends_with("failed with signal 11"), "{error}");
}

#[test]
fn a_command_past_its_deadline_is_ended() {
    let (result, lines) = lines_of("echo begun; sleep 600", &limits(Duration::from_millis(300)));
    let error = result.expect_err("the script is killed").to_string();
    assert!(
        error.ends_with("did not end in time and was killed"),
        "{error}"
    );
    assert_eq!(lines, ["begun"]);
}

#[test]
fn ctrl_c_ends_the_command() {
    let limits = limits(LONG);
    limits.stop.store(true, Ordering::Relaxed);
    let (result, _) = lines_of("sleep 600", &limits);
    let error = result.expect_err("the script is interrupted").to_string();
    assert!(error.ends_with("was interrupted"), "{error}");
}

#[test]
fn what_a_command_leaves_behind_does_not_hold_the_run_up() {
    let begun = now();
    let (result, lines) = lines_of("sleep 600 & echo $!", &limits(LONG));
    result.expect("the script succeeds");
    assert!(begun.elapsed() < LONG / 2);
    let left = lines[0]
        .parse()
        .ok()
        .and_then(Pid::from_raw)
        .expect("a process id");
    let state = std::fs::read_to_string(format!("/proc/{}/stat", left.as_raw_nonzero()));
    assert!(
        !state.is_ok_and(|state| state.contains(") S ")),
        "the sleeper still sleeps"
    );
}
