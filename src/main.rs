//! The command line: parse, plan, print.
#![forbid(unsafe_code)]

mod cli;
mod command;
mod plan;
mod report;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use cli::{Request, ToolsWhat};
use report::Report;
use sandbox::tools::Selection;
use sandbox::{Config, Error, Session, Side, tools};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    match run(&words) {
        Ok(status) => ExitCode::from(status),
        Err(report) => {
            // At once, or what other processes write comes in between. Nobody is left to tell if stderr is closed.
            let _ = std::io::stderr().write_all(report.to_string().as_bytes());
            ExitCode::from(report.code)
        }
    }
}

fn run(words: &[OsString]) -> Result<u8, Report> {
    match cli::parse(words).map_err(|text| {
        let fix = if cli::asks_for_tools(words) {
            "xroot tools -r ROOTFS (all options: xroot tools --help)"
        } else {
            "xroot -r ROOTFS COMMAND (all options: xroot --help)"
        };
        Report::usage(text, Some(fix.into()))
    })? {
        Request::Print(text) => print(&text),
        Request::Syscalls => print(&sandbox::syscall::matrix::text()),
        Request::Tools(cli) => {
            let config = plan::plan(cli.session, &plan::surroundings())?;
            show_tools(&config, &cli.what)
        }
        Request::Run(cli) => {
            let ambient = plan::surroundings();
            let config = plan::plan(*cli, &ambient)?;
            match sandbox::split()? {
                Side::Front(status) => Ok(status),
                Side::Tracer(front) => Ok(session(config)?.run(Some(front))?),
            }
        }
    }
}

/// What `xroot tools` is asked for.
fn show_tools(config: &Config, what: &ToolsWhat) -> Result<u8, Report> {
    let survey = tools::survey(config)?;
    let missing = u8::from(survey.complaint.is_some());
    match what {
        ToolsWhat::Table { json, strict } => {
            let text = if *json { command::tools::json(&survey) } else { command::tools::table(&survey) };
            print(&text)?;
            if let (true, Some(error)) = (*strict, survey.complaint) {
                return Err(Report { code: missing, ..error.into() });
            }
            Ok(0)
        }
        ToolsWhat::Explain(name) => match command::tools::explain(&survey, name) {
            Some(text) => print(&text),
            None => Err(Report::usage(
                format!("no native tool is called {name}"),
                Some("xroot tools -r ROOTFS (all of them)".into()),
            )),
        },
        ToolsWhat::Install => {
            let root = tools::install(config)?;
            print(&format!("{}\n", root.display()))
        }
    }
}

/// The session of a run, with the programs of the host that take part in it.
fn session(mut config: Config) -> Result<Session, Error> {
    let Selection { toolset, bindings, .. } = tools::select(&config)?;
    config.toolset = toolset;
    config.bindings.extend(bindings);
    Session::new(config)
}

/// Writes `text` to stdout. A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> Result<u8, Report> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Report::usage(format!("cannot write to stdout: {error}"), None))
        }
        _ => Ok(0),
    }
}
