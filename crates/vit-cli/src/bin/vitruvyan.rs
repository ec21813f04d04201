//! The program `vitruvyan`: the same as `vit`, under the platform's name.

fn main() -> std::process::ExitCode {
    vit_cli::main()
}
