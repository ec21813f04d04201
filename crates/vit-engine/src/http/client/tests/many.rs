//! Many requests at once.

use super::server::Trouble;
use super::stage::{Stage, minutes, request};
use crate::http::client::{HttpError, Origin, Request};

fn pages(stage: &Stage, host: &str, count: usize) -> Vec<Request> {
    (0..count)
        .map(|page| {
            let url = format!("https://{host}/list?page={page}");
            stage.server.put(&url, &format!("{host} {page}"), &[]);
            request(&url)
        })
        .collect()
}

fn bodies(answers: &[Result<crate::http::Got, HttpError>]) -> Vec<String> {
    let text = |answer: &Result<crate::http::Got, HttpError>| {
        let got = answer.as_ref().map(|got| got.body.clone());
        got.map_or_else(ToString::to_string, |it| String::from_utf8(it).unwrap())
    };
    answers.iter().map(text).collect()
}

/// The server answers nobody before four are there: fewer at once would wait for ever.
#[test]
fn four_at_a_time_from_one_host_in_order() {
    let stage = Stage::new();
    let requests = pages(&stage, "a.example.org", 30);
    stage.server.gather(4);
    let answers = stage.process(|client| client.get_all(&requests));
    let wanted: Vec<String> = (0..30)
        .map(|page| format!("a.example.org {page}"))
        .collect();
    assert_eq!(bodies(&answers), wanted);
    assert_eq!(stage.server.most_at_once(), 4);
    let again = stage.process(|client| client.get_all(&requests));
    assert_eq!(bodies(&again), wanted);
    assert_eq!(stage.server.requests(), 30, "all were kept");
}

#[test]
fn hosts_do_not_wait_for_each_other() {
    let stage = Stage::new();
    let (a, b) = (
        pages(&stage, "a.example.org", 5),
        pages(&stage, "b.example.org", 5),
    );
    let requests: Vec<Request> = a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect();
    stage.server.gather(8);
    let answers = stage.process(|client| client.get_all(&requests));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stage.server.most_at_once(), 8);
}

#[test]
fn each_has_its_own_answer() {
    let stage = Stage::new();
    let mut requests = pages(&stage, "a.example.org", 2);
    requests.insert(1, request("https://a.example.org/missing"));
    let answers = stage.process(|client| client.get_all(&requests));
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert!(matches!(
        answers[1],
        Err(HttpError::Status { status: 404, .. })
    ));
    stage.later(minutes(60));
    stage.server.trouble(Trouble::Down);
    let answers = stage.process(|client| client.get_all(&requests));
    assert!(matches!(
        answers[0].as_ref().unwrap().origin,
        Origin::Stale { .. }
    ));
    assert!(matches!(answers[1], Err(HttpError::NoAnswer { .. })));
    assert!(stage.process(|client| client.get_all(&[])).is_empty());
}

/// Two processes that keep the same answers at once leave whole ones.
#[test]
fn two_processes_at_once_are_safe() {
    let stage = Stage::new();
    let requests = pages(&stage, "a.example.org", 20);
    let (server, cache) = (stage.server.clone(), stage.cache());
    let work = || {
        let mut other = Stage::new();
        other.server = server.clone();
        other.variables(&[("VIT_CACHE_DIR", &cache)]);
        other.process(|client| {
            for _ in 0..5 {
                assert!(client.get_all(&requests).iter().all(Result::is_ok));
                client.keep_derived("listing", &["a"], b"the same");
            }
        });
        assert_eq!(other.notices(), []);
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(work);
        }
    });
    let asked = stage.server.requests();
    let answers = stage.process(|client| client.get_all(&requests));
    assert!(
        answers
            .iter()
            .all(|it| it.as_ref().unwrap().origin == Origin::Kept)
    );
    assert_eq!(stage.server.requests(), asked);
    let left = stage.files();
    assert!(
        !left
            .iter()
            .any(|path| path.to_string_lossy().ends_with(".vit-tmp")),
        "{left:?}"
    );
}
