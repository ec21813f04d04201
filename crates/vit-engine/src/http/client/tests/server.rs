//! A server in memory: pages with validators, and ways to be out of order.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::http::transport::{Answer, Exchange, Headers, Transport, TransportError};

/// A page as the server has it.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    pub(super) body: Vec<u8>,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// What is wrong with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Trouble {
    #[default]
    None,
    /// No connection.
    Down,
    /// It answers with this status.
    Says(u16),
    /// A login page of somebody in between.
    Portal,
    /// It closes in the middle of the body.
    ClosesEarly,
    /// It says that nothing has changed, whatever was asked.
    Unchanged,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<String, Page>,
    trouble: Trouble,
    /// Headers of every request, the address first.
    asked: Vec<Vec<(String, String)>>,
    under_way: usize,
    most: usize,
    /// Nobody is answered before so many are under way.
    gather: usize,
}

/// A server; clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Server(Arc<(Mutex<State>, Condvar)>);

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, url: &str, body: &str, headers: &[(&'static str, &str)]) {
        let page = Page {
            body: body.as_bytes().to_vec(),
            headers: headers
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        };
        self.state().pages.insert(url.to_owned(), page);
    }

    pub(super) fn trouble(&self, trouble: Trouble) {
        self.state().trouble = trouble;
    }

    pub(super) fn gather(&self, count: usize) {
        self.state().gather = count;
    }

    /// How many requests were under way at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        self.state().most
    }

    pub(super) fn requests(&self) -> usize {
        self.state().asked.len()
    }

    /// A header of the last request.
    pub(super) fn last(&self, name: &str) -> Option<String> {
        let state = self.state();
        let headers = state.asked.last()?;
        let found = headers.iter().find(|(have, _)| have == name)?;
        Some(found.1.clone())
    }

    fn answer(&self, exchange: &Exchange<'_>) -> Result<(u16, Page), TransportError> {
        let mut state = self.state();
        let mut asked = vec![("address".to_owned(), exchange.address.url().to_string())];
        let headers = exchange.headers.iter();
        asked.extend(headers.map(|(name, value)| ((*name).to_owned(), value.clone())));
        state.asked.push(asked);
        let html = |status| {
            let page = Page {
                body: b"<html>log in</html>".to_vec(),
                headers: vec![("content-type", "text/html; charset=utf-8".to_owned())],
            };
            Ok((status, page))
        };
        match state.trouble {
            Trouble::Down => {
                return Err(TransportError::Unreachable {
                    why: "nobody is there".to_owned(),
                });
            }
            Trouble::Says(status) => return html(status),
            Trouble::Portal => return html(200),
            Trouble::Unchanged => return Ok((304, Page::default())),
            Trouble::None | Trouble::ClosesEarly => {}
        }
        let Some(page) = state.pages.get(exchange.address.url().as_str()) else {
            return html(404);
        };
        let sent = |name: &str| exchange.headers.iter().find(|(have, _)| *have == name);
        let own = |name: &str| page.headers.iter().find(|(have, _)| *have == name);
        let same = |condition, validator| match (sent(condition), own(validator)) {
            (Some((_, sent)), Some((_, own))) => sent == own,
            _ => false,
        };
        if same("if-none-match", "etag") || same("if-modified-since", "last-modified") {
            return Ok((304, Page::default()));
        }
        Ok((200, page.clone()))
    }
}

impl Transport for Server {
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError> {
        let (lock, gathered) = &*self.0;
        {
            let mut state = self.state();
            state.under_way += 1;
            state.most = state.most.max(state.under_way);
            gathered.notify_all();
            // The bound is for a failing test only: a good one never waits for it.
            let _unused = gathered
                .wait_timeout_while(state, Duration::from_secs(20), |it| it.most < it.gather)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let answer = self.answer(exchange);
        let early = self.state().trouble == Trouble::ClosesEarly;
        lock.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .under_way -= 1;
        let (status, page) = answer?;
        let headers = page.headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), value.clone()));
        Ok(Answer {
            status,
            headers: Headers(headers.collect()),
            body: if early {
                let half = page.body[..page.body.len() / 2].to_vec();
                Box::new(io::Cursor::new(half).chain(Broken))
            } else {
                Box::new(io::Cursor::new(page.body))
            },
        })
    }
}

/// A connection that was closed.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
