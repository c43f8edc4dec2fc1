//! If a client does not read its completions, the server stops reading from it, so it occupies little memory.

use hubwire::hub;
use hubwire::protocol::{Opcode, write_masked_frame};
use test_support::in_memory::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

/// JSON escapes each of these characters with six bytes.
const ARGUMENT: &str = "\u{7f}";
const LENGTH: usize = 5_000;

const CALLS: usize = 100;

struct EchoHub;

#[hub]
impl EchoHub {
    pub fn echo(&self, text: String) -> String {
        text
    }
}

fn call() -> Vec<u8> {
    let text = ARGUMENT.repeat(LENGTH);
    let record = format!(
        "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"{text}\"]}}\u{1e}"
    );
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, Opcode::Text, [0; 4], record.as_bytes());
    frame
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_client_that_does_not_read_its_completions_wait() {
    for enough in [64 * 1024, 256 * 1024] {
        assert_calls_wait(enough).await;
    }
}

async fn assert_calls_wait(enough: usize) {
    let server = TestServer::with(EchoHub, |options| options.answer_buffer_size(enough));
    let pipe = server.connect().await.into_pipe();
    let (mut reader, mut writer) = tokio::io::split(pipe);
    let mut client = JoinSet::new();
    client.spawn(async move {
        for _ in 0..CALLS {
            writer.write_all(&call()).await.unwrap();
        }
        writer
    });
    settle().await;
    let held = server.signalr.statistics().outbound_memory;
    let answer = 6 * LENGTH;
    assert!(
        (enough..enough + 2 * answer).contains(&held),
        "{held} bytes"
    );

    let (mut buffer, mut answers) = (vec![0; enough], 0);
    while answers < CALLS {
        let count = reader.read(&mut buffer).await.unwrap();
        assert!(count > 0, "{answers} answers");
        answers += buffer[..count].iter().filter(|&&byte| byte == 0x1e).count();
    }
    client.shutdown().await;
    drop(reader);
    server.leaves_nothing_behind().await;
}
