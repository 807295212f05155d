//! One end of a connection that reads and writes HTTP by hand, as a client or as an origin.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::message::Framing;
use super::{Message, within};

pub(crate) struct Peer(BufReader<TcpStream>);

impl Peer {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(within("a connection", TcpStream::connect(address)).await.unwrap())
    }

    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        Self::over(within("a client", listener.accept()).await.unwrap().0)
    }

    pub(super) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within("bytes to be taken", self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    /// Sends, whether the other side still wants it or not.
    pub(crate) async fn send_in_vain(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("bytes to be taken", self.0.write_all(bytes.as_ref())).await;
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &str) -> Message {
        self.send(request).await;
        let method = request.split(' ').next().unwrap();
        self.answer_to(method).await.expect("the connection should stay until the answer is here")
    }

    /// The answer to a request with this method; `None` at the end of the connection.
    pub(crate) async fn answer_to(&mut self, method: &str) -> Option<Message> {
        let mut answer = Message { head: self.head().await?, body: Vec::new() };
        answer.body = self.body(answer.framing_of_answer(method)).await;
        Some(answer)
    }

    /// The next request; `None` at the end of the connection.
    pub(crate) async fn request(&mut self) -> Option<Message> {
        let mut request = Message { head: self.head().await?, body: Vec::new() };
        request.body = self.body(request.framing().unwrap_or(Framing::Length(0))).await;
        Some(request)
    }

    /// The next head, with its empty line; `None` at the end of the connection.
    pub(crate) async fn head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match within("a head", self.0.read_line(&mut head)).await {
                Ok(1..) => {}
                Ok(0) | Err(_) if head.is_empty() => return None,
                end => panic!("{end:?} within {head:?}"),
            }
        }
        Some(head)
    }

    pub(crate) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        within("bytes", self.0.read_exact(&mut bytes)).await.unwrap();
        bytes
    }

    /// Everything until the other side closes, and whether it closed in order.
    pub(crate) async fn rest(&mut self) -> (Vec<u8>, bool) {
        let mut rest = Vec::new();
        let end = within("the end of the connection", self.0.read_to_end(&mut rest)).await;
        if let Err(error) = &end {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        (rest, end.is_ok())
    }

    /// Asserts that the other side has closed, and has not sent a thing before.
    pub(crate) async fn assert_closed(&mut self) {
        assert_eq!(self.rest().await.0.escape_ascii().to_string(), "");
    }

    /// Breaks the connection instead of closing it.
    pub(crate) fn reset(self) {
        SockRef::from(self.0.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    async fn body(&mut self, framing: Framing) -> Vec<u8> {
        match framing {
            Framing::Length(length) => self.bytes(length).await,
            Framing::Chunks => self.chunks().await,
            Framing::Close => {
                let (rest, in_order) = self.rest().await;
                assert!(in_order, "a body that ends with its connection was broken off");
                rest
            }
        }
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            within("a chunk", self.0.read_line(&mut line)).await.unwrap();
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap_or_else(|_| panic!("{line:?} is no chunk"));
            body.extend(self.bytes(length).await);
            assert_eq!(self.bytes(2).await, b"\r\n");
            if length == 0 {
                return body;
            }
        }
    }
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n")
}

pub(crate) fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
