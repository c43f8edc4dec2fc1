//! Certificates that are replaced while a server runs.
//!
//! A paused clock stands still while a file is read.

use std::fs;
use std::time::Duration;

use test_support::log_lines::LogLines;
use test_support::tls::*;
use test_support::way_out::KIB;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::{sleep, timeout};
use tracing::Level;

use crate::server::{Encrypted, PipeServer};

const SECOND: Duration = Duration::from_secs(1);

/// Within this time a change is noticed.
const NOTICED: Duration = Duration::from_secs(11);

/// Longer than a busy machine takes to notice a change.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns whether a client that trusts this certificate can connect.
async fn is_used(server: &PipeServer, certificate: &Certificate) -> bool {
    let (near, far) = duplex(64 * KIB);
    server.pipes.send(far).unwrap();
    let name = "localhost".try_into().unwrap();
    let connector = certificate.client(&[HTTP_1]);
    connector.connect(name, near).await.is_ok()
}

async fn assert_used(server: &PipeServer, certificate: &Certificate, expected: bool) {
    assert_eq!(is_used(server, certificate).await, expected);
}

async fn assert_served(stream: &mut Encrypted) {
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut response = Vec::new();
    while !response.ends_with(b"hello") {
        assert_ne!(stream.read_buf(&mut response).await.unwrap(), 0);
    }
}

fn assert_reloaded(log: &LogLines) {
    let line = log.one();
    assert_eq!(line.level, Level::INFO);
    assert_eq!(line.message, "the certificate was reloaded");
}

/// What ends an error is as loud as that.
fn assert_reloaded_after_all(log: &LogLines) {
    let line = log.one();
    assert_eq!(line.level, Level::WARN);
    assert_eq!(line.message, "the certificate was reloaded after all");
}

#[tokio::test(start_paused = true)]
async fn a_replaced_certificate_is_used_for_new_connections() {
    let server = PipeServer::start();
    let log = LogLines::written(Level::INFO);
    let mut old = server.encrypted(&[HTTP_1]).await;
    assert_served(&mut old).await;
    // What stays the same is not reported, however often it is read.
    sleep(25 * SECOND).await;
    assert_eq!(log.take(), []);
    assert_served(&mut old).await;
    let new = Certificate::new();
    server.files.write(&new);
    assert_used(&server, &server.certificate, true).await;
    assert_used(&server, &new, false).await;
    sleep(NOTICED).await;
    assert_reloaded(&log);
    assert_used(&server, &new, true).await;
    assert_used(&server, &server.certificate, false).await;
    assert_served(&mut old).await;
}

/// Container platforms replace the link to a folder.
#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn files_behind_links_are_followed() {
    use std::os::unix::fs::symlink;

    let server = PipeServer::start();
    let log = LogLines::written(Level::INFO);
    let new = Certificate::new();
    let elsewhere = PemFiles::new(&new);
    for path in [server.files.certificate(), server.files.key()] {
        let target = elsewhere.folder().join(path.file_name().unwrap());
        fs::remove_file(&path).unwrap();
        symlink(target, path).unwrap();
    }
    sleep(NOTICED).await;
    assert_reloaded(&log);
    assert_used(&server, &new, true).await;
}

/// The look in between finds files that do not belong together.
#[tokio::test(start_paused = true)]
async fn a_key_written_after_its_certificate_is_no_error() {
    let server = PipeServer::start();
    let log = LogLines::written(Level::INFO);
    for pause in [SECOND, 4 * SECOND] {
        for offset in 0..5 {
            sleep(NOTICED + offset * SECOND).await;
            let new = Certificate::new();
            server.files.write_certificate(&new.pem);
            sleep(pause).await;
            server.files.write_key(&new.key);
            sleep(NOTICED).await;
            assert_reloaded(&log);
            assert_used(&server, &new, true).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_certificate_keeps_the_previous_one_and_is_logged_once() {
    let server = PipeServer::start();
    let log = LogLines::written(Level::INFO);
    let other = Certificate::new();
    let broken: [(&str, &str); 4] = [
        ("no PEM", &server.certificate.key),
        (&server.certificate.pem, ""),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &other.key,
        ),
        (&server.certificate.pem, &other.key),
    ];
    for (certificate, key) in broken {
        server.files.write_certificate(certificate);
        server.files.write_key(key);
        sleep(60 * SECOND).await;
        let line = log.one();
        assert_eq!(line.level, Level::ERROR);
        assert!(!line.field("error").is_empty(), "{line:?}");
        assert!(!line.field("error").contains("BEGIN"), "{line:?}");
        assert_used(&server, &server.certificate, true).await;
    }
    // The previous one again is nothing new, but the end of the error.
    server.files.write(&server.certificate);
    sleep(NOTICED).await;
    let line = log.one();
    assert_eq!(
        (line.level, &*line.message),
        (Level::WARN, "the certificate in use is in its file again")
    );
    sleep(NOTICED).await;
    assert_eq!(log.take(), []);
    // But breaking it again is.
    server.files.write_key(&other.key);
    sleep(NOTICED).await;
    assert_eq!(log.one().level, Level::ERROR);
    server.files.write_certificate(&other.pem);
    sleep(NOTICED).await;
    let line = log.one();
    assert_eq!(
        (line.level, &*line.message),
        (Level::WARN, "the certificate was reloaded after all")
    );
    assert_used(&server, &other, true).await;
}

#[tokio::test(start_paused = true)]
async fn files_may_be_missing_for_a_while() {
    let server = PipeServer::start();
    let log = LogLines::written(Level::INFO);
    // Shorter than a look lasts, and longer than many do.
    fs::remove_file(server.files.key()).unwrap();
    sleep(4 * SECOND).await;
    server.files.write(&server.certificate);
    sleep(NOTICED).await;
    assert_eq!(log.take(), []);
    fs::remove_file(server.files.certificate()).unwrap();
    sleep(60 * SECOND).await;
    let line = log.one();
    assert_eq!(line.level, Level::ERROR);
    assert!(line.field("error").contains("fullchain.pem"), "{line:?}");
    assert_used(&server, &server.certificate, true).await;
    let new = Certificate::new();
    server.files.write(&new);
    sleep(NOTICED).await;
    assert_reloaded_after_all(&log);
    assert_used(&server, &new, true).await;
}

/// The same on the system's clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_notices_a_new_certificate_within_seconds() {
    let server = PipeServer::start();
    let new = Certificate::new();
    server.files.write(&new);
    let noticed = async {
        while !is_used(&server, &new).await {
            sleep(SECOND / 4).await;
        }
    };
    timeout(PATIENCE, noticed).await.expect("it is noticed");
    assert_used(&server, &server.certificate, false).await;
}
