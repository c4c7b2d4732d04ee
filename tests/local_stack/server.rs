//! The HTTP server of all services.

use std::io::Write;
use std::net::TcpStream;

use crate::local_aws::{LocalAws, eventually};

const REQUEST: &str = "POST / HTTP/1.1\r\nHost: aws\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n\
    Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}";

#[test]
fn a_connection_that_its_client_has_closed_is_let_go() {
    let aws = LocalAws::start("server-connections");
    aws.ready();
    let before = aws.open_files();
    for _ in 0..100 {
        let mut connection = TcpStream::connect(aws.address()).unwrap();
        // A client without interest in the response closes the connection while it is made.
        connection.write_all(REQUEST.as_bytes()).unwrap();
    }
    eventually("the end of the connections", || (aws.open_files() <= before + 2).then_some(()));
}
