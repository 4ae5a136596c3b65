//! A mirror on this machine that answers as it is told, well or badly.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a mirror does with a request.
pub(super) enum Answer {
    /// Sends these bytes and closes the connection.
    Close(Vec<u8>),
    /// Sends these bytes and nothing more, and leaves the connection open.
    Stall(Vec<u8>),
}

/// A request as the mirror saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// What follows the host, with its slash.
    pub(super) path: String,
    /// The first byte asked for, where it asked for a part.
    pub(super) start: Option<usize>,
}

/// A mirror that runs until the tests end.
pub(super) struct Server {
    /// What file names are appended to.
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts one that gives `answer` to each request.
    pub(super) fn start(answer: impl Fn(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&stream);
                seen.lock().unwrap().push(request.clone());
                // A client that has seen enough hangs up, which is no failure of ours.
                match answer(&request) {
                    Answer::Close(bytes) => drop(stream.write_all(&bytes)),
                    Answer::Stall(bytes) => {
                        let _ = stream.write_all(&bytes);
                        open.push(stream);
                    }
                }
            }
        });
        Self { url, requests }
    }

    /// What was asked so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Request {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let range = head.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    Request {
        path: head[0].split(' ').nth(1).unwrap().to_owned(),
        start: range.map(|range| range.trim_end_matches('-').parse().unwrap()),
    }
}

/// A whole answer: status, further lines of the head, and a body with its length.
pub(super) fn answer(status: &str, lines: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n");
    [head.as_bytes(), body].concat()
}

/// What a good mirror answers: the whole file, or the part asked for.
pub(super) fn good(request: &Request, content: &[u8]) -> Answer {
    Answer::Close(match request.start {
        None => answer("200 OK", "", content),
        Some(start) => {
            let range = format!("Content-Range: bytes {start}-{}/{}\r\n", content.len() - 1, content.len());
            answer("206 Partial Content", &range, &content[start..])
        }
    })
}
