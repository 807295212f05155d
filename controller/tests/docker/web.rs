//! The service of the tests with a real engine: a static program, which is all that an image of theirs holds.
//!
//! It is compiled by `rustc` alone, so it has nothing but the standard library. How it behaves is said by environment
//! variables, so that a release is an image with other ones; what is to happen at a moment of the test's choice is
//! asked for under `/do/`. Beside that it is `web get HOST:PORT PATH`, a health check without a shell, and
//! `web fail CODE`, `web env PREFIX`, `web need NAME` and `web sleep MS`, which are hooks.
//!
//! | variable | meaning |
//! |---|---|
//! | `VERSION` | the body, and the header `x-release` |
//! | `PORT` | where it listens, 8080 |
//! | `STARTUP` | milliseconds before it listens |
//! | `DELAY` | milliseconds that each answer takes |
//! | `FAIL` | requests of a hundred that are answered with 500 |
//! | `SICK` | with any value: `/healthz` answers 503 |
//! | `CRASH_AFTER` | milliseconds after which it ends with code 3 |
//! | `MEMORY` | MiB that it takes when it begins |
//! | `BURN` | milliseconds of a processor that it uses up after each answer |
//! | `ON_TERM` | what SIGTERM does: `stop` it at once, which is what happens without it; `drain`; or `ignore` |

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{ExitCode, exit};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const SIGTERM: i32 = 15;
const DRAIN_MAX: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
const CRASHED: i32 = 3;

unsafe extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn _exit(code: i32) -> !;
}

static IS_ENDING: AtomicBool = AtomicBool::new(false);
static IS_SICK: AtomicBool = AtomicBool::new(false);
static SERVED: AtomicU64 = AtomicU64::new(0);
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] => serve(),
        ["get", address, path] => get(address, path),
        ["fail", code] => {
            eprintln!("it fails, as it was told");
            ExitCode::from(code.parse::<u8>().expect("a code"))
        }
        ["env", prefix] => {
            let mut variables: Vec<_> = env::vars().filter(|(name, _)| name.starts_with(prefix)).collect();
            variables.sort();
            for (name, value) in variables {
                println!("{name}={value}");
            }
            ExitCode::SUCCESS
        }
        ["need", name] if env::var_os(name).is_some() => ExitCode::SUCCESS,
        ["need", name] => {
            eprintln!("{name} is not set");
            ExitCode::FAILURE
        }
        ["sleep", ms] => {
            die_of(SIGTERM);
            thread::sleep(Duration::from_millis(ms.parse().expect("milliseconds")));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: web [get HOST:PORT PATH | fail CODE | env PREFIX | need NAME | sleep MS]");
            ExitCode::from(2)
        }
    }
}

// --- Commands ---

fn get(address: &str, path: &str) -> ExitCode {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        io::Result::Ok(answer)
    };
    match ask() {
        Ok(answer) => {
            println!("{answer}");
            if answer.starts_with("HTTP/1.1 200 ") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> ExitCode {
    match env::var("ON_TERM").as_deref() {
        // Whoever is the first process of a container does not hear a signal that it has not asked for.
        Ok("ignore") => {}
        Ok("drain") => handle(SIGTERM, note_the_end),
        _ => die_of(SIGTERM),
    }
    IS_SICK.store(env::var_os("SICK").is_some(), Ordering::SeqCst);
    take_memory(number("MEMORY"));
    thread::sleep(milliseconds("STARTUP"));
    let crash_after = milliseconds("CRASH_AFTER");
    if !crash_after.is_zero() {
        thread::spawn(move || {
            thread::sleep(crash_after);
            crash();
        });
    }
    let port = u16::try_from(number("PORT")).ok().filter(|port| *port > 0).unwrap_or(8080);
    let listener = TcpListener::bind(("0.0.0.0", port)).expect("the port is free");
    println!("{} listens on {port}", version());
    thread::spawn(move || end_in_order(port));
    for stream in listener.incoming().flatten() {
        if IS_ENDING.load(Ordering::SeqCst) {
            break;
        }
        thread::spawn(move || {
            // What goes wrong on a connection is the client's affair.
            let _ = converse(stream);
        });
    }
    drop(listener);
    drain();
    println!("{} has drained", version());
    ExitCode::SUCCESS
}

// --- The end ---

fn handle(number: i32, handler: extern "C" fn(i32)) {
    // SAFETY: both handlers do only what a handler may: they set a flag, or end the process.
    unsafe { signal(number, handler) };
}

fn die_of(number: i32) {
    handle(number, die);
}

extern "C" fn die(number: i32) {
    // SAFETY: it may be called from a handler, and does not return.
    unsafe { _exit(128 + number) }
}

extern "C" fn note_the_end(_: i32) {
    IS_ENDING.store(true, Ordering::SeqCst);
}

/// Wakes the listener when the end has come.
fn end_in_order(port: u16) {
    while !IS_ENDING.load(Ordering::SeqCst) {
        thread::sleep(LOOK_INTERVAL);
    }
    let _ = TcpStream::connect(("127.0.0.1", port));
}

fn drain() {
    let mut left = DRAIN_MAX;
    while UNDER_WAY.load(Ordering::SeqCst) > 0 && !left.is_zero() {
        thread::sleep(LOOK_INTERVAL);
        left = left.saturating_sub(LOOK_INTERVAL);
    }
}

fn crash() -> ! {
    eprintln!("{} crashes, as it was told", version());
    exit(CRASHED)
}

// --- Requests ---

fn converse(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(Asked { method, path, is_last }) = read_request(&mut reader)? {
        UNDER_WAY.fetch_add(1, Ordering::SeqCst);
        let answered = answer(&mut stream, &method, &path);
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
        answered?;
        if is_last || IS_ENDING.load(Ordering::SeqCst) {
            break;
        }
    }
    Ok(())
}

/// The head of a request.
struct Asked {
    method: String,
    path: String,
    /// Whether the client wants to ask nothing more on this connection.
    is_last: bool,
}

/// Reads a request to its end.
fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Asked>> {
    let first = read_line(reader)?;
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let (mut length, mut is_chunked, mut is_last) = (0, false, false);
    loop {
        let line = read_line(reader)?.to_ascii_lowercase();
        match line.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().map_err(io::Error::other)?,
            Some(("transfer-encoding", value)) => is_chunked = value.trim() == "chunked",
            Some(("connection", value)) => is_last = value.trim() == "close",
            Some(_) => {}
            None => break,
        }
    }
    while is_chunked {
        let size = u64::from_str_radix(&read_line(reader)?, 16).map_err(io::Error::other)?;
        skip(reader, size + 2)?;
        is_chunked = size > 0;
    }
    skip(reader, length)?;
    Ok(Some(Asked { method: method.to_owned(), path: path.to_owned(), is_last }))
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn skip(reader: &mut impl Read, bytes: u64) -> io::Result<()> {
    io::copy(&mut reader.take(bytes), &mut io::sink()).map(drop)
}

fn answer(stream: &mut TcpStream, method: &str, path: &str) -> io::Result<()> {
    let mut parts = path.split(['/', '?']).skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("healthz"), ..) if IS_SICK.load(Ordering::SeqCst) => {
            write_answer(stream, "503 Service Unavailable", "sick")
        }
        (Some("healthz"), ..) => write_answer(stream, "200 OK", "well"),
        (Some("state"), ..) => write_answer(stream, "200 OK", &state()),
        (Some("do"), Some(what), how) => {
            act(what, how);
            write_answer(stream, "200 OK", what)
        }
        (Some("slow"), Some(ms), _) => {
            thread::sleep(Duration::from_millis(ms.parse().unwrap_or(0)));
            serve_one(stream, method, path)
        }
        (Some("stream"), ..) => write_for_ever(stream),
        _ => serve_one(stream, method, path),
    }
}

/// What the test asks for.
fn act(what: &str, how: Option<&str>) {
    match what {
        "crash" => crash(),
        "sicken" => IS_SICK.store(true, Ordering::SeqCst),
        "recover" => IS_SICK.store(false, Ordering::SeqCst),
        "hog" => take_memory(how.and_then(|mib| mib.parse().ok()).unwrap_or(0)),
        _ => {}
    }
}

fn serve_one(stream: &mut TcpStream, method: &str, path: &str) -> io::Result<()> {
    let request = SERVED.fetch_add(1, Ordering::SeqCst);
    thread::sleep(milliseconds("DELAY"));
    let fail = number("FAIL");
    let status = if request * fail % 100 < fail { "500 Internal Server Error" } else { "200 OK" };
    println!("{method} {path} {status}");
    write_answer(stream, status, &version())?;
    burn(milliseconds("BURN"));
    Ok(())
}

fn write_answer(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    let connection = if IS_ENDING.load(Ordering::SeqCst) { "close" } else { "keep-alive" };
    let (length, version) = (body.len() + 1, version());
    let fields = format!("x-release: {version}\r\ncontent-length: {length}\r\nconnection: {connection}");
    stream.write_all(format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n{body}\n").as_bytes())
}

/// A body that ends when either side does.
fn write_for_ever(stream: &mut TcpStream) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nx-release: {}\r\ntransfer-encoding: chunked\r\n\r\n", version());
    stream.write_all(head.as_bytes())?;
    while !IS_ENDING.load(Ordering::SeqCst) {
        stream.write_all(b"5\r\ntick\n\r\n")?;
        thread::sleep(Duration::from_millis(50));
    }
    stream.write_all(b"0\r\n\r\n")
}

/// What it has done so far, as JSON.
fn state() -> String {
    let (served, under_way) = (SERVED.load(Ordering::SeqCst), UNDER_WAY.load(Ordering::SeqCst) - 1);
    format!(r#"{{"version":"{}","served":{served},"under_way":{under_way}}}"#, version())
}

// --- What it was told ---

fn version() -> String {
    env::var("VERSION").unwrap_or_else(|_| String::from("unversioned"))
}

fn number(name: &str) -> u64 {
    env::var(name).ok().map_or(0, |value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

fn milliseconds(name: &str) -> Duration {
    Duration::from_millis(number(name))
}

/// Keeps a processor busy beside the requests, whose clients do not wait for it.
fn burn(time: Duration) {
    if !time.is_zero() {
        thread::spawn(move || {
            let begin = Instant::now();
            while begin.elapsed() < time {
                std::hint::spin_loop();
            }
        });
    }
}

/// Takes so many MiB for good, each page of them.
fn take_memory(mib: u64) {
    for _ in 0..mib {
        Vec::leak(vec![1_u8; 1 << 20]);
    }
}
