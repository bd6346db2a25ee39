//! One file of a profile, as it is written.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use super::{Cc, Kind, Need, Profile, Rule, Target, Value, ViewRule};
use crate::error::Error;

/// One file of a profile: what it says, and no defaults for what it does not say.
#[derive(Debug)]
pub struct Layer {
    path: PathBuf,
    file: File,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    native: Native,
    group: BTreeMap<Name, Vec<Name>>,
    tool: BTreeMap<Name, Tool>,
    package: BTreeMap<String, Package>,
    view: Vec<View>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Native {
    default: Option<String>,
    tools: Option<Absolute>,
    cc: Option<Cc>,
    uname: Uname,
    env: BTreeMap<Variable, Text>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Uname {
    machine: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Tool {
    kind: Option<Kind>,
    guest: Option<List<Absolute>>,
    host: Option<List<Program>>,
    need: Option<Need>,
    version: Option<List<String>>,
    auto: Option<bool>,
    refuse: Option<String>,
    env: BTreeMap<Variable, Text>,
    fallback: Option<List<String>>,
    unless: Option<List<String>>,
    append: Option<List<String>>,
    package: Option<String>,
    mounts: Option<List<Absolute>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    tools: List<String>,
    need: Option<Need>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    r#for: List<String>,
    path: Absolute,
    to: To,
}

impl Layer {
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let file = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
            let what = error.message().lines().collect::<Vec<_>>().join(", ");
            let message = line.map_or(what.clone(), |line| format!("line {line}: {what}"));
            Error::NativeProfile { path: path.into(), message }
        })?;
        Ok(Self { path: path.into(), file })
    }

    /// The tools that its groups name.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        self.file.group.values().flatten().map(|name| name.0.as_str())
    }

    /// A key by which it does more than choose among what is known, and take away.
    pub(super) fn beyond_choosing(&self) -> Option<String> {
        let Native { default, tools, cc: _, uname, env } = &self.file.native;
        // A path, or force.
        let maps = default.as_ref().is_some_and(|words| words.contains(['/', '=']));
        let native = [
            ("default", maps),
            ("tools", tools.is_some()),
            ("uname", uname.machine.is_some()),
            ("env", !env.is_empty()),
        ];
        let of_native = native.iter().find(|(_, said)| *said).map(|(key, _)| format!("native.{key}"));
        let of_tool = self
            .file
            .tool
            .iter()
            .find_map(|(name, tool)| Some(format!("tool.{}.{}", name.0, tool.beyond()?)));
        let of_view = self.file.view.first().map(|view| format!("the view of {}", view.path.0));
        of_native.or(of_tool).or(of_view)
    }

    pub(super) fn over(self, profile: &mut Profile) -> Result<(), Error> {
        let File { native, group, tool, package, view } = self.file;
        for (Name(name), tool) in tool {
            let rule = profile.tools.entry(name).or_insert_with_key(|name| Rule::named(name));
            tool.over(rule);
        }
        let bad = |place: &str, name: &str, profile: &Profile| {
            let unknown = profile.unknown(name);
            let hint = unknown.hint().filter(|hint| hint.starts_with("did you mean"));
            let message =
                format!("{place}: {unknown}{}", hint.map(|hint| format!("; {hint}")).unwrap_or_default());
            Error::NativeProfile { path: self.path.clone(), message }
        };
        for (Name(name), members) in group {
            let members: Vec<_> = members.into_iter().map(|Name(member)| member).collect();
            if let Some(stranger) = members.iter().find(|member| !profile.tools.contains_key(*member)) {
                return Err(bad(&format!("group {name}"), stranger, profile));
            }
            profile.groups.insert(name, members);
        }
        for (package, Package { tools, need }) in package {
            for word in tools.0 {
                let group = word.strip_prefix('@').and_then(|group| profile.groups.get(group)).cloned();
                for name in group.unwrap_or_else(|| vec![word]) {
                    match profile.tools.get_mut(&name) {
                        Some(rule) => {
                            rule.package = Some(package.clone());
                            replace(&mut rule.need, need);
                        }
                        None => return Err(bad(&format!("package {package}"), &name, profile)),
                    }
                }
            }
        }
        for view in view {
            let known = |name: &String| name == "*" || profile.tools.contains_key(name);
            if let Some(stranger) = view.r#for.0.iter().find(|name| !known(name)) {
                return Err(bad(&format!("view of {}", view.path.0), stranger, profile));
            }
            let to = match view.to.0 {
                Target::Host(path) if path.is_empty() => Target::Host(view.path.0.clone()),
                to => to,
            };
            profile.views.push(ViewRule { tools: view.r#for.0, path: view.path.0, to });
        }
        replace(&mut profile.default, native.default.map(Some));
        replace(&mut profile.tools_dir, native.tools.map(|dir| Some(dir.0.into())));
        replace(&mut profile.cc, native.cc.map(Some));
        replace(&mut profile.uname_machine, native.uname.machine.map(Some));
        profile.env.extend(native.env.into_iter().map(|(name, value)| (name.0, value.0)));
        Ok(())
    }
}

impl Tool {
    /// A key that does more than choose.
    fn beyond(&self) -> Option<&'static str> {
        let Self { kind, guest, host, need: _, version, auto: _, refuse, env, .. } = self;
        let Self { fallback: _, unless: _, append, package: _, mounts, .. } = self;
        let said = [
            ("kind", kind.is_some()),
            ("guest", guest.is_some()),
            ("host", host.is_some()),
            ("version", version.is_some()),
            ("refuse", refuse.as_ref().is_some_and(String::is_empty)),
            ("env", !env.is_empty()),
            ("append", append.is_some()),
            ("mounts", mounts.is_some()),
        ];
        said.iter().find(|(_, said)| *said).map(|(key, _)| *key)
    }

    fn over(self, rule: &mut Rule) {
        fn texts(list: Option<List<Absolute>>) -> Option<Vec<String>> {
            list.map(|list| list.0.into_iter().map(|path| path.0).collect())
        }
        replace(&mut rule.kind, self.kind);
        replace(&mut rule.guest, texts(self.guest));
        replace(&mut rule.host, self.host.map(|list| list.0.into_iter().map(|program| program.0).collect()));
        replace(&mut rule.need, self.need);
        replace(&mut rule.version, self.version.map(|list| list.0));
        replace(&mut rule.auto, self.auto);
        // An empty reason is none: so a file can allow what another refuses.
        replace(&mut rule.refuse, self.refuse.map(|why| Some(why).filter(|why| !why.is_empty())));
        rule.env.extend(self.env.into_iter().map(|(name, value)| (name.0, value.0)));
        replace(&mut rule.fallback, self.fallback.map(|list| list.0));
        replace(&mut rule.unless, self.unless.map(|list| list.0));
        replace(&mut rule.append, self.append.map(|list| list.0));
        replace(&mut rule.package, self.package.map(Some));
        replace(&mut rule.mounts, texts(self.mounts));
    }
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

/// A string that has to be one of a kind, so that an error names its line.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident($inner:ty), $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
        #[serde(try_from = "String")]
        struct $name($inner);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(String) -> Result<$inner, String> = $check;
                check(text).map(Self)
            }
        }
    };
}

checked!(
    /// The name of a tool or a group, which can be told from the other words of `--native`.
    Name(String),
    |name| {
        let special = name.is_empty()
            || name.starts_with('-')
            || name.contains(|c: char| "@=/,*".contains(c) || c.is_whitespace())
            || ["auto", "none"].contains(&name.as_str());
        if special { Err(format!("`{name}` cannot be the name of a tool or group")) } else { Ok(name) }
    }
);

checked!(Absolute(String), |path| if path.starts_with('/') {
    Ok(path)
} else {
    Err(format!("`{path}` is not an absolute path"))
});

checked!(
    /// A name, or an absolute path.
    Program(String),
    |program| match program.find('/') {
        Some(1..) => Err(format!("`{program}` is neither a name nor an absolute path")),
        _ if program.is_empty() => Err("a program has a name".into()),
        _ => Ok(program),
    }
);

checked!(
    /// The name of a variable of the environment.
    Variable(String),
    |name| {
        let wrong = name.is_empty() || name.contains(['=', '\0']);
        if wrong { Err(format!("{name:?} cannot be the name of a variable")) } else { Ok(name) }
    }
);

checked!(
    /// A variable's value, in the syntax of [`Value`].
    Text(String),
    |text| match Value::parse(&text) {
        Ok(_) if text.contains('\0') => Err(format!("{text:?} holds a NUL")),
        value => value.map(|_| text),
    }
);

#[derive(Debug, serde::Deserialize)]
#[serde(try_from = "String")]
struct To(Target);

impl TryFrom<String> for To {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let target = match text.split_once(':') {
            _ if text == "none" => Some(Target::Hidden),
            Some(("host", "")) => Some(Target::Host(String::new())),
            Some(("host", path)) if path.starts_with('/') => Some(Target::Host(path.into())),
            Some(("guest", path)) if path.starts_with('/') => Some(Target::Guest(path.into())),
            _ => None,
        };
        target.map(Self).ok_or_else(|| format!("`{text}` is none of host:, host:/PATH, guest:/PATH and none"))
    }
}

/// A list of values; one alone needs no brackets.
#[derive(Debug)]
struct List<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMore<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<List<T>, E> {
                Ok(List(vec![T::deserialize(StrDeserializer::new(text))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_any(OneOrMore(PhantomData))
    }
}
