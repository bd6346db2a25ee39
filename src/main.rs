//! The command line: parse, plan, print.
#![forbid(unsafe_code)]

mod cli;
mod plan;
mod report;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use cli::Request;
use report::Report;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    match run(&words) {
        Ok(status) => ExitCode::from(status),
        Err(report) => {
            // Nobody is left to tell if stderr is closed.
            let _ = report.write(std::io::stderr().lock());
            ExitCode::from(report.code)
        }
    }
}

fn run(words: &[OsString]) -> Result<u8, Report> {
    match cli::parse(words).map_err(|text| {
        Report::usage(text, Some("xroot -r ROOTFS COMMAND (all options: xroot --help)".into()))
    })? {
        Request::Print(text) => {
            let _ = std::io::stdout().write_all(text.as_bytes());
            Ok(0)
        }
        Request::Run(cli) => {
            let config = plan::plan(*cli, &plan::surroundings())?;
            sandbox::image::check::rootfs(&config.rootfs)?;
            Err(Report::usage("this build checks a rootfs but runs nothing yet", None))
        }
    }
}
