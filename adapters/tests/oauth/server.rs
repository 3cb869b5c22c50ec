//! The service on a port of this machine, for tests with real processes and connections.

use crate::service::Service;
use kitestring_adapters::http::{Header, Method, Request};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};
use url::Url;

/// The time by the device's clock.
pub fn wall() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

/// Lets a service answer on a port, until the process ends, and returns its address.
pub fn serve(service: Arc<Service>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let service = service.clone();
            thread::spawn(move || answer(stream.unwrap(), &service));
        }
    });
    address
}

fn answer(stream: TcpStream, service: &Service) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut request = Request::new(Method::Post, Url::parse("http://here/").unwrap().join(&path).unwrap());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
    }
    let length = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |h| h.value.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    request.body = body.into();
    // Long enough for everybody else to come meanwhile.
    thread::sleep(Duration::from_millis(100));
    let response = service.answer(&request, wall());
    let (status, length) = (response.status, response.body.len());
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n");
    let mut stream = reader.into_inner();
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&response.body).ok()
}
