//! Mirrors that serve well, fail, stall, lie, and break off.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::download::{Downloader, Limits};
use super::super::part::Part;
use super::super::{Source, obtain};
use super::server::{Answer, Request, Server, answer, good};
use super::{IMAGES, images, names, set};

fn downloader() -> Downloader {
    let limit = Duration::from_millis(500);
    Downloader::new(Limits { connect: limit, stall: limit }, None)
}

/// Fetches the larger file into a folder that holds so much of it already; the message where that fails.
fn fetch(mirrors: &[&Server], part: &[u8]) -> (TempDir, Result<(), String>) {
    let folder = tempfile::tempdir().unwrap();
    if !part.is_empty() {
        fs::write(folder.path().join("images.gz.part"), part).unwrap();
    }
    let urls: Vec<&str> = mirrors.iter().map(|server| server.url.as_str()).collect();
    let outcome = downloader().fetch(&IMAGES, &urls, folder.path()).map_err(|error| format!("{error:#}"));
    (folder, outcome)
}

/// Asserts that these mirrors give the file in the end, whatever was there of it.
#[track_caller]
fn succeeds(mirrors: &[&Server], part: &[u8]) {
    let (folder, outcome) = fetch(mirrors, part);
    outcome.unwrap();
    assert_eq!(names(folder.path()), ["images.gz"]);
    assert!(fs::read(folder.path().join("images.gz")).unwrap() == images());
}

/// Asserts that a mirror is given up with a message that has this part and the mend, that so much is kept, and that a
/// good mirror after it saves the day.
#[track_caller]
fn fails(bad: impl Fn(&Request) -> Answer + Send + 'static, part: &str, kept: usize) {
    let server = Server::start(bad);
    let (folder, outcome) = fetch(&[&server], &[]);
    let error = outcome.unwrap_err();
    let url = format!("{}/images.gz: ", server.url);
    assert!(error.contains(part) && error.contains(&url) && error.contains("--from DIR"), "{error}");
    let path = folder.path().join("images.gz.part");
    assert!(fs::read(path).unwrap_or_default() == images()[..kept], "{error}");
    assert_eq!(names(folder.path()).len(), usize::from(kept > 0), "{error}");
    succeeds(&[&server, &Server::start(|request| good(request, &images()))], &[]);
}

fn asked(starts: &[Option<usize>]) -> Vec<Request> {
    starts.iter().map(|&start| Request { path: "/images.gz".to_owned(), start }).collect()
}

/// What a good mirror answers, up to so many bytes of the file.
fn breaks_off(request: &Request, after: usize) -> Answer {
    let Answer::Close(mut bytes) = good(request, &images()) else { unreachable!("a good mirror does not stall") };
    let body = images().len() - request.start.unwrap_or(0);
    bytes.truncate(bytes.len() - body + after);
    Answer::Close(bytes)
}

#[test]
fn a_set_is_fetched_and_what_is_there_is_not_asked_for() {
    let server = Server::start(|request| match request.path.as_str() {
        "/images.gz" => good(request, &images()),
        _ => good(request, b"labels"),
    });
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let paths = obtain(set(&[&server.url]), &Source::Mirrors(downloader()), folder.path()).unwrap();
        assert_eq!(paths, ["images.gz", "labels.gz"].map(|name| folder.path().join(name)));
    }
    assert_eq!(names(folder.path()), ["images.gz", "labels.gz"]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_mirror_that_fails_is_named_and_the_next_is_asked() {
    for status in ["404 Not Found", "500 Internal Server Error", "204 No Content"] {
        fails(move |_| Answer::Close(answer(status, "", b"")), &format!("answers {status}, expected 200 OK"), 0);
    }
    fails(|_| Answer::Close(Vec::new()), "", 0);
    fails(|_| Answer::Close(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), "", 0);
}

#[test]
fn every_mirror_s_failure_is_told() {
    let servers = ["403 Forbidden", "502 Bad Gateway"]
        .map(|status| Server::start(move |_| Answer::Close(answer(status, "", b""))));
    let (_, outcome) = fetch(&[&servers[0], &servers[1]], &[]);
    let error = outcome.unwrap_err();
    assert!(error.contains("images.gz could not be fetched:"), "{error}");
    assert!(error.contains("403 Forbidden") && error.contains("502 Bad Gateway"), "{error}");
}

#[test]
fn nobody_listening_and_nobody_answering_take_no_longer_than_the_limit() {
    let start = Instant::now();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = downloader().fetch(&IMAGES, &[&format!("http://{closed}")], tempfile::tempdir().unwrap().path());
    assert!(error.unwrap_err().to_string().contains("refused"));
    fails(|_| Answer::Stall(Vec::new()), "nothing came for 500ms", 0);
    fails(|_| Answer::Stall(b"HTTP/1.1 200 OK\r\nConte".to_vec()), "nothing came for 500ms", 0);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_came_before_a_stall_or_a_cut_is_kept() {
    let half = |close: bool| {
        move |request: &Request| {
            let whole = answer("200 OK", "", &images());
            let bytes = whole[..whole.len() - 150_000].to_vec();
            match (request.start, close) {
                (None, true) => Answer::Close(bytes),
                (None, false) => Answer::Stall(bytes),
                // From then on it is down.
                (Some(_), _) => Answer::Close(answer("503 Service Unavailable", "", b"")),
            }
        }
    };
    fails(half(false), "broke off after 150000 of 300000 bytes: nothing came for 500ms", 150_000);
    fails(half(true), "150000 of 300000 bytes", 150_000);
}

#[test]
fn a_mirror_that_breaks_off_is_asked_for_the_rest() {
    let server = Server::start(|request| breaks_off(request, 100_000));
    let (folder, outcome) = fetch(&[&server], &[]);
    outcome.unwrap();
    assert!(fs::read(folder.path().join("images.gz")).unwrap() == images());
    assert_eq!(server.requests(), asked(&[None, Some(100_000), Some(200_000)]));
}

#[test]
fn a_mirror_that_always_breaks_off_is_given_up() {
    let server = Server::start(|request| breaks_off(request, 1));
    let (folder, outcome) = fetch(&[&server], &[]);
    assert!(outcome.unwrap_err().contains("broke off after 3 of 300000 bytes"));
    assert_eq!(server.requests(), asked(&[None, Some(1), Some(2)]));
    assert!(fs::read(folder.path().join("images.gz.part")).unwrap() == images()[..3]);
}

#[test]
fn what_an_earlier_run_left_is_gone_on_with() {
    let server = Server::start(|request| good(request, &images()));
    succeeds(&[&server], &images()[..100_000]);
    assert_eq!(server.requests(), asked(&[Some(100_000)]));
    // All of it was there: only its name was missing.
    succeeds(&[&server], &images());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_wrong_rest_of_an_earlier_run_is_thrown_away() {
    let server = || Server::start(|request| good(request, &images()));
    for part in [vec![7; 100_000], vec![7; 300_000], vec![7; 400_000]] {
        succeeds(&[&server()], &part);
    }
}

#[test]
fn a_mirror_without_ranges_gives_the_whole() {
    let server = Server::start(|_| Answer::Close(answer("200 OK", "", &images())));
    succeeds(&[&server], &images()[..100_000]);
    assert_eq!(server.requests(), asked(&[Some(100_000)]));
}

#[test]
fn a_mirror_that_gives_another_range_is_asked_for_the_whole() {
    let wrong = [
        answer("206 Partial Content", "Content-Range: bytes 0-299999/300000\r\n", &images()),
        answer("206 Partial Content", "", &images()[100_000..]),
        answer("416 Range Not Satisfiable", "Content-Range: bytes */300000\r\n", b""),
    ];
    for bytes in wrong {
        let server = Server::start(move |request| match request.start {
            Some(_) => Answer::Close(bytes.clone()),
            None => good(request, &images()),
        });
        succeeds(&[&server], &images()[..100_000]);
        assert_eq!(server.requests(), asked(&[Some(100_000), None]));
    }
}

#[test]
fn a_mirror_that_lies_is_found_out() {
    let page = b"<html>Sign in to go on</html>";
    let html = "Content-Type: text/html\r\n";
    fails(move |_| Answer::Close(answer("200 OK", html, page)), "offers 29 bytes (text/html), expected 300000", 0);
    let without_length = |body: &[u8]| [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body].concat();
    fails(move |_| Answer::Close(without_length(page)), "ends after 29 bytes, expected 300000", 0);
    let mut wrong = images();
    wrong[123_456] ^= 1;
    fails(move |_| Answer::Close(answer("200 OK", "", &wrong)), "SHA-256 is ", 0);
    let longer = [images(), vec![0; 1000]].concat();
    let body = longer.clone();
    fails(move |_| Answer::Close(answer("200 OK", "", &body)), "offers 301000 bytes (unnamed), expected 300000", 0);
    fails(move |_| Answer::Close(without_length(&longer)), "sends more than the 300000 bytes expected", 0);
    let no_number = b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n".to_vec();
    fails(move |_| Answer::Close(no_number.clone()), "", 0);
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    fails(|_| Answer::Close(answer("302 Found", "Location: /images.gz\r\n", b"")), "redirect", 0);
    let server = Server::start(|request| match request.path.as_str() {
        "/images.gz" => Answer::Close(answer("301 Moved Permanently", "Location: /elsewhere\r\n", b"")),
        _ => good(request, &images()),
    });
    succeeds(&[&server], &images()[..100_000]);
    assert_eq!(server.requests().last().unwrap().start, Some(100_000), "the range goes along");
}

#[test]
fn two_at_once_do_not_mix() {
    let server = Server::start(|request| good(request, &images()));
    let folder = tempfile::tempdir().unwrap();
    let other = Part::open(&folder.path().join("images.gz")).unwrap();
    let fetch = || downloader().fetch(&IMAGES, &[&server.url], folder.path());
    assert!(fetch().unwrap_err().to_string().contains("another process is filling it"));
    drop(other);
    fetch().unwrap();
}
