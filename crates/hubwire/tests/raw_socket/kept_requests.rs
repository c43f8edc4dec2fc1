//! How much of its request a connection keeps for hub code, as its endpoint says.

use crate::server::Server;
use test_support::client::Client;

/// A header of a connection's request as its hub sees it, and how many bytes were left out.
async fn kept(server: &Server, path: &str, header: &str, value: &str) -> String {
    let headers = format!("{header}: {value}\r\n");
    let mut client = Client::open_with_headers(server.address, path, &headers).await;
    let call =
        format!(r#"{{"type":1,"invocationId":"1","target":"Header","arguments":["{header}"]}}"#);
    client.send(&call).await;
    let completion = client.record().await;
    client.leave().await;
    completion
}

fn completion(result: &str) -> String {
    format!(r#"{{"type":3,"invocationId":"1","result":{result}}}"#)
}

/// `keep_request`
#[tokio::test]
async fn a_connection_keeps_the_part_of_its_request_that_its_endpoint_names() {
    let server = Server::start().await;
    let whole = kept(&server, "/plain", "x-color", "red").await;
    assert_eq!(whole, completion(r#"["red",0]"#));
    let path_only = kept(&server, "/path-only", "x-color", "red").await;
    assert_eq!(path_only, completion("[null,0]"));
    server.finish().await;
}

/// `maximum_kept_request_size`
#[tokio::test]
async fn a_connection_keeps_as_much_of_its_request_as_its_endpoint_allows() {
    let server = Server::start().await;
    let long = "x".repeat(200);
    let whole = kept(&server, "/plain", "x-long", &long).await;
    assert_eq!(whole, completion(&format!(r#"["{long}",0]"#)));
    let a_part = kept(&server, "/keeps-100", "x-long", &long).await;
    assert!(
        a_part.starts_with(r#"{"type":3,"invocationId":"1","result":[null,"#),
        "{a_part}"
    );
    server.finish().await;
}
