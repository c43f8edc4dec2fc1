//! Where the listener for operators is, if it is anywhere.

use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

use crate::shop::command;

async fn refused(address: &str) -> String {
    let mut command = command();
    command.args(["--metrics", address]).stderr(Stdio::piped());
    let Output { status, stderr, .. } = command.output().await.unwrap();
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).unwrap()
}

#[tokio::test]
async fn a_bad_address_is_refused_by_the_name_of_its_option() {
    let said = refused("nonsense").await;
    let expected = "nonsense is no address; --metrics takes ADDRESS:PORT";
    assert!(said.contains(expected), "{said}");
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap();
    let said = refused(&taken.to_string()).await;
    let expected = format!("{taken} is taken by another program");
    assert!(said.contains(&expected), "{said}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_the_option_only_the_shop_listens() {
    let mut process = command().spawn().unwrap();
    let mut printed = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(printed.next_line().await.unwrap().is_some());
    let id = process.id().unwrap();
    assert_eq!(listening_sockets(id), 1);
    process.kill().await.unwrap();
    assert_eq!(printed.next_line().await.unwrap(), None);
}

/// Returns how many of a process's sockets listen for TCP connections.
#[cfg(target_os = "linux")]
fn listening_sockets(process: u32) -> usize {
    use std::fs::{read_dir, read_link, read_to_string};

    const LISTENING: &str = "0A";
    let tables = ["tcp", "tcp6"].map(|table| format!("/proc/{process}/net/{table}"));
    let sockets: Vec<_> = tables
        .iter()
        .flat_map(|table| {
            let rows = read_to_string(table).unwrap_or_default();
            let rows = rows.lines().skip(1).map(str::to_owned);
            rows.collect::<Vec<_>>()
        })
        .filter_map(|row| {
            let columns: Vec<_> = row.split_whitespace().collect();
            (columns[3] == LISTENING).then(|| format!("socket:[{}]", columns[9]))
        })
        .collect();
    let files = read_dir(format!("/proc/{process}/fd")).unwrap();
    let files = files.filter_map(|file| read_link(file.ok()?.path()).ok());
    files
        .filter(|file| sockets.iter().any(|socket| *file == **socket))
        .count()
}
