//! Deployments whose containers somebody else makes: what each waits for is a word.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::api::{Problem, ProblemKind};

/// Compose needs a second for it; whoever needs so long has gone away.
const MADE_WITHIN: Duration = Duration::from_secs(60);

/// What is said: that they are made, or why not.
type Said = Result<(), String>;

/// Those that wait, by their names. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Awaited(Arc<Mutex<BTreeMap<String, watch::Sender<Option<Said>>>>>);

/// The word that one deployment waits for. Whoever drops it waits no more.
#[derive(Debug)]
pub(super) struct Word {
    deployment: String,
    awaited: Awaited,
    word: watch::Receiver<Option<Said>>,
}

// === impl Awaited ===

impl Awaited {
    /// What a deployment will wait for.
    pub(super) fn expect(&self, deployment: &str) -> Word {
        let (sender, word) = watch::channel(None);
        self.all().insert(deployment.to_owned(), sender);
        Word { deployment: deployment.to_owned(), awaited: self.clone(), word }
    }

    /// Gives the word, once.
    pub(super) fn give(&self, deployment: &str, said: Said) -> Result<(), Problem> {
        let sender = self.all().remove(deployment);
        sender.and_then(|sender| sender.send(Some(said)).ok()).ok_or_else(|| {
            let message = "the deployment is over, or waits for nothing; see `canaryctl status`";
            Problem::new(ProblemKind::Refused, message)
        })
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, watch::Sender<Option<Said>>>> {
        // Nothing that is done while it is held can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Word ===

impl Word {
    /// Waits for it.
    ///
    /// # Errors
    /// When it does not come in time, or is that nothing was made.
    pub(super) async fn come(&mut self) -> Result<(), String> {
        let late = || {
            let seconds = MADE_WITHIN.as_secs();
            format!("Compose has made nothing within {seconds} s: canaryctl has ended before; deploy it again")
        };
        let said = timeout(MADE_WITHIN, self.word.wait_for(Option::is_some)).await.ok().and_then(Result::ok);
        said.and_then(|said| said.clone()).unwrap_or_else(|| Err(late()))
    }

    /// Waits until it is that nothing will be made, and why; it may be that before anybody waits for it.
    pub(super) fn refusal(&self) -> impl Future<Output = String> + use<> {
        let mut word = self.word.clone();
        async move {
            match word.wait_for(|said| matches!(said, Some(Err(_)))).await.map(|said| said.clone()) {
                Ok(Some(Err(why))) => why,
                _ => std::future::pending().await,
            }
        }
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        self.awaited.all().remove(&self.deployment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_word_comes_once() {
        let awaited = Awaited::default();
        let mut word = awaited.expect("one");
        assert_eq!(awaited.give("one", Ok(())), Ok(()));
        assert_eq!(awaited.give("one", Ok(())).unwrap_err().kind, ProblemKind::Refused);
        assert_eq!(word.come().await, Ok(()));
        drop(awaited.expect("two"));
        assert_eq!(awaited.give("two", Ok(())).unwrap_err().kind, ProblemKind::Refused);
    }

    #[tokio::test]
    async fn that_nothing_is_made_is_heard_before_it_is_waited_for() {
        let awaited = Awaited::default();
        let mut word = awaited.expect("one");
        awaited.give("one", Err("no room".to_owned())).unwrap();
        assert_eq!(word.refusal().await, "no room");
        assert_eq!(word.come().await, Err("no room".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let late = "Compose has made nothing within 60 s: canaryctl has ended before; deploy it again";
        assert_eq!(Awaited::default().expect("one").come().await, Err(late.to_owned()));
    }
}
