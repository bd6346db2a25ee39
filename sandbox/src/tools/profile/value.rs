//! Values of variables that depend on the guest.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use crate::exec::Machine;

/// A value in a profile, understood. The text of all but the first begins with an `@`, and `@@` is one `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// `@guest:NAME` or `@guest:bash:NAME`: what this variable is in the guest's bash without an environment.
    Shell(String),
    /// `@guest:make:NAME`: what this variable is in the guest's make.
    Make(String),
    /// `@machine:arm=7,aarch64=8`: one for each guest machine, as qemu calls it; for others the variable is not set.
    Machine(BTreeMap<&'static str, String>),
}

impl Value {
    /// Understands `text`.
    ///
    /// # Errors
    /// Why it makes no sense.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('@') else { return Ok(Self::Text(text.into())) };
        if rest.starts_with('@') {
            return Ok(Self::Text(rest.into()));
        }
        let plain = |name: &str| {
            let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
            !name.is_empty() && name.chars().all(inside) && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        let value = match *rest.split(':').map(str::trim).collect::<Vec<_>>() {
            ["guest", name] | ["guest", "bash", name] if plain(name) => Some(Self::Shell(name.into())),
            ["guest", "make", name] if plain(name) => Some(Self::Make(name.into())),
            ["machine", list] => return machines(list).map(Self::Machine),
            _ => None,
        };
        value.ok_or_else(|| {
            format!("`{text}` is none of @guest:NAME, @guest:make:NAME and @machine:NAME=VALUE,... (a plain @ is @@)")
        })
    }
}

fn machines(list: &str) -> Result<BTreeMap<&'static str, String>, String> {
    let pair = |word: &str| {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not MACHINE=VALUE"))?;
        let machine =
            Machine::named(name.trim()).ok_or_else(|| format!("no machine is called {}", name.trim()))?;
        Ok((machine.name, value.trim().to_owned()))
    };
    list.split(',').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_be_the_guests() {
        for (text, value) in [
            ("", Value::Text("".into())),
            ("7", Value::Text("7".into())),
            ("@@x", Value::Text("@x".into())),
            ("@guest:MACHTYPE", Value::Shell("MACHTYPE".into())),
            ("@guest:bash:OSTYPE", Value::Shell("OSTYPE".into())),
            ("@guest:make:MAKE_HOST", Value::Make("MAKE_HOST".into())),
            (
                "@machine: armhf = arm, arm64=arm64",
                Value::Machine([("arm", "arm".into()), ("aarch64", "arm64".into())].into()),
            ),
        ] {
            assert_eq!(Value::parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused() {
        for text in [
            "@",
            "@guest",
            "@guest:",
            "@guest:a b",
            "@guest:perl:X",
            "@guest:1",
            "@machine:arm",
            "@machine:vax=1",
            "@x",
        ] {
            assert!(Value::parse(text).is_err(), "{text}");
        }
    }
}
