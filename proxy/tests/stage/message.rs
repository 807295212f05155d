//! A request or an answer as it was on the wire.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// With the empty line at its end.
    pub(crate) head: String,
    /// Without its chunks' frames.
    pub(crate) body: Vec<u8>,
}

/// How the end of a body is known.
pub(super) enum Framing {
    Length(usize),
    Chunks,
    Close,
}

impl Message {
    pub(crate) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(crate) fn status(&self) -> u16 {
        self.head[9..12].parse().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The values of all fields of this name.
    pub(crate) fn fields(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1.trim()).collect()
    }

    /// The value of the one field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.fields(name);
        assert!(fields.len() <= 1, "{name} is there {} times in {}", fields.len(), self.head);
        fields.first().copied()
    }

    pub(crate) fn closes(&self) -> bool {
        self.field("connection") == Some("close")
    }

    pub(super) fn framing(&self) -> Option<Framing> {
        if self.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return Some(Framing::Chunks);
        }
        self.field("content-length").map(|length| Framing::Length(length.parse().unwrap()))
    }

    /// How the answer to such a request ends.
    pub(super) fn framing_of_answer(&self, method: &str) -> Framing {
        match self.status() {
            100..=199 | 204 | 304 => Framing::Length(0),
            _ if method == "HEAD" => Framing::Length(0),
            _ => self.framing().unwrap_or(Framing::Close),
        }
    }
}
