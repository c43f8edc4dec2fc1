//! Running a command under observation: it is shown live, read line by line, and ended in time
//! with everything it started.

use std::{
    io::{self, PipeReader, Read, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};

use crate::{clock::now, process::describe};

/// How often a silent command is checked.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// How long a command that must end may take; Node closes its browsers in that time.
const GRACE: Duration = Duration::from_secs(10);

/// The time for reading what is left in the pipes after the end.
const DRAIN: Duration = Duration::from_secs(2);

/// When a command has to end even if it has not finished.
pub(crate) struct Limits {
    pub(crate) deadline: Instant,
    /// Raised by Ctrl-C.
    pub(crate) stop: Arc<AtomicBool>,
}

/// Runs `command` in a process group of its own, copies both its outputs to this terminal as they
/// arrive and passes the lines of its standard output to `on_line`. Everything it leaves running
/// is killed.
///
/// # Errors
///
/// Returns an error if it cannot start, fails, is stopped or does not end in time.
pub(crate) fn run(command: Command, limits: &Limits, on_line: &mut dyn FnMut(&str)) -> Result<()> {
    println!("+ {}", describe(&command));
    let mut listener = Listener {
        output: &mut io::stdout(),
        errors: &mut io::stderr(),
        on_line,
        rest: Vec::new(),
    };
    watch(command, limits, &mut listener)
}

fn watch(mut command: Command, limits: &Limits, listener: &mut Listener<'_>) -> Result<()> {
    let line = describe(&command);
    let (output, errors) = (io::pipe()?, io::pipe()?);
    command
        .stdin(Stdio::null())
        .stdout(output.1)
        .stderr(errors.1)
        .process_group(0);
    let child = command
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    // It holds the other ends of the pipes, which would keep them open here.
    drop(command);
    let mut group = Group::new(child)?;
    let mut pipes = Pipes {
        output: Some(output.0),
        errors: Some(errors.0),
    };

    let ending = pipes.pump_until(limits.deadline, listener, || {
        Ok(group.has_ended()? || limits.stop.load(Ordering::Relaxed))
    })?;
    let finished = group.has_ended()?;
    if !finished {
        group.signal(Signal::TERM);
        pipes.pump_until(now() + GRACE, listener, || group.has_ended())?;
    }
    let status = group.end()?;
    pipes.drain(now() + DRAIN, listener)?;

    match ending {
        Ending::Deadline if !finished => bail!("`{line}` did not end in time and was killed"),
        Ending::Wanted if !finished => bail!("`{line}` was interrupted"),
        _ if status.success() => Ok(()),
        _ => bail!("`{line}` failed with {}", reason(status)),
    }
}

fn reason(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("signal {signal}"),
        None => status.to_string(),
    }
}

/// The reason why [`Pipes::pump_until`] returned.
enum Ending {
    Deadline,
    Wanted,
}

/// A child that leads its process group; no process of the group outlives this value.
struct Group {
    child: Child,
    pid: Pid,
    reaped: bool,
}

impl Group {
    fn new(child: Child) -> Result<Self> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.context("the system gave a process id out of range")?;
        Ok(Self {
            child,
            pid,
            reaped: false,
        })
    }

    /// Returns whether the leader has ended. It is not reaped, so no other group can get its
    /// number.
    fn has_ended(&self) -> Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(self.pid), options));
        Ok(status.context("cannot wait for a command")?.is_some())
    }

    fn signal(&self, signal: Signal) {
        // Fails only if the group is gone, which is the purpose of the signal.
        let _ = kill_process_group(self.pid, signal);
    }

    /// Kills what is left of the group and reaps the leader.
    fn end(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::KILL);
        let status = self.child.wait().context("cannot wait for a command")?;
        self.reaped = true;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.end();
        }
    }
}

/// The command's standard output and standard error, each until its end.
struct Pipes {
    output: Option<PipeReader>,
    errors: Option<PipeReader>,
}

impl Pipes {
    /// Copies output until `wanted` says so or the deadline has passed.
    fn pump_until(
        &mut self,
        deadline: Instant,
        listener: &mut Listener<'_>,
        wanted: impl Fn() -> Result<bool>,
    ) -> Result<Ending> {
        loop {
            self.pump(listener)?;
            if wanted()? {
                return Ok(Ending::Wanted);
            }
            if now() >= deadline {
                return Ok(Ending::Deadline);
            }
        }
    }

    /// Copies what is left after the end; a process that left the group may still hold a pipe
    /// open.
    fn drain(&mut self, deadline: Instant, listener: &mut Listener<'_>) -> Result<()> {
        while (self.output.is_some() || self.errors.is_some()) && now() < deadline {
            self.pump(listener)?;
        }
        listener.end();
        Ok(())
    }

    /// Waits for at most a tick and copies what is there.
    fn pump(&mut self, listener: &mut Listener<'_>) -> Result<()> {
        let open = [&self.output, &self.errors].map(Option::as_ref);
        let mut waiting: Vec<_> = open
            .iter()
            .flatten()
            .map(|pipe| PollFd::new(*pipe, PollFlags::IN))
            .collect();
        match poll(&mut waiting, Some(&TICK)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
            polled => polled.context("cannot wait for a command's output")?,
        };
        let mut ready = waiting.iter().map(|pipe| !pipe.revents().is_empty());
        let mut is_ready = |pipe: Option<&PipeReader>| pipe.is_some() && ready.next() == Some(true);
        let [output_ready, errors_ready] = open.map(&mut is_ready);
        if output_ready {
            let new = read(&mut self.output)?;
            listener.output(&new)?;
        }
        if errors_ready {
            let new = read(&mut self.errors)?;
            listener.errors(&new)?;
        }
        Ok(())
    }
}

/// Reads what is in the pipe now, and closes it at its end.
fn read(pipe: &mut Option<PipeReader>) -> Result<Vec<u8>> {
    let mut buffer = vec![0; 16 * 1024];
    let count = match pipe {
        Some(pipe) => pipe
            .read(&mut buffer)
            .context("cannot read a command's output")?,
        None => 0,
    };
    if count == 0 {
        *pipe = None;
    }
    buffer.truncate(count);
    Ok(buffer)
}

/// The destination of the outputs: the screen, unchanged, and line by line the function that
/// counts.
struct Listener<'a> {
    output: &'a mut dyn Write,
    errors: &'a mut dyn Write,
    on_line: &'a mut dyn FnMut(&str),
    /// Standard output after its last line end.
    rest: Vec<u8>,
}

impl Listener<'_> {
    fn output(&mut self, new: &[u8]) -> Result<()> {
        show(self.output, new)?;
        self.rest.extend_from_slice(new);
        let Some(last) = self.rest.iter().rposition(|&byte| byte == b'\n') else {
            return Ok(());
        };
        for line in self.rest[..last].split(|&byte| byte == b'\n') {
            (self.on_line)(&String::from_utf8_lossy(line));
        }
        self.rest.drain(..=last);
        Ok(())
    }

    fn errors(&mut self, new: &[u8]) -> Result<()> {
        show(self.errors, new)
    }

    /// Passes on the last line even without a line end.
    fn end(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            (self.on_line)(&String::from_utf8_lossy(&rest));
        }
    }
}

fn show(screen: &mut dyn Write, new: &[u8]) -> Result<()> {
    screen
        .write_all(new)
        .and_then(|()| screen.flush())
        .context("cannot write to the terminal")
}

#[cfg(test)]
mod tests;
