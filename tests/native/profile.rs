//! What is known of tools is said in files: the user's and the project's, each laid over the one before.
#![forbid(unsafe_code)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::job::{HELLO_C, Job};
use crate::trace::How::{self, Emulated, Native};
use crate::trace::Trace;
use crate::util::run::Xroot;
use crate::util::{Output, chmod, data, give, run, skip, user};

/// A job whose user has an empty $XDG_CONFIG_HOME.
fn job() -> Option<(Job, PathBuf)> {
    let job = Job::new("armhf-dev")?.file("hello.c", HELLO_C).file("lines", "b\na\n");
    let config = job.beside("config");
    Some((job, config))
}

fn write(path: &Path, text: &str) {
    let parent = path.parent().expect("it has one");
    if !parent.is_dir() {
        fs::create_dir(parent).expect("it is ours");
        give(parent);
    }
    fs::write(path, text).expect("it is ours");
    give(path);
}

fn users(config: &Path, text: &str) {
    write(&config.join("xroot/xroot.toml"), text);
}

fn projects(job: &Job, text: &str) {
    write(&job.project.join("xroot.toml"), text);
}

fn native(job: &Job, config: &Path) -> Xroot {
    job.native().own_env("XDG_CONFIG_HOME", config)
}

/// What a script prints, and how its programs ran.
#[track_caller]
fn traced(job: &Job, xroot: Xroot, script: &str) -> (String, Trace) {
    let file = job.project.join("trace");
    let output = xroot.args(["--trace-exec".as_ref(), file.as_os_str()]).run(["sh", "-ec", script]).success();
    let text = fs::read_to_string(&file).expect("it was asked for");
    fs::remove_file(&file).expect("the project is ours");
    (output, Trace::parse(&text))
}

#[track_caller]
fn runs(job: &Job, xroot: Xroot, expected: &[(How, &str)]) {
    let (_, trace) = traced(job, xroot, "sed -n 1p lines; sort lines; cut -c1 lines");
    expected.iter().for_each(|(how, name)| trace.shows(*how, name));
}

#[test]
fn the_nearest_of_the_words_for_native_holds() {
    let Some((job, config)) = job() else { return };
    users(&config, "[native]\ndefault = 'sed'\n");
    runs(&job, native(&job, &config), &[(Native, "sed"), (Emulated, "sort"), (Emulated, "cut")]);
    projects(&job, "[native]\ndefault = 'sort'\n");
    runs(&job, native(&job, &config), &[(Emulated, "sed"), (Native, "sort"), (Emulated, "cut")]);
    let asked = || native(&job, &config).own_env("XROOT_NATIVE", "cut");
    runs(&job, asked(), &[(Emulated, "sed"), (Emulated, "sort"), (Native, "cut")]);
    let typed = asked().args(["--native", "sed"]);
    runs(&job, typed, &[(Native, "sed"), (Emulated, "sort"), (Emulated, "cut")]);
    let less = native(&job, &config).args(["--native", "-sort"]);
    runs(&job, less, &[(Emulated, "sed"), (Emulated, "sort"), (Emulated, "cut")]);
    let none = native(&job, &config).own_env("XROOT_NATIVE", "");
    runs(&job, none, &[(Emulated, "sed"), (Emulated, "sort"), (Emulated, "cut"), (Emulated, "dash")]);
}

#[test]
fn a_project_is_found_from_below() {
    let Some((job, config)) = job() else { return };
    projects(&job, "[native]\ndefault = 'cut'\n");
    let below = job.project.join("src");
    fs::create_dir(&below).expect("the project is ours");
    give(&below);
    let script = "cd ..; sed -n 1p lines; sort lines; cut -c1 lines";
    let file = job.project.join("trace");
    let trace = ["--trace-exec".as_ref(), file.as_os_str()];
    native(&job, &config).current_dir(&below).args(trace).run(["sh", "-ec", script]).success();
    let trace = Trace::parse(&fs::read_to_string(&file).expect("it was asked for"));
    [(Emulated, "sed"), (Native, "cut")].iter().for_each(|(how, name)| trace.shows(*how, name));
}

#[track_caller]
fn refused(output: &Output, path: &Path, line: &str) {
    assert_eq!((output.code(), &*output.stdout), (125, ""), "{output}");
    let named = format!("{}: {line}", path.display());
    assert!(output.stderr.contains(&named), "{named}: {output}");
}

#[test]
fn a_mistake_is_named_with_its_file_and_line() {
    let Some((job, config)) = job() else { return };
    for (text, line) in [
        ("[native]\ndefault = \n", "line 2"),
        ("\n[tool.make]\nnede = 'any'\n", "line 3"),
        ("[tool.make]\nneed = 'most'\n", "line 2"),
        ("# a comment\n[tool.make]\nguest = ['bin/make']\n", "line 3"),
        ("[[view]]\nfor = '*'\npath = '/x'\nto = 'hots:/y'\n", "line 4"),
        ("[tool.make.env]\nX = '@geust:X'\n", "line 2"),
        ("[group]\nmine = ['mkae']\n", "group mine"),
    ] {
        projects(&job, text);
        refused(&native(&job, &config).run(["touch", "ran"]), &job.project.join("xroot.toml"), line);
        fs::remove_file(job.project.join("xroot.toml")).expect("it is ours");
        users(&config, text);
        refused(&native(&job, &config).run(["touch", "ran"]), &config.join("xroot/xroot.toml"), line);
        // Who wants no tools needs no profile.
        let without = job.emulated().own_env("XDG_CONFIG_HOME", &config).run(["echo", "ran"]);
        assert_eq!(without.success(), "ran\n");
        users(&config, "");
    }
    projects(&job, "[native]\ndefault = 'mkae'\n");
    let output = native(&job, &config).run(["touch", "ran"]);
    assert!(
        output.code() == 125 && output.stderr.contains("mkae") && output.stderr.contains("make"),
        "{output}"
    );
    assert!(!job.project.join("ran").exists());
}

#[test]
fn a_tool_has_variables_of_its_own_and_its_children_have_not() {
    let Some((job, config)) = job() else { return };
    users(
        &config,
        "[native.env]\nALL = 'a'\n[tool.bash.env]\nMINE = 'b'\nARCH = '@machine:arm=7,aarch64=8'\nOTHER = '@machine:aarch64=8'\nAT = '@@x'\nCPU = '@guest:HOSTTYPE'\n",
    );
    let show = "echo $ALL,$MINE,$ARCH,$OTHER,$AT,$CPU";
    let seen = |xroot: Xroot| {
        xroot
            .run([
                "bash",
                "-c",
                &format!("{show}; perl -e 'print qq($ENV{{MINE}},$ENV{{ALL}}\\n)'; sh -c '{show}'"),
            ])
            .success()
    };
    assert_eq!(seen(native(&job, &config)), "a,b,7,,@x,arm\n,\na,,,,,\n");
    // What is set already stays, and is inherited.
    assert_eq!(seen(native(&job, &config).env("MINE", "c").env("ALL", "")), ",c,7,,@x,arm\nc,\n,c,,,,\n");
}

#[test]
fn a_tool_may_be_told_when_the_guests_own_runs_and_more_words() {
    let Some((job, config)) = job() else { return };
    users(
        &config,
        "[tool.sort]\nfallback = ['-r', '--key=*']\n[tool.cut]\nunless = 'PLAIN'\n[tool.echo]\nappend = ['of', 'the host']\n",
    );
    for (script, name, how) in [
        ("sort lines", "sort", Native),
        ("sort -r lines", "sort", Emulated),
        ("sort --key=1 lines", "sort", Emulated),
        ("sort --reverse lines", "sort", Native),
        ("cut -c1 lines", "cut", Native),
        ("PLAIN= cut -c1 lines", "cut", Native),
        ("PLAIN=1 cut -c1 lines", "cut", Emulated),
        ("LD_PRELOAD=/none.so cut -c1 lines 2>&1", "cut", Native),
        ("LD_PRELOAD=/none.so sort lines 2>/dev/null", "sort", Emulated),
    ] {
        traced(&job, native(&job, &config), script).1.shows(how, name);
    }
    let words = |words: &[&str]| native(&job, &config).run(words).success();
    assert_eq!(words(&["/bin/echo", "words"]), "words of the host\n");
    assert_eq!(words(&["/bin/echo"]), "of the host\n");
    let many: Vec<_> = ["/bin/echo"].into_iter().chain(std::iter::repeat_n("x", 1000)).collect();
    assert_eq!(words(&many), format!("{}of the host\n", "x ".repeat(1000)));
}

/// What somebody has fetched must not run programs of its own outside the emulator.
#[test]
fn a_projects_own_profile_may_only_choose() {
    let Some((job, config)) = job() else { return };
    projects(&job, "[tool.cat]\nhost = '/usr/bin/tac'\n");
    let refused = native(&job, &config).run(["touch", "ran"]);
    assert!(refused.code() == 125 && refused.stderr.contains("tool.cat.host"), "{refused}");
    assert!(!job.project.join("ran").exists());
    let named = native(&job, &config).args(["--profile", "xroot.toml"]).run(["cat", "lines"]).success();
    assert_eq!(named, native(&job, &config).args(["--no-native"]).run(["tac", "lines"]).success());
}

#[test]
fn a_tools_version_has_to_be_what_is_needed() {
    let Some(mut job) = Job::new("armhf-dev") else { return };
    let Some(newer) = data("rootfs/tools-trixie") else { return skip("no tree tools-trixie") };
    job.tools = newer;
    let row = || {
        let table = job.tools_command(&[]).success();
        table.lines().find(|line| line.starts_with("/usr/bin/grep ")).expect("grep is a tool").to_owned()
    };
    let is_on = || format!("{} ", row()).contains(" on ");
    assert!(is_on(), "{}", row());
    for (need, on) in [("same-major", true), ("any", true), ("exact", false)] {
        projects(&job, &format!("[tool.grep]\nneed = '{need}'\n"));
        assert_eq!(is_on(), on, "{need}: {}", row());
    }
    projects(&job, "[tool.grep]\nneed = 'exact'\n");
    let asked = job.native().args(["--native", "grep"]).run(["touch", "ran"]);
    assert!(asked.code() == 125 && asked.stderr.contains("3.11"), "{asked}");
    let forced = job.native().args(["--native", "grep=force"]).run(["grep", "--version"]).success();
    assert!(forced.starts_with("grep (GNU grep) 3.11\n"), "{forced}");
    projects(&job, "[tool.grep]\nrefuse = 'I do not want it'\n");
    assert!(row().contains("refused  I do not want it"), "{}", row());
}

#[test]
fn a_view_shows_tools_other_files_and_the_guests_programs_none() {
    let Some((job, config)) = job() else { return };
    for (name, text) in [("guest", "guest\n"), ("other", "other\n"), ("hidden", "hidden\n")] {
        write(&job.project.join(name), text);
    }
    let here = job.project.display();
    let host = fs::read_to_string(job.tools.join("etc/debian_version")).expect("the tools have it");
    users(
        &config,
        &format!(
            "[[view]]\nfor = ['cat', 'ls']\npath = '{here}/guest'\nto = 'host:/etc/debian_version'\n\
             [[view]]\nfor = 'cat'\npath = '{here}/other'\nto = 'guest:/etc/passwd'\n\
             [[view]]\nfor = '*'\npath = '{here}/hidden'\nto = 'none'\n\
             [[view]]\nfor = 'sed'\npath = '/usr/lib/gcc-cross'\nto = 'host:'\n\
             [tool.cut]\nmounts = '/usr/lib/gcc-cross'\n"
        ),
    );
    let passwd = fs::read_to_string(job.rootfs.join("etc/passwd")).expect("the guest has it");
    let sh = |script: &str| native(&job, &config).run(["sh", "-c", script]).stdout;
    assert_eq!(sh("cat guest; tac guest; perl -pe 1 guest"), format!("{host}guest\nguest\n"));
    assert_eq!(
        sh("cat other | head -n 1; tac other"),
        format!("{}\nother\n", passwd.lines().next().expect("it has lines"))
    );
    assert_eq!(sh("perl -pe 1 hidden; cat hidden; tac hidden"), "hidden\n");
    let own = "/usr/lib/gcc-cross/arm-linux-gnueabihf/12/crtbegin.o";
    for (tool, sees) in [
        ("sed -n '$='", true),
        ("cut -c1", true),
        ("grep -ac ELF", false),
        ("perl -e 'exit !-e shift'", false),
    ] {
        let script = format!("{tool} {own} >/dev/null 2>&1 && echo sees");
        assert_eq!(sh(&script) == "sees\n", sees, "{tool}");
    }
}

#[test]
fn the_tools_may_be_named_by_a_profile() {
    let Some((job, config)) = job() else { return };
    users(&config, &format!("[native]\ntools = '{}'\ncc = 'driver'\n", job.tools.display()));
    // Without --tools.
    let plain = || job.emulated().into_command();
    let path = plain()
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, value)| value)
        .expect("it is set")
        .to_owned();
    let xroot =
        Xroot::new(&job.rootfs, &job.project).own_env("PATH", path).own_env("XDG_CONFIG_HOME", &config);
    let (seen, trace) = traced(&job, xroot, "gcc hello.c -o h; ./h; sed -n 1p lines");
    assert_eq!(seen, "hello from armv7l sizeof(long)=4\nb\n");
    for name in ["gcc", "cc1", "sed"] {
        trace.shows(Native, name);
    }
    assert!(
        trace.execs.iter().filter_map(|exec| exec.host.as_ref()).all(|host| host.starts_with(&job.tools))
    );
}

/// It says which programs run outside the emulator.
#[test]
fn a_profile_of_another_users_is_refused() {
    let Some((job, config)) = job() else { return };
    let path = job.project.join("xroot.toml");
    if let Some((uid, gid)) = user() {
        projects(&job, "");
        std::os::unix::fs::chown(&path, Some(uid + 1), Some(gid)).expect("root may give files away");
        refused(&native(&job, &config).run(["touch", "ran"]), &path, "it belongs to uid");
        return;
    }
    // In a user namespace of his own nobody but this user has a name: root's file is another's there.
    let unshared = || run(Command::new("unshare").args(["--map-current-user", "true"]));
    if !Command::new("unshare").arg("--version").output().is_ok_and(|output| output.status.success())
        || !unshared().status.success()
    {
        return skip("this user may make no user namespace");
    }
    symlink("/etc/passwd", &path).expect("the project is ours");
    let inner = native(&job, &config).into_command();
    let mut command = Command::new("unshare");
    command.arg("--map-current-user").arg(inner.get_program()).args(inner.get_args()).args(["touch", "ran"]);
    command
        .env_clear()
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(&job.project);
    refused(&run(&mut command), &path, "it belongs to uid");
    assert!(!job.project.join("ran").exists());
    // Outside, root's may be used, if it makes sense.
    refused(&native(&job, &config).run(["touch", "ran"]), &path, "line 1");
    fs::remove_file(&path).expect("the project is ours");
    projects(&job, "");
    chmod(&path, 0);
    refused(&native(&job, &config).run(["touch", "ran"]), &path, "Permission denied");
}
