//! The signals that a container can be sent. Pure.

/// A signal, by its number on Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(u8);

/// Those whose names a Dockerfile or a Compose file may give.
const NAMES: [(&str, u8); 21] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("WINCH", 28),
    ("PWR", 30),
];
const RTMIN: u8 = 34;
const RTMAX: u8 = 64;

// === impl Signal ===

impl Signal {
    /// What ends whatever it is sent to.
    pub const KILL: Self = Self(9);
    /// What a container is told to stop by, unless it says otherwise.
    pub const TERM: Self = Self(15);

    /// A signal by its number or its name: `15`, `TERM`, `SIGTERM`, `SIGRTMIN+3`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Self(number));
        }
        let name = text.to_ascii_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        if let Some((_, number)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(Self(*number));
        }
        let number = match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
            (Some(""), _) => Some(RTMIN),
            (_, Some("")) => Some(RTMAX),
            (Some(more), _) => more.strip_prefix('+')?.parse().ok().and_then(|more| RTMIN.checked_add(more)),
            (_, Some(less)) => less.strip_prefix('-')?.parse().ok().and_then(|less| RTMAX.checked_sub(less)),
            (None, None) => None,
        };
        number.filter(|number| (RTMIN..=RTMAX).contains(number)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_read_by_its_number_and_by_its_name() {
        for (text, number) in [
            ("15", 15),
            ("TERM", 15),
            ("SIGTERM", 15),
            ("sigquit", 3),
            ("SIGRTMIN+3", 37),
            ("RTMAX-1", 63),
            ("RTMIN", 34),
        ] {
            assert_eq!(Signal::read(text), Some(Signal(number)), "{text}");
        }
        for text in ["", "SIG", "SIGNONE", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMIN+x", "-1", "256"] {
            assert_eq!(Signal::read(text), None, "{text}");
        }
    }
}
