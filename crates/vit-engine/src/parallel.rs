//! Two looks at once: most of a gathering's time is spent waiting for git.

/// Runs `first` on a thread of its own and `second` on this one; a panic of either goes on.
pub fn both<A: Send, B>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let running = scope.spawn(first);
        let second = second();
        match running.join() {
            Ok(first) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Maps in order, on as many threads as there are cores; few items stay on this one.
pub fn map<T: Send, U: Send>(items: Vec<T>, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    const WORTH_A_THREAD: usize = 64;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if threads == 1 || items.len() < WORTH_A_THREAD {
        return items.into_iter().map(work).collect();
    }
    let size = items.len().div_ceil(threads);
    let mut chunks: Vec<Vec<T>> = Vec::new();
    let mut rest = items;
    while rest.len() > size {
        let tail = rest.split_off(size);
        chunks.push(std::mem::replace(&mut rest, tail));
    }
    chunks.push(rest);
    let work = &work;
    std::thread::scope(|scope| {
        let running: Vec<_> = chunks
            .into_iter()
            .map(|chunk| scope.spawn(move || chunk.into_iter().map(work).collect::<Vec<U>>()))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays() {
        for count in [0, 1, 63, 64, 65, 1_000] {
            let doubled: Vec<usize> = (0..count).map(|n| n * 2).collect();
            assert_eq!(map((0..count).collect(), |n| n * 2), doubled);
        }
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
