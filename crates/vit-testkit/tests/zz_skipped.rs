//! The end of `cargo test --workspace`: lists the tests that were skipped because a tool is
//! missing, and forgets them. Not a test itself, so that its output is not captured.

fn main() {
    let Some(list) = vit_testkit::tools::take_list() else {
        return;
    };
    println!("\nskipped, because a tool is missing (VIT_TEST_REQUIRE=all makes it a failure):");
    for line in &list {
        println!("  {line}");
    }
    println!("{} skipped", list.len());
}
