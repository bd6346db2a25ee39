//! A native tool finds its libraries, and neither it nor its children see how.
#![forbid(unsafe_code)]

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use sandbox::exec::ToolStart;
use sandbox::exec::loader::Report;

use crate::programs::{NAME, Scratch, on_path, plan_for};
use crate::tracer::{self, Output, Setup};

const LIBRARY_PATH: &str = "LD_LIBRARY_PATH=";

/// A program, and the directory of the library that it needs.
struct Tool {
    program: PathBuf,
    library: PathBuf,
}

impl Tool {
    fn new(dir: &Scratch, compiler: &str, flags: &[&str]) -> Self {
        let library = dir.0.join("library");
        std::fs::create_dir_all(&library).expect("the scratch directory is writable");
        dir.cc(compiler, "library.c", "library/libtool.so", &["-shared", "-fPIC", "-Wl,-soname,libtool.so"]);
        let search = format!("-L{}", library.display());
        let mut all = vec!["-DLIBRARY", "-Wl,-e,start", &search, "-ltool", "-Wl,--no-as-needed", "-ltool"];
        all.extend(flags);
        Self { program: dir.cc(compiler, "tool.c", "tool", &all), library }
    }

    fn start(&self, env: &[&str]) -> ToolStart {
        ToolStart {
            library_path: self.library.as_os_str().as_bytes().to_vec(),
            env: bytes(env),
            ..ToolStart::default()
        }
    }

    #[track_caller]
    fn run(&self, given: &[&str], added: &[&str], dropped: &[&str]) -> Output {
        load(&self.program, &[], Some(self.start(added)), given, dropped)
    }
}

fn bytes(strings: &[&str]) -> Vec<Vec<u8>> {
    strings.iter().map(|string| string.as_bytes().to_vec()).collect()
}

/// Runs `program` through the stub in the environment `given` without `dropped`; stderr is part of the output.
#[track_caller]
fn load(program: &Path, args: &[&str], tool: Option<ToolStart>, given: &[&str], dropped: &[&str]) -> Output {
    let mut plan = plan_for(program.as_os_str().as_bytes()).expect("the program can run");
    plan.tool = tool;
    let argv: Vec<_> =
        [NAME].into_iter().chain(args.iter().map(|arg| arg.as_bytes())).map(<[u8]>::to_vec).collect();
    let loaded = tracer::load(&plan, &argv, &setup(given, dropped));
    assert!(matches!(loaded.report, Report::Done { mm: None, .. }), "{:?}", loaded.report);
    loaded.output
}

fn setup(given: &[&str], dropped: &[&str]) -> Setup {
    Setup {
        before: "exec 2>&1; exec",
        env: Some(given.iter().map(|&string| string.to_owned()).collect()),
        drop_env: bytes(dropped),
        ..Setup::default()
    }
}

/// The lines of an environment, as the program and as the kernel shows it.
fn lines(word: &str, strings: &[&str]) -> String {
    strings.iter().map(|string| format!("{word} {string}\n")).collect()
}

/// What a tool prints that was given `given` and got `added`.
fn expected(given: &[&str], added: &[&str]) -> String {
    let masked = given.iter().chain(added).filter(|string| string.get(1..3) == Some("D_")).count();
    format!(
        "argc 1\n{}{}{}stack aligned 1 argv 1 envp 1\nvector 0 entry 1 1\n\
         library 42, for which ld.so had 1, masked {masked}\nfunction to call at exit 1\n\
         at exit\nlibrary destroyed\n",
        lines("env", given),
        lines("env", added),
        lines("kernel", given),
    )
}

#[track_caller]
fn check(tool: &Tool, given: &[&str], added: &[&str]) {
    let output = tool.run(given, added, &[]);
    assert_eq!(
        output,
        Output { text: expected(given, added), code: Some(0), signal: None },
        "{given:?} {added:?}"
    );
}

const KINDS: [(&str, &[&str]); 2] = [("pie", &["-pie", "-fPIE"]), ("nopie", &["-no-pie", "-fno-pie"])];

#[test]
fn a_tool_finds_its_library_and_nobody_sees_how() {
    for (kind, flags) in KINDS {
        let dir = Scratch::new(&format!("tool-{kind}"));
        let tool = Tool::new(&dir, "cc", flags);
        let without = load(&tool.program, &[], None, &["A=1"], &[]);
        assert_eq!(without.code, Some(127), "{without:?}");
        let all = ["A=1", "B=2", "C=3", "D=4"];
        for given in 0..=all.len() {
            for added in 0..3 {
                check(&tool, &all[..given], &["X=1", "Y=2", "Z=3"][..added]);
            }
        }
    }
}

#[test]
fn the_guests_variables_for_an_ld_so_are_not_the_tools() {
    let dir = Scratch::new("tool-masked");
    let tool = Tool::new(&dir, "cc", &[]);
    let given =
        ["LD_PRELOAD=/nonexistent.so", "A=LD_", "LD_LIBRARY_PATH=/guest", "_D_X=1", "`D_X=1", "LD_DEBUG=all"];
    check(&tool, &given, &[]);
    check(&tool, &given[..1], &["LD_BIND_NOW=1"]);
    // What the stub itself puts into the environment.
    check(&tool, &["_=xroot", "LD_PRELOAD=/nonexistent.so", "_=xroot"], &[]);
    let many: Vec<_> = (0..1000).map(|index| format!("LD_{index}=/nonexistent.so")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).chain(["LD_PRELOAD=/nonexistent.so"]).collect();
    check(&tool, &many, &["X=1"]);
}

#[test]
fn a_variable_that_is_there_is_not_added() {
    let dir = Scratch::new("tool-added");
    let tool = Tool::new(&dir, "cc", &[]);
    let given = ["MACHTYPE=mine", "HOSTTYP=x", "EMPTY="];
    let output =
        tool.run(&given, &["MACHTYPE=arm", "HOSTTYPE=arm", "EMPTY=no", "MACHTYP=", "HOSTTYPE=again"], &[]);
    assert_eq!(output.text, expected(&given, &["HOSTTYPE=arm", "MACHTYP=", "HOSTTYPE=again"]));
}

#[test]
fn a_tools_children_have_the_guests_environment() {
    let dir = Scratch::new("tool-children");
    let tool = Tool::new(&dir, "cc", &[]);
    let child = dir.cc("cc", "tool.c", "child", &["-static", "-Wl,-e,start"]);
    let child = child.to_str().expect("the path is text");
    let given = ["LD_PRELOAD=/nonexistent.so", "LD_LIBRARY_PATH=/guest", "A=1"];
    let output = load(&tool.program, &[child], Some(tool.start(&["X=1"])), &given, &[]);
    let all = [&given[..], &["X=1"]].concat();
    let (_, of_child) = output.text.split_once("at exit 1\n").expect("the tool ran");
    let shown = lines("env", &all) + &lines("kernel", &all);
    assert!(of_child.starts_with(&format!("argc 1\n{shown}stack aligned 1")), "{}", output.text);
    assert!(!output.text.contains(tool.library.to_str().expect("the path is text")), "{}", output.text);
}

#[test]
fn what_a_tool_was_given_its_children_are_not() {
    let dir = Scratch::new("tool-dropped");
    let tool = Tool::new(&dir, "cc", &[]);
    let (x, y) = ("X=for tools only", "Y=this too");
    for (given, kept) in [
        (&[x][..], &[][..]),
        (&[x, "A=1"], &["A=1"]),
        (&["A=1", x, "B=2"], &["A=1", "B=2"]),
        (&["A=1", x, "X=for tools", y], &["A=1", "X=for tools"]),
        (
            &[y, "YY=this too ", x, "X=for tools only=1", y, "A=1", x],
            &["YY=this too ", "X=for tools only=1", "A=1"],
        ),
        (&["A=1", "B=2"], &["A=1", "B=2"]),
        (&[], &[]),
    ] {
        let again = tool.run(given, &[y], &[x, y]);
        assert_eq!(again.text, expected(kept, &[y]), "{given:?}");
    }
}

/// A program that is no tool is the same as if the kernel had started it without what it loses.
#[test]
fn a_program_sees_nothing_of_what_its_environment_lost() {
    let dir = Scratch::new("dropped");
    for (name, flags) in [("dynamic", &["-pie"][..]), ("static", &["-static"])] {
        let program = dir.cc("cc", "self.c", name, flags);
        let all = ["X=1", "A=one", "Y=two", "B=two", "Z=three"];
        for dropped in 0..1 << all.len() {
            let is_dropped = |index: &usize| dropped & 1 << index != 0;
            let (gone, kept): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(is_dropped);
            let strings = |indexes: &[usize]| indexes.iter().map(|&index| all[index]).collect::<Vec<_>>();
            let loaded = load(&program, &[], None, &all, &strings(&gone));
            let native = tracer::native(
                program.as_os_str().as_bytes(),
                &[NAME.to_vec()],
                &setup(&strings(&kept), &[]),
            );
            assert_eq!(loaded, native, "{name} without {:?}", strings(&gone));
        }
    }
}

#[test]
fn a_static_tool_gets_its_variables_and_no_more() {
    let dir = Scratch::new("tool-static");
    for (name, flags) in [("static", &["-static", "-no-pie"][..]), ("static-pie", &["-static-pie", "-fPIE"])]
    {
        let program = dir.cc("cc", "tool.c", name, &[flags, &["-Wl,-e,start"]].concat());
        let given = ["LD_PRELOAD=/nonexistent.so", "A=1"];
        for added in [&[][..], &["X=1"], &["X=1", "Y=2"]] {
            let start =
                ToolStart { library_path: b"/private".to_vec(), env: bytes(added), ..ToolStart::default() };
            let text = load(&program, &[], Some(start), &given, &[]).text;
            let shown = lines("env", &given) + &lines("env", added) + &lines("kernel", &given);
            let rest = "stack aligned 1 argv 1 envp 1\nvector 0 entry 1 1\nat exit\n";
            assert_eq!(text, format!("argc 1\n{shown}{rest}"));
        }
    }
}

#[test]
fn a_tool_of_another_libc_finds_its_library() {
    if on_path("musl-gcc").is_none() {
        return;
    }
    let dir = Scratch::new("tool-musl");
    let tool = Tool::new(&dir, "musl-gcc", &[]);
    for given in [&["LD_PRELOAD=/nonexistent.so"][..], &["A=1", "LD_LIBRARY_PATH=/guest"], &[]] {
        let text = tool.run(given, &["X=1"], &[]).text;
        // Its constructors run behind the entry, and nothing is handed to that.
        let (start, _) = text.split_once(", for which").expect("the library was there");
        assert!(expected(given, &["X=1"]).starts_with(start), "{text}");
        let of_guest = given.iter().filter(|string| string.starts_with(LIBRARY_PATH)).count();
        assert!(text.contains(&format!(" ld.so had {of_guest}, masked 0\n")), "{text}");
        assert!(text.ends_with("\nlibrary destroyed\n"), "{text}");
    }
}

#[test]
fn a_library_that_is_named_is_not_searched_for() {
    let dir = Scratch::new("tool-named");
    let tool = Tool::new(&dir, "cc", &[]);
    let named = tool.library.join("libtool.so").into_os_string().into_vec();
    let start =
        ToolStart { library_path: b"/nonexistent".to_vec(), libraries: vec![named], ..ToolStart::default() };
    let given = ["LD_PRELOAD=/nonexistent.so", "A=1"];
    let output = load(&tool.program, &[], Some(start), &given, &[]);
    assert!(output.text.starts_with(&expected(&given, &[])), "{output:?}");
    assert_eq!(output.code, Some(0));
}

/// Constructors of libraries run before the program's entry.
#[test]
fn an_environment_that_a_constructor_changed_is_put_back() {
    let dir = Scratch::new("tool-constructor");
    let tool = Tool::new(&dir, "cc", &[]);
    let output = tool.run(&["SHIFT_ENVIRONMENT=1", "LD_PRELOAD=/nonexistent.so", "A=1"], &[], &[]);
    assert!(
        output.text.starts_with("argc 1\nenv LD_PRELOAD=/nonexistent.so\nenv A=1\nkernel "),
        "{output:?}"
    );
    assert_eq!(output.code, Some(0));
    let output = tool.run(&["A=1", "END_ENVIRONMENT=1"], &[], &[]);
    assert!(output.text.starts_with("argc 1\nkernel A=1\nkernel END_ENVIRONMENT=1\n"), "{output:?}");
    assert_eq!(output.code, Some(0));
    // The copy keeps pointers to the private strings, which are empty then.
    let output = tool.run(&["COPY_ENVIRONMENT=1", "LD_PRELOAD=/nonexistent.so"], &[], &[]);
    let start = "argc 1\nenv COPY_ENVIRONMENT=1\nenv LD_PRELOAD=/nonexistent.so\nenv \nenv \nenv \nenv \nenv COPIED=yes\n";
    assert!(output.text.starts_with(start), "{output:?}");
    assert!(
        output.text.contains("\nvector 0 entry 1 1\n") && !output.text.contains(LIBRARY_PATH),
        "{output:?}"
    );
}

#[test]
fn a_tool_with_a_long_path_and_many_variables_starts() {
    let dir = Scratch::new("tool-long");
    let tool = Tool::new(&dir, "cc", &[]);
    let added: Vec<_> = (0..200).map(|index| format!("ADDED_{index}={}", "x".repeat(100))).collect();
    let added: Vec<_> = added.iter().map(String::as_str).collect();
    let mut start = tool.start(&added);
    start.library_path.splice(0..0, "/nonexistent/directory:".repeat(1000).into_bytes());
    let output = load(&tool.program, &[], Some(start), &["A=1"], &[]);
    assert_eq!(output.text, expected(&["A=1"], &added));
}
