use super::*;

fn record(kind: &str, second: i64, boot: &str, body: serde_json::Value) -> Record {
    Record {
        seq: 1,
        transaction: "t".into(),
        boot: boot.into(),
        time: Timestamp::from_second(second).unwrap(),
        kind: kind.into(),
        body,
        previous: String::new(),
        hash: String::new(),
    }
}

fn told(records: &[Record]) -> Vec<(String, Option<f64>, StageOutcome)> {
    let records: Vec<&Record> = records.iter().collect();
    let stages = stages(&records, false);
    let line = |stage: StoryStage| (stage.what, stage.seconds, stage.outcome);
    stages.into_iter().map(line).collect()
}

#[test]
fn a_reboot_in_between_is_no_stage_and_a_record_of_a_newer_vit_tells_its_name() {
    let none = serde_json::Value::Null;
    let step = serde_json::json!({ "step": "environment" });
    let records = [
        record("begun", 0, "a", none.clone()),
        record("rehearsed_twice", 3, "a", none.clone()),
        record("intent", 4, "a", step.clone()),
        record("done", 9, "b", step),
    ];
    use StageOutcome::{Done, Interrupted};
    assert_eq!(
        told(&records),
        [
            ("rehearsed twice".to_owned(), Some(3.0), Done),
            ("change the environment".to_owned(), None, Done),
            ("go on to the next step".to_owned(), None, Interrupted),
        ]
    );
}

#[test]
fn a_clock_that_was_set_back_gives_no_time() {
    let none = serde_json::Value::Null;
    let records = [
        record("begun", 9, "a", none.clone()),
        record("closed", 3, "a", none),
    ];
    assert_eq!(told(&records)[0].1, None);
}
