//! Fetching a published file from one of its mirrors.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, Proxy, Timeout};

use super::catalogue::File;
use super::part::Part;

/// How often one mirror is asked for one file, as long as each time brings more of it.
const ATTEMPTS: usize = 3;

/// How long to wait before a mirror is given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For a connection.
    pub(super) connect: Duration,
    /// For the next bytes.
    pub(super) stall: Duration,
}

impl Limits {
    /// Those for the mirrors of this world.
    pub(super) const USUAL: Self = Self { connect: Duration::from_secs(15), stall: Duration::from_secs(30) };
}

/// Fetches files, within limits.
#[derive(Debug)]
pub(super) struct Downloader {
    agent: Agent,
    limits: Limits,
}

impl Downloader {
    /// One that keeps to `limits`, and goes through `proxy` where there is one.
    pub(super) fn new(limits: Limits, proxy: Option<Proxy>) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_recv_response(Some(limits.stall))
            .timeout_per_read(Some(limits.stall))
            .http_status_as_error(false)
            .proxy(proxy)
            .build();
        Self { agent: config.into(), limits }
    }

    /// Fetches `file` into `folder`, from the first mirror that gives it whole.
    ///
    /// What an attempt brings is kept beside the file's place, and the next one asks for the rest only.
    ///
    /// # Errors
    /// When no mirror gives it, with what each did.
    pub(super) fn fetch(&self, file: &File, mirrors: &[&str], folder: &Path) -> Result<()> {
        let mut part = Part::open(&folder.join(file.name))?;
        let mut failures = Vec::new();
        for mirror in mirrors {
            let url = format!("{mirror}/{}", file.name);
            eprintln!("fetching {url}");
            for _ in 0..ATTEMPTS {
                let before = part.length()?;
                let Err(error) = self.attempt(&url, file, &mut part) else { return Ok(()) };
                eprintln!("  {error:#}");
                failures.push(format!("  {url}: {error:#}"));
                // Where nothing changed, nothing will. What an earlier attempt left may have been at fault, and is gone then.
                if part.length()? == before {
                    break;
                }
            }
        }
        bail!(
            "{} could not be fetched:\n{}\nfetch it in another way, and name its folder with --from DIR",
            file.name,
            failures.join("\n")
        )
    }

    /// Asks one mirror once for what is missing.
    fn attempt(&self, url: &str, file: &File, part: &mut Part) -> Result<()> {
        if part.length()? > file.bytes {
            part.clear()?;
        }
        if part.length()? < file.bytes {
            let response = self.ask(url, file, part)?;
            self.receive(response, file, part)?;
        }
        part.accept(file)
    }

    /// Asks for the rest; where the mirror gives the whole, the part is empty afterwards.
    fn ask(&self, url: &str, file: &File, part: &mut Part) -> Result<Response<Body>> {
        let mut start = part.length()?;
        let mut request = self.agent.get(url);
        if start > 0 {
            request = request.header(header::RANGE, format!("bytes={start}-"));
        }
        let response = request.call().map_err(|error| self.explained(&error))?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("unnamed");
        match response.status() {
            // Where the rest was asked for, it knows no ranges.
            StatusCode::OK => start = 0,
            StatusCode::PARTIAL_CONTENT if header(header::CONTENT_RANGE).starts_with(&format!("bytes {start}-")) => {}
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                part.clear()?;
                bail!("does not give the bytes from {start} on");
            }
            status => bail!("answers {status}, expected 200 OK"),
        }
        let missing = file.bytes - start;
        if let Some(length) = response.body().content_length()
            && length != missing
        {
            let kind = header(header::CONTENT_TYPE);
            bail!("offers {length} bytes ({kind}), expected {missing}");
        }
        if start == 0 {
            part.clear()?;
        }
        Ok(response)
    }

    /// Adds what the mirror sends.
    fn receive(&self, response: Response<Body>, file: &File, part: &mut Part) -> Result<()> {
        let mut length = part.length()?;
        let bar = bar(file.bytes, length);
        let mut reader = response.into_body().into_reader();
        let mut block = vec![0; 1 << 16];
        loop {
            let n = match reader.read(&mut block) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) => {
                    let error = self.explained(&error.into());
                    return Err(error.context(format!("broke off after {length} of {} bytes", file.bytes)));
                }
            };
            length += n as u64;
            if length > file.bytes {
                part.clear()?;
                bail!("sends more than the {} bytes expected", file.bytes);
            }
            part.append(&block[..n])?;
            bar.set_position(length);
        }
        // Nothing was cut off, so that it is something else.
        if length < file.bytes {
            part.clear()?;
            bail!("ends after {length} bytes, expected {}", file.bytes);
        }
        Ok(())
    }

    /// What went wrong, in words of this program where it is a limit of ours.
    fn explained(&self, error: &ureq::Error) -> anyhow::Error {
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                anyhow!("no connection within {:?}", self.limits.connect)
            }
            ureq::Error::Timeout(_) => anyhow!("nothing came for {:?}", self.limits.stall),
            ureq::Error::Io(error) => anyhow!("{error}"),
            error => anyhow!("{error}"),
        }
    }
}

/// A bar on a terminal's stderr; nothing elsewhere.
fn bar(bytes: u64, start: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes).with_position(start).with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template("  {bar:30} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left")
    {
        bar.set_style(style);
    }
    bar.reset_eta();
    bar
}
