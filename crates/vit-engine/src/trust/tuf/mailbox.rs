//! A bridge between the TUF library, which asks in futures that must own all they use, and our
//! way to servers, which is blocking and borrowed: a question is put into a box, the future waits,
//! and whoever drives it answers. No runtime, no threads.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Repository, Result};

/// A file that the library wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its name below the folder of the metadata.
    pub(super) name: String,
    /// The most bytes that it may have.
    pub(super) most: u64,
}

/// What is answered: the bytes, or that there is no such file.
pub(super) type Answer = Result<Option<Vec<u8>>>;

#[derive(Default)]
struct Slots {
    wanted: Option<Wanted>,
    answer: Option<Answer>,
}

/// The box.
#[derive(Clone, Default)]
pub(super) struct Mailbox(Arc<Mutex<Slots>>);

impl Mailbox {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a future of the library to its end, answering each question with `answer`.
    pub(super) fn drive<F: Future>(
        &self,
        future: F,
        mut answer: impl FnMut(&Wanted) -> Answer,
    ) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            let wanted = self.slots().wanted.take();
            let wanted = wanted.expect("the library waits for nothing but its questions");
            let answer = answer(&wanted);
            self.slots().answer = Some(answer);
        }
    }
}

impl Repository for Mailbox {
    fn fetch_metadata<'a>(&'a self, name: &'a str, most: u64) -> FetchFuture<'a> {
        Box::pin(Question {
            mailbox: self.clone(),
            wanted: Some(Wanted {
                name: name.to_owned(),
                most,
            }),
        })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, _most: u64) -> FetchFuture<'a> {
        // Targets are fetched by the registry, which asks here for length and hash only.
        Box::pin(std::future::ready(Err(sigstore_tuf::Error::transport(
            format!("{path} is not fetched this way"),
        ))))
    }
}

/// A question that waits for its answer.
struct Question {
    mailbox: Mailbox,
    wanted: Option<Wanted>,
}

impl Future for Question {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        let wanted = self.wanted.take();
        let mut slots = self.mailbox.slots();
        if wanted.is_some() {
            slots.wanted = wanted;
            return Poll::Pending;
        }
        match slots.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    }
}
