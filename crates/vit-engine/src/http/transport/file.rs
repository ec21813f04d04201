//! `file:` addresses that the settings name: a mirror in a folder. No redirect leads here.

use std::fs::File;
use std::io;

use super::{Answer, Exchange, Headers, Transport, TransportError};

/// Answers from the file system: 200 with the file, or 404.
#[derive(Debug, Clone, Copy)]
pub struct Files;

impl Transport for Files {
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError> {
        let unreachable = |why: String| TransportError::Unreachable { why };
        let path = exchange
            .address
            .url()
            .to_file_path()
            .map_err(|()| unreachable("the address names no file here".to_owned()))?;
        let empty = |status| Answer {
            status,
            headers: Headers::default(),
            body: Box::new(io::empty()),
        };
        // Before it is opened: to open a pipe is to wait for who writes to it.
        let length = match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => found.len(),
            Ok(_) => return Ok(empty(404)),
            Err(error) => return of_error(&error, empty(404)),
        };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) => return of_error(&error, empty(404)),
        };
        Ok(Answer {
            status: 200,
            headers: Headers(vec![("content-length".to_owned(), length.to_string())]),
            body: Box::new(file),
        })
    }
}

fn of_error(error: &io::Error, absent: Answer) -> Result<Answer, TransportError> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(absent),
        _ => Err(TransportError::Unreachable {
            why: error.to_string(),
        }),
    }
}
