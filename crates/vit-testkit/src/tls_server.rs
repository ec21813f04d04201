//! A TLS server on loopback with a certificate authority of its own, by the program `openssl`: for
//! what only a real handshake shows.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The server. Dropping it ends it.
pub struct TlsServer {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl TlsServer {
    /// Starts a server whose path `/doc` answers with the JSON document, and whose certificate is
    /// for `localhost`, not for 127.0.0.1, where it listens. Nothing where `openssl` is missing: the test that asks should return.
    ///
    /// # Panics
    /// `openssl` is there and does not do as it is told.
    #[must_use]
    pub fn start(document: &str) -> Option<Self> {
        if !crate::tools::need("openssl") {
            return None;
        }
        let folder = TempDir::new().expect("a temporary folder can be made");
        let path = folder.path();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        openssl(
            path,
            &format!(
                "req -x509 {key} -days 2 -subj /CN=vit-tests -keyout ca.key -out ca.pem \
                 -addext basicConstraints=critical,CA:TRUE"
            ),
        );
        openssl(
            path,
            &format!("req {key} -subj /CN=localhost -keyout key.pem -out req.pem"),
        );
        let names = "subjectAltName=DNS:localhost\n";
        std::fs::write(path.join("names"), names).expect("the folder can be written");
        openssl(
            path,
            "x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile names -out cert.pem",
        );
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{document}",
            document.len()
        );
        std::fs::write(path.join("doc"), answer).expect("the folder can be written");
        let mut child = Command::new("openssl")
            .args("s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -HTTP".split(' '))
            .current_dir(path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let port = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.strip_prefix("ACCEPT ")?
                    .rsplit(':')
                    .next()?
                    .parse()
                    .ok()
            });
        let server = Self {
            child,
            port: port.unwrap_or(0),
            folder,
        };
        assert!(
            server.port != 0,
            "openssl s_server did not say where it listens"
        );
        Some(server)
    }

    /// `https://HOST:PORT/doc`.
    #[must_use]
    pub fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/doc", self.port)
    }

    /// The file of the authority's certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl starts");
    assert!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
