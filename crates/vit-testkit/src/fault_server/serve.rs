//! The threads of the server: one that accepts, one a connection.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::reply::{Reply, Way};
use super::{Asked, Shared, locked};

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// Accepts connections until the server is dropped.
pub(super) fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(copy) = stream.try_clone() else {
            continue;
        };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        locked(&shared.sockets).insert(number, copy);
        let of_thread = Arc::clone(shared);
        let thread = std::thread::spawn(move || {
            // A client that goes away is no fault of the server.
            let _ = connection(stream, &of_thread);
            // The socket is closed by the last one that holds it.
            locked(&of_thread.sockets).remove(&number);
        });
        locked(&shared.threads).push(thread);
    }
}

/// Answers the requests of a connection, one after the other.
fn connection(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    while let Some(asked) = request(&mut stream)? {
        let reply = shared.reply(&asked);
        send(&mut stream, &reply, asked.method == "HEAD", shared)?;
        if !reply.keeps_alive() {
            break;
        }
    }
    Ok(())
}

/// Reads a request's head, all but its very last byte: what is left unread makes the kernel send
/// a reset when the connection is closed ([`Way::Reset`]).
fn request(stream: &mut TcpStream) -> io::Result<Option<Asked>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r") {
        if head.len() > MAX_HEAD || stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
        if head == b"\n" {
            // The last byte of the request before.
            head.clear();
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let mut word = || first.next().unwrap_or_default().to_owned();
    Ok(Some(Asked {
        method: word(),
        path: word(),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
    }))
}

/// Sends a reply in its way.
fn send(stream: &mut TcpStream, reply: &Reply, head_only: bool, shared: &Shared) -> io::Result<()> {
    let mut whole = reply.head();
    let body = &reply.body;
    match reply.way {
        Way::Whole if head_only => stream.write_all(&whole),
        Way::Whole => {
            whole.extend_from_slice(body);
            stream.write_all(&whole)
        }
        Way::Cut(after) => {
            whole.extend_from_slice(&body[..after.min(body.len())]);
            stream.write_all(&whole)?;
            end(stream)
        }
        Way::Drip(every) => {
            stream.write_all(&whole)?;
            for byte in body {
                wait(every, shared)?;
                stream.write_all(&[*byte])?;
            }
            end(stream)
        }
        Way::Endless => {
            stream.write_all(&whole)?;
            loop {
                stream.write_all(body)?;
            }
        }
        Way::EndlessHeaders => {
            stream.write_all(b"HTTP/1.1 200 Scripted\r\n")?;
            loop {
                stream
                    .write_all(b"x-more: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")?;
            }
        }
        Way::Reset(after) => {
            whole.extend_from_slice(body);
            stream.write_all(&whole[..after.min(whole.len())])
        }
        Way::Silent => {
            end(stream)?;
            // Until the client goes, or the server is dropped.
            stream.read_exact(&mut [0])
        }
        Way::Raw => {
            stream.write_all(body)?;
            end(stream)
        }
    }
}

/// Takes the last byte of the request, so that the connection ends in peace.
fn end(stream: &mut TcpStream) -> io::Result<()> {
    stream.read_exact(&mut [0])
}

/// Waits, unless the server is being dropped.
fn wait(time: Duration, shared: &Shared) -> io::Result<()> {
    if shared.stopped.load(Ordering::SeqCst) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    std::thread::sleep(time);
    Ok(())
}
