//! How long canaryd has been silent, in questions.

use crate::client::Error;

/// How many questions in a row may stay without an answer while canaryd restarts: 30 s.
const RESTART_POLLS_MAX: u32 = 120;

/// How long canaryd has been silent, in questions.
#[derive(Debug, Default)]
pub(super) struct Silence {
    polls: u32,
}

// === impl Silence ===

impl Silence {
    /// Lets a restart of canaryd pass as no answer, within the limit.
    pub(super) fn bridge<T>(&mut self, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        match answer {
            Err(error) if error.is_restart() && self.polls < RESTART_POLLS_MAX => {
                self.polls += 1;
                Ok(None)
            }
            answer => {
                self.polls = 0;
                answer.map(Some)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::BadAnswer;

    #[test]
    fn a_restart_of_canaryd_is_waited_out_and_no_longer() {
        let mut silence = Silence::default();
        let cut = || Err::<u8, Error>(BadAnswer::Cut.into());
        for _ in 0..RESTART_POLLS_MAX {
            assert!(matches!(silence.bridge(cut()), Ok(None)));
        }
        assert!(silence.bridge(cut()).is_err());
        assert!(matches!(silence.bridge(cut()), Ok(None)));
        assert!(matches!(silence.bridge(Ok(1)), Ok(Some(1))));
        assert!(silence.bridge(Err::<u8, Error>(BadAnswer::Slow(Duration::ZERO).into())).is_err());
    }
}
