//! Files are worked on by as many threads as there are cores, one file at a time each; the first
//! error stops all of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::EngineError;

/// How much of a file is in memory at once, for each thread.
const BUFFER: usize = 128 * 1024;
/// So few items are not worth a thread.
const WORTH_A_THREAD: usize = 16;

/// Does `work` for every item, in any order, and gives the results in the items' order. `work`
/// gets a buffer that it may use.
pub(super) fn each<T: Sync, U: Send>(
    items: &[T],
    work: impl Fn(&T, &mut [u8]) -> Result<U, EngineError> + Sync,
) -> Result<Vec<U>, EngineError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(items.len().div_ceil(WORTH_A_THREAD)).max(1);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let run = || {
        let mut buffer = vec![0; BUFFER];
        let mut done = Vec::with_capacity(items.len() / threads + 1);
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            match work(item, &mut buffer) {
                Ok(result) => done.push((index, result)),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(done)
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut all = run();
        for other in others {
            let done = match other.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            all = all.and_then(|mut all| {
                all.extend(done?);
                Ok(all)
            });
        }
        all
    })?;
    all.sort_unstable_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}
