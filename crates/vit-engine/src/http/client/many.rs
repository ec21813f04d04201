//! Many requests at once: a few at a time from each host.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Client, Got, HttpError, Request};
use crate::http::cache::entry::host;

/// How many requests of one call are under way at one host.
const AT_ONCE: usize = 4;

/// The requests of one host, and how many of them were taken.
#[derive(Default)]
struct Queue {
    places: Vec<usize>,
    taken: AtomicUsize,
}

/// Gets every request; the answers in their order.
pub(super) fn get_all(client: Client<'_>, requests: &[Request]) -> Vec<Result<Got, HttpError>> {
    if let [request] = requests {
        return vec![client.get(request)];
    }
    let mut queues: BTreeMap<String, Queue> = BTreeMap::new();
    for (place, request) in requests.iter().enumerate() {
        queues.entry(host(request)).or_default().places.push(place);
    }
    let answers: Vec<Mutex<Option<Result<Got, HttpError>>>> =
        requests.iter().map(|_| Mutex::default()).collect();
    let work = |queue: &Queue| {
        while let Some(&place) = queue
            .places
            .get(queue.taken.fetch_add(1, Ordering::Relaxed))
        {
            let answer = client.get(&requests[place]);
            *answers[place]
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(answer);
        }
    };
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = queues
            .values()
            .flat_map(|queue| (0..AT_ONCE.min(queue.places.len())).map(move |_| queue))
            .map(|queue| scope.spawn(move || work(queue)))
            .collect();
        for thread in running {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    answers
        .into_iter()
        .map(|answer| {
            let answer = answer.into_inner().unwrap_or_else(PoisonError::into_inner);
            answer.expect("every request was taken by a thread, and every thread has ended")
        })
        .collect()
}
