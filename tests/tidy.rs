//! The invariants of the house, written as absences.
//!
//! Each rule first finds an offence that is made up here, so that none can pass by having gone blind.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules of the library, highest first: each may use only those behind it.
const LAYERS: &[&str] = &[
    "fuzzing", "tools", "session", "image", "engine", "syscall", "exec", "task", "config", "vfs", "sys",
    "arch", "error",
];

/// What the house consists of, and what only tools need. Dotfiles are the tools' too.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "README.md",
    "src",
    "sandbox",
    "tests",
    "benches",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "target",
];

/// Lines after which a file has a second idea in it; tables are one idea.
const MAX_LINES: usize = 500;

/// A file of the project: its path from the top, its text, and its code without comments and string contents.
struct Source {
    path: String,
    text: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), code: strip(text) }
    }

    fn within(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }

    /// The code that is not a test's.
    fn product(&self) -> &str {
        if self.path.ends_with("tests.rs") || !self.within(&["src/", "sandbox/src/"]) {
            return "";
        }
        self.code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    /// The identifiers of a piece of code, with what stands behind each.
    fn words(code: &str) -> impl Iterator<Item = (&str, &str)> {
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = at + code[at..].find(inside)?;
            let end = code[start..].find(|c| !inside(c)).map_or(code.len(), |len| start + len);
            at = end;
            Some((&code[start..end], &code[end..]))
        })
    }
}

/// Blanks comments and the contents of strings and characters, and keeps the lines.
fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if first == '"' {
            closing(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'/'") {
            3
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        out.extend(rest[..len].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[len..];
    }
    out
}

/// The length of the string literal that `text` begins with.
fn closing(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn top() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for dir in ["src", "sandbox", "tests", "benches"] {
        collect(&top().join(dir), &mut found);
    }
    assert!(found.len() > 10, "only {} files found", found.len());
    found
}

fn collect(dir: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.expect("a directory of the project can be listed").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name =
                path.strip_prefix(top()).expect("it was found below the top").to_string_lossy().into_owned();
            found.push(Source::new(&name, &fs::read_to_string(&path).expect("a source is text")));
        }
    }
}

type Rule = fn(&Source) -> Vec<String>;

/// Runs `rule` over every file, after it has found each of `offences` (path, text).
#[track_caller]
fn enforce(rule: Rule, offences: &[(&str, &str)]) {
    for (path, text) in offences {
        assert!(!rule(&Source::new(path, text)).is_empty(), "the rule is blind to {path}: {text}");
    }
    let found: Vec<_> = sources()
        .iter()
        .flat_map(|source| rule(source).into_iter().map(move |what| format!("{}: {what}", source.path)))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn imports_go_one_way() {
    fn rule(source: &Source) -> Vec<String> {
        let Some(inside) = source.path.strip_prefix("sandbox/src/") else { return Vec::new() };
        let module = inside.split(['/', '.']).next().unwrap_or_default();
        let Some(own) = LAYERS.iter().position(|layer| *layer == module) else {
            return if module == "lib" {
                Vec::new()
            } else {
                vec!["a module without a place in the order".into()]
            };
        };
        let upward = source.code.match_indices("crate::").flat_map(|(at, _)| used(&source.code[at + 7..]));
        let higher = upward.filter(|used| !LAYERS[own..].contains(&used.as_str()));
        higher.map(|used| format!("uses {used}, which is not below {module}")).collect()
    }
    /// The first components of a path or of a list of paths in braces.
    fn used(path: &str) -> Vec<String> {
        let Some(list) = path.strip_prefix('{') else {
            return Source::words(path).take(1).map(|(word, _)| word.to_owned()).collect();
        };
        let (mut depth, mut name, mut names) = (0, String::new(), Vec::new());
        for c in list.chars() {
            match c {
                '}' if depth == 0 => break,
                ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                '{' => depth += 1,
                '}' => depth -= 1,
                _ if depth == 0 => name.push(c),
                _ => {}
            }
        }
        names.push(name);
        names
            .iter()
            .filter_map(|name| name.trim().split("::").next())
            .filter(|name| !name.is_empty())
            .map(Into::into)
            .collect()
    }
    enforce(
        rule,
        &[
            ("sandbox/src/vfs/x.rs", "use crate::syscall::Row;"),
            ("sandbox/src/vfs.rs", "use crate::{error::Error, engine::{self, Engine}};"),
            ("sandbox/src/error.rs", "fn f() -> crate::Session {}"),
            ("sandbox/src/extra.rs", ""),
        ],
    );
}

#[test]
fn only_sys_and_the_stub_are_unsafe() {
    fn rule(source: &Source) -> Vec<String> {
        const FORBID: &str = "#![forbid(unsafe_code)]";
        if source.within(&["sandbox/src/sys/", "sandbox/src/sys.rs", "sandbox/stub/"]) {
            return Vec::new();
        }
        if Source::words(&source.code).any(|(word, _)| word == "unsafe") {
            return vec!["contains unsafe".into()];
        }
        // lib.rs holds sys too. A module's attribute holds for the files below it.
        let inherited = || parents(&source.path).iter().any(|path| text_of(path).contains(FORBID));
        if source.path == "sandbox/src/lib.rs" || source.text.contains(FORBID) || inherited() {
            return Vec::new();
        }
        vec![format!("does not say {FORBID}")]
    }
    /// The files of the modules around this one.
    fn parents(path: &str) -> Vec<String> {
        let dirs = Path::new(path).ancestors().skip(1).map(|dir| dir.display().to_string());
        dirs.filter(|dir| dir.contains('/'))
            .flat_map(|dir| [format!("{dir}/mod.rs"), format!("{dir}.rs")])
            .collect()
    }
    fn text_of(path: &str) -> String {
        fs::read_to_string(top().join(path)).unwrap_or_default()
    }
    enforce(
        rule,
        &[
            ("sandbox/src/session.rs", "//! Nothing said."),
            ("sandbox/src/vfs/x.rs", "#![forbid(unsafe_code)]\nfn f() { unsafe { g() } }"),
            ("sandbox/src/lib.rs", "unsafe fn f() {}"),
            ("tests/x.rs", "// #![forbid(unsafe)]"),
        ],
    );
}

#[test]
fn only_the_table_numbers_syscalls() {
    fn rule(source: &Source) -> Vec<String> {
        let exempt = ["sandbox/src/sys/", "sandbox/src/arch/", "sandbox/src/syscall/table", "sandbox/stub/"];
        if source.within(&exempt) || !source.within(&["src/", "sandbox/src/"]) {
            return Vec::new();
        }
        let number = |rest: &str| {
            let rest = rest.trim_start();
            let value = rest.strip_prefix("==").or_else(|| rest.strip_prefix("!="));
            // `NR_OPEN: u64 = 2`, but not `nr: u64` in a list of fields.
            let value = value.or_else(|| rest.strip_prefix(':')?.split_once('=').map(|(_, value)| value));
            let value = value.or_else(|| rest.strip_prefix('=').filter(|rest| !rest.starts_with('>')));
            value.is_some_and(|value| value.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        };
        let numbers = Source::words(source.product()).filter(|&(word, rest)| {
            let named = word.starts_with("SYS_") || word.starts_with("NR_") || word.starts_with("__NR_");
            named || ((word == "nr" || word == "sysno") && number(rest.lines().next().unwrap_or_default()))
        });
        numbers.map(|(word, _)| format!("numbers a system call: {word}")).collect()
    }
    enforce(
        rule,
        &[
            ("sandbox/src/engine/x.rs", "let n = libc::SYS_open;"),
            ("sandbox/src/syscall/open.rs", "const NR_OPEN: u64 = 2;"),
            ("sandbox/src/engine/x.rs", "if call.nr == 257 {}"),
            ("sandbox/src/engine/x.rs", "let nr: u64 = 257;"),
            ("sandbox/src/engine/x.rs", "let nr = 257;"),
        ],
    );
}

#[test]
fn only_arch_names_registers() {
    const NAMES: &[&str] = &[
        "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip", "r8", "r9", "r10", "r11", "r12",
        "r13", "r14", "r15", "orig_rax", "eflags", "eax", "esp", "eip",
    ];
    fn rule(source: &Source) -> Vec<String> {
        if source.within(&["sandbox/src/arch/", "sandbox/stub/"]) {
            return Vec::new();
        }
        let named = Source::words(source.product()).filter(|(word, _)| NAMES.contains(word));
        named.map(|(word, _)| format!("names the register {word}")).collect()
    }
    enforce(
        rule,
        &[
            ("sandbox/src/engine/x.rs", "regs.rdi = 0;"),
            ("sandbox/src/sys/x.rs", "regs.orig_rax"),
            ("src/main.rs", "let rip = 1;"),
        ],
    );
}

#[test]
fn only_the_plan_reads_the_environment() {
    fn rule(source: &Source) -> Vec<String> {
        if source.path == "src/plan.rs" {
            return Vec::new();
        }
        let code = source.product();
        let reads = ["env::var", "env::vars", "var_os", "vars_os", "getenv", "home_dir", "temp_dir()"];
        reads
            .iter()
            .filter(|read| code.contains(*read))
            .map(|read| format!("reads the environment: {read}"))
            .collect()
    }
    enforce(
        rule,
        &[
            ("src/main.rs", "let home = std::env::var_os(HOME);"),
            ("sandbox/src/image/x.rs", "for (key, value) in env::vars() {}"),
            ("sandbox/src/image/x.rs", "use std::env::temp_dir;\nfn f() { temp_dir() }"),
        ],
    );
}

#[test]
fn a_guest_path_is_no_host_path() {
    fn rule(source: &Source) -> Vec<String> {
        let code: String = source.code.split_whitespace().collect::<Vec<_>>().join(" ");
        let impls = ["AsRef<Path> for GuestPath", "Deref for GuestPath", "From<GuestPath> for PathBuf"];
        let more =
            ["AsRef<OsStr> for GuestPath", "From<GuestPath> for HostPath", "Borrow<Path> for GuestPath"];
        let found = impls.iter().chain(&more).filter(|text| code.contains(**text));
        found.map(|text| format!("lets a host call take a guest path: {text}")).collect()
    }
    enforce(
        rule,
        &[
            ("sandbox/src/vfs/path.rs", "impl AsRef<Path>\n    for GuestPath {}"),
            ("sandbox/src/vfs/path.rs", "impl std::ops::Deref for GuestPath {}"),
        ],
    );
}

#[test]
fn the_walk_does_no_io() {
    fn rule(source: &Source) -> Vec<String> {
        let pure = ["path", "namespace", "resolve", "lookup", "walk", "run"]
            .map(|name| format!("sandbox/src/vfs/{name}.rs"));
        let walk = source.path.starts_with("sandbox/src/vfs/resolve/")
            && source.path != "sandbox/src/vfs/resolve/oracle.rs";
        if !pure.contains(&source.path) && !walk {
            return Vec::new();
        }
        // `std::os::unix` is no eye.
        let code = source.product().replace("unix::", "");
        let eyes = ["std::fs", "std::io", "nix::", "libc::", "std::os::fd", "crate::sys"];
        let found =
            eyes.iter().filter(|eye| code.contains(*eye)).map(|eye| format!("looks at the host: {eye}"));
        // Methods of std::path::Path that do.
        let methods =
            [".exists(", ".is_dir(", ".is_file(", ".metadata(", ".symlink_metadata(", ".canonicalize("];
        found
            .chain(methods.iter().filter(|call| code.contains(*call)).map(|call| format!("calls {call})")))
            .collect()
    }
    enforce(
        rule,
        &[
            ("sandbox/src/vfs/resolve.rs", "use std::fs;"),
            ("sandbox/src/vfs/namespace.rs", "nix::sys::stat::lstat(host)"),
            ("sandbox/src/vfs/path.rs", "fn f(path: &Path) -> bool { path.exists() }"),
        ],
    );
}

#[test]
fn a_session_owns_everything() {
    fn rule(source: &Source) -> Vec<String> {
        let mutable = [
            "Mutex",
            "RwLock",
            "OnceLock",
            "LazyLock",
            "OnceCell",
            "RefCell",
            "Cell<",
            "Atomic",
            "static mut",
        ];
        // Written once before main: what the process was started with belongs to no session.
        if source.path == "sandbox/src/sys/inherited.rs" {
            return Vec::new();
        }
        let statics = source.product().lines().filter(|line| {
            let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            line.starts_with("thread_local!")
                || line.starts_with("static ") && mutable.iter().any(|kind| line.contains(kind))
        });
        statics.map(|line| format!("global mutable state: {}", line.trim())).collect()
    }
    enforce(
        rule,
        &[
            ("sandbox/src/engine/x.rs", "static SEEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());"),
            ("sandbox/src/sys/x.rs", "    pub static mut COUNT: u32 = 0;"),
            ("sandbox/src/sys/x.rs", "thread_local! { }"),
        ],
    );
}

#[test]
fn no_test_is_ignored() {
    fn rule(source: &Source) -> Vec<String> {
        let found = source.code.contains("#[ignore");
        if found { vec!["an ignored test".into()] } else { Vec::new() }
    }
    enforce(rule, &[("tests/x.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}"), ("src/x.rs", "#[ignore]")]);
}

#[test]
fn a_file_has_one_idea() {
    fn rule(source: &Source) -> Vec<String> {
        let lines = source.text.lines().count();
        let table = source.path.contains("/table");
        if lines > MAX_LINES && !table { vec![format!("{lines} lines")] } else { Vec::new() }
    }
    enforce(rule, &[("src/x.rs", &"\n".repeat(MAX_LINES + 1))]);
}

#[test]
fn the_top_level_is_the_house_and_nothing_else() {
    fn strangers<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        names.filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(name)).collect()
    }
    assert_eq!(strangers(["src", "notes.txt", ".ci"].into_iter()), ["notes.txt"]);
    let entries = fs::read_dir(top()).expect("the top can be listed");
    let names: Vec<_> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(strangers(names.iter().map(String::as_str)), [""; 0]);
}

#[test]
fn comments_and_strings_are_not_code() {
    let code =
        strip("let a = \"unsafe \\\" rax\"; // rax\nlet q = '\"'; /* rdi */ let b = r#\"rsi \" x\"#; rdx");
    let words: Vec<_> = Source::words(&code).map(|(word, _)| word).collect();
    assert_eq!(words, ["let", "a", "let", "q", "let", "b", "rdx"]);
    assert_eq!(code.lines().count(), 2);
}
