//! One end of a connection that reads and writes HTTP by hand, as a client or as an origin.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use super::PATIENCE;

pub(crate) struct Peer(BufReader<TcpStream>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) closes: bool,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn ok(body: &str) -> Self {
        Self { status: 200, closes: false, body: body.into() }
    }

    /// The same, as the last one of its connection.
    pub(crate) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }
}

impl Peer {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect(address)?)
    }

    pub(crate) fn accept(listener: &TcpListener) -> Self {
        Self::over(listener.accept().unwrap().0).unwrap()
    }

    fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        // What a test sends in two pieces is to arrive as two pieces, at once.
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::with_capacity(512, stream)))
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// Sends, whether the other side still wants it or not.
    pub(crate) fn send_in_vain(&mut self, text: &str) {
        let _ = self.0.get_mut().write_all(text.as_bytes());
    }

    pub(crate) fn stop_sending(&mut self) {
        self.0.get_mut().shutdown(Shutdown::Write).unwrap();
    }

    /// The next head, with its empty line; `None` at the end of the connection.
    pub(crate) fn head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).unwrap() == 0 {
                assert_eq!(head, "", "the connection ends within a head");
                return None;
            }
        }
        Some(head)
    }

    pub(crate) fn body(&mut self, bytes: usize) -> String {
        let mut body = vec![0; bytes];
        self.0.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    }

    /// The next answer; `None` at the end of the connection.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let head = self.head()?;
        let field = |name: &str| {
            let is_it = |line: &str| line.split_once(": ").filter(|field| field.0.eq_ignore_ascii_case(name)).is_some();
            head.lines().find(|line| is_it(line)).map_or("", |line| &line[name.len() + 2..])
        };
        let body = self.body(field("content-length").parse().unwrap());
        Some(Answer { status: head[9..12].parse().unwrap(), closes: field("connection") == "close", body })
    }

    /// Asserts that the other side has closed, and has not sent a thing before.
    pub(crate) fn assert_closed(&mut self) {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => assert_eq!(rest.escape_ascii().to_string(), ""),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
    }

    /// Asserts that a whole exchange works.
    pub(crate) fn assert_served(&mut self, path: &str) {
        self.send(&get(path));
        assert_eq!(self.answer(), Some(Answer::ok(&format!("GET {path}"))));
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n")
}

pub(crate) fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
