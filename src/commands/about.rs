//! Shell completions and the man page, from the same definition as the command line.

use crate::cli::Cli;
use crate::failure::{Exit, Failure, Outcome};
use crate::report;
use clap::CommandFactory as _;

/// Prints the completions for a shell.
pub fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "provision", &mut text);
    report::print(&String::from_utf8_lossy(&text));
    Ok(())
}

/// Prints the man page: the program, then each of its commands.
pub fn man() -> Outcome {
    let mut text = Vec::new();
    pages(&mut text).map_err(|e| Failure::new(Exit::Other, "the man page cannot be made", e))?;
    report::print(&String::from_utf8_lossy(&text));
    Ok(())
}

fn pages(text: &mut Vec<u8>) -> std::io::Result<()> {
    let mut program = Cli::command();
    program.build();
    clap_mangen::Man::new(program.clone()).render(text)?;
    for command in program.get_subcommands() {
        let page = clap_mangen::Man::new(command.clone());
        page.render_name_section(text)?;
        page.render_synopsis_section(text)?;
        page.render_options_section(text)?;
    }
    Ok(())
}
