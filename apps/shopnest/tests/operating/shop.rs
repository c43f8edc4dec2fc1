//! The shop's own binary as a child process.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use test_support::client::Client;
use test_support::requests::{Response, post, request};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::scrape::Scrape;

/// Less than it takes an exporter to give up on a collector that does not respond, 20 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A shop with a listener for operators.
pub(crate) struct Shop {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) operations: SocketAddr,
}

/// Returns the command for the shop's binary, without what this process inherited.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopnest"));
    command
        .env_clear()
        .env("SHOPNEST_LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// Opens a shop with additional variables in its environment.
    pub(crate) async fn open_with(variables: &[(&str, &str)]) -> Self {
        let mut command = command();
        command.envs(variables.iter().copied());
        let mut process = command
            .env("SHOPNEST_METRICS", "127.0.0.1:0")
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = address_in(&mut printed).await;
        let operations = address_in(&mut printed).await;
        Self {
            process,
            address,
            operations,
        }
    }

    /// Signs in, and returns the token.
    pub(crate) async fn sign_in(&self, body: &str) -> String {
        let response = post(self.address, "/api/login", body).await;
        assert_eq!(response.status, 200, "{response:?}");
        let granted: Value = serde_json::from_str(&response.body).unwrap();
        granted["token"].as_str().unwrap().to_owned()
    }

    /// Opens a connection of a new guest.
    pub(crate) async fn guest(&self, path: &str) -> Client {
        let token = self.sign_in(r#"{"guest":true}"#).await;
        visit(self.address, path, &token).await
    }

    pub(crate) async fn ask(&self, path: &str) -> Response {
        request(self.operations, &format!("GET {path}"), "").await
    }

    pub(crate) async fn scrape(&self) -> Scrape {
        let response = self.ask("/metrics").await;
        assert_eq!(response.status, 200);
        let content_type = response.header("content-type");
        assert_eq!(
            content_type,
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
        Scrape::parse(&response.body)
    }

    /// Sends the signal with which service managers end a service.
    pub(crate) async fn ask_to_stop(&self) {
        let id = self.process.id().expect("the shop is still running");
        let mut kill = Command::new("kill");
        let killed = kill.args(["-TERM", &id.to_string()]).status().await;
        assert!(killed.unwrap().success());
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(PATIENCE, self.process.wait()).await;
        ended.expect("the shop ends").unwrap()
    }
}

/// Opens a connection with a token.
pub(crate) async fn visit(address: SocketAddr, path: &str, token: &str) -> Client {
    Client::open_with_headers(address, path, &bearer(token)).await
}

/// Returns the header that carries a token.
pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Returns the address in the next line that the shop prints.
pub(crate) async fn address_in(printed: &mut Lines<BufReader<ChildStdout>>) -> SocketAddr {
    let line = timeout(PATIENCE, printed.next_line()).await;
    let line = line.expect("the shop prints a line").unwrap().unwrap();
    let (_, rest) = line.split_once("http://").unwrap();
    let end = rest.find(|c: char| c != ':' && c != '.' && !c.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().unwrap()
}
