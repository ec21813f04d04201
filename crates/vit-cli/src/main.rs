//! The program `vit`.

fn main() -> std::process::ExitCode {
    vit_cli::main()
}
