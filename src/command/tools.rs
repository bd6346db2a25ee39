//! `xroot tools`: which programs of the host run in the place of the guest's, and why the others do not.
#![forbid(unsafe_code)]

use std::fmt::Write;

use sandbox::config::Append;
use sandbox::tools::choice::{Choice, State};
use sandbox::tools::{Selection, Survey};
use serde_json::{Value, json};

/// The table: what is on first, then what is off. Tools that nobody asked for are left out.
pub fn table(survey: &Survey) -> String {
    let selection = &survey.selection;
    let Some(machine) = &selection.toolset.machine else {
        return "the guest is of this host's machine: its own programs run\n".into();
    };
    let rows: Vec<[String; 3]> = shown(selection).map(row).collect();
    let head = ["GUEST PATH", "NATIVE", "STATE"].map(String::from);
    let width = |column: usize| {
        let lengths = rows.iter().chain([&head]).map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0).min(60)
    };
    let (guest, host) = (width(0), width(1));
    let mut text = format!(
        "guest {machine}, triplet {}, tools of {}\n",
        selection.triplet.as_deref().unwrap_or("unknown"),
        selection.root.display()
    );
    for row in [&head].into_iter().chain(&rows) {
        line(&mut text, format_args!("{:guest$}  {:host$}  {}", row[0], row[1], row[2]));
    }
    text
}

/// The same for programs to read.
pub fn json(survey: &Survey) -> String {
    let selection = &survey.selection;
    let tools: Vec<Value> = selection
        .choices
        .iter()
        .filter(|choice| choice.state != State::Absent)
        .map(|choice| {
            json!({
                "name": choice.name,
                "guest": choice.guest,
                "native": choice.host,
                "state": word(&choice.state),
                "reason": reason(&choice.state),
                "guest_version": choice.versions.guest,
                "native_version": choice.versions.host,
                "package": choice.package,
            })
        })
        .collect();
    let all = json!({
        "machine": selection.toolset.machine,
        "triplet": selection.triplet,
        "root": selection.root,
        "tools": tools,
    });
    format!("{all:#}\n")
}

/// All that is known of the tools called `name`; `None` if there is none.
pub fn explain(survey: &Survey, name: &str) -> Option<String> {
    let called = |choice: &&Choice| {
        let file = choice.guest.as_deref().and_then(|path| path.rsplit('/').next());
        choice.name == name || file == Some(name) || choice.guest.as_deref() == Some(name)
    };
    let mut text = String::new();
    for choice in survey.selection.choices.iter().filter(called) {
        describe(&mut text, choice);
    }
    (!text.is_empty()).then_some(text)
}

fn describe(text: &mut String, choice: &Choice) {
    line(text, format_args!("{}: {}", choice.name, state(choice)));
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            line(text, format_args!("  {name:15} {value}"));
        }
    };
    field("guest's file", choice.guest.clone());
    field("native file", choice.host.as_ref().map(|path| path.display().to_string()));
    field("guest's version", choice.versions.guest.clone());
    field("native version", choice.versions.host.clone());
    field("package", choice.package.clone());
    let env: Vec<_> = choice.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    field("variables", Some(env.join(" ")));
    field("words before", Some(choice.prepend.join(" ")));
    field("words behind", Some(choice.append.iter().map(added).collect::<Vec<_>>().join(" ")));
    field("guest's own at", Some(choice.fallback.join(" ")));
    field("guest's own if", Some(choice.unless_set.join(" ")));
}

fn added(append: &Append) -> String {
    match append {
        Append::Words(words) => words.join(" "),
        Append::Unless(patterns, words) => format!("{} (unless {})", words.join(" "), patterns.join(" ")),
        Append::Each { variable, flag } => format!("{flag}DIR for each in ${variable}"),
    }
}

/// What there is to see: no rules for programs that the guest lacks, or that nobody asked for.
fn shown(selection: &Selection) -> impl Iterator<Item = &Choice> {
    let of = |choice: &&Choice, on: bool| choice.is_on() == on && choice.state != State::Absent;
    let choices = &selection.choices;
    choices.iter().filter(move |choice| of(choice, true)).chain(choices.iter().filter(move |c| of(c, false)))
}

fn row(choice: &Choice) -> [String; 3] {
    let host = choice.host.as_ref().map_or("-".into(), |path| path.display().to_string());
    [choice.guest.clone().unwrap_or_else(|| choice.name.clone()), host, state(choice)]
}

fn state(choice: &Choice) -> String {
    let versions = match (&choice.versions.guest, &choice.versions.host) {
        (Some(guest), Some(host)) if guest == host => format!("  {host} = {guest}"),
        (Some(guest), Some(host)) => format!("  {host} for {guest}"),
        (_, _) => String::new(),
    };
    let package = choice.package.as_ref().filter(|_| !choice.is_on());
    let package = package.map_or(String::new(), |package| format!(" (apt install {package})"));
    match reason(&choice.state) {
        Some(why) => format!("{}  {why}{package}", word(&choice.state)),
        None => format!("{}{versions}", word(&choice.state)),
    }
}

fn word(state: &State) -> &'static str {
    match state {
        State::On => "on",
        State::Off(_) => "off",
        State::Refused(_) => "refused",
        State::Absent => "absent",
    }
}

fn reason(state: &State) -> Option<&str> {
    match state {
        State::On => None,
        State::Off(why) | State::Refused(why) => Some(why),
        State::Absent => Some("the guest has no such program"),
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    let (Ok(()) | Err(_)) = writeln!(text, "{}", words.to_string().trim_end());
}
