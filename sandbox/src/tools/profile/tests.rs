#![forbid(unsafe_code)]

use super::*;

#[track_caller]
fn layered(text: &str) -> Profile {
    let mut profile = Profile::builtin();
    let merged = Profile::parse(text, Path::new("/p.toml")).and_then(|layer| profile.merge(layer));
    merged.unwrap_or_else(|error| panic!("{text}: {error}"));
    profile
}

#[track_caller]
fn refused(text: &str) -> String {
    let merged = Profile::parse(text, Path::new("/p.toml")).and_then(|layer| Profile::builtin().merge(layer));
    match merged {
        Err(Error::NativeProfile { path, message }) if path == Path::new("/p.toml") => message,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn the_built_in_profile_is_read() {
    let profile = Profile::builtin();
    assert_eq!((profile.default.as_deref(), profile.cc), (Some("auto"), Some(Cc::Inner)));
    assert_eq!((profile.tools_dir, profile.uname_machine, profile.views), (None, None, vec![]));
    let groups: Vec<_> = profile.groups.keys().map(String::as_str).collect();
    assert_eq!(
        groups,
        ["clang", "compress", "coreutils", "go", "make", "rust", "shell", "text", "toolchain"]
    );
}

#[test]
fn each_built_in_rule_makes_sense() {
    for (name, rule) in Profile::builtin().tools {
        assert!(!rule.guest.is_empty() && !rule.host.is_empty(), "{name} can be nowhere");
        assert!(
            rule.need == Need::Any || !rule.version.is_empty(),
            "{name} has to agree in a version it does not tell"
        );
        assert!(
            !(rule.kind == Kind::Gcc && rule.need == Need::Any),
            "{name} needs the guest's compiler's version"
        );
        assert!(rule.env.values().all(|value| Value::parse(value).is_ok()), "{name}: {:?}", rule.env);
        assert!(rule.refuse.is_none_or(|why| why.starts_with("it")), "{name} is refused without a reason");
    }
}

#[test]
fn what_is_safe_is_in_a_group_and_what_answers_for_the_host_is_not() {
    let profile = Profile::builtin();
    let grouped = |name: &str| profile.groups.values().flatten().any(|member| member == name);
    for (name, rule) in &profile.tools {
        let safe = rule.auto && rule.refuse.is_none();
        assert!(!safe || grouped(name), "{name} is safe and in no group");
        assert!(rule.refuse.is_none() || !grouped(name), "{name} is refused and in a group");
    }
    for name in ["gcc", "g++", "as", "ld", "make", "bash", "dash", "sed", "cat", "xz", "[", "expr"] {
        assert!(profile.tools[name].auto && profile.tools[name].refuse.is_none(), "{name}");
    }
    for name in
        ["getconf", "dpkg", "pkg-config", "ldd", "perl", "python3", "iconv", "localedef", "gdb", "stdbuf"]
    {
        assert!(profile.tools[name].refuse.is_some(), "{name}");
    }
    for name in ["ninja", "cmake", "git", "ccache", "clang", "go", "cargo", "od"] {
        assert!(!profile.tools[name].auto && profile.tools[name].refuse.is_none(), "{name}");
    }
}

#[test]
fn what_knows_its_machine_is_told_the_guests() {
    let profile = Profile::builtin();
    let (bash, make, go) = (&profile.tools["bash"], &profile.tools["make"], &profile.tools["go"]);
    assert_eq!(
        (bash.need, make.need, profile.tools["gcc"].need),
        (Need::SameMinor, Need::SameMinor, Need::SameMajor)
    );
    assert_eq!(Value::parse(&bash.env["MACHTYPE"]), Ok(Value::Shell("MACHTYPE".into())));
    assert_eq!(Value::parse(&make.env["MAKE_HOST"]), Ok(Value::Make("MAKE_HOST".into())));
    assert!(matches!(Value::parse(&go.env["GOARCH"]), Ok(Value::Machine(of)) if of["aarch64"] == "arm64"));
    assert!(bash.fallback.contains(&"--version".into()) && make.fallback.contains(&"--version".into()));
}

#[test]
fn a_rule_has_defaults_after_its_name() {
    let rule = &layered("[tool.foo]\n").tools["foo"];
    assert_eq!(rule, &Rule::named("foo"));
    assert_eq!(rule.guest, ["/usr/bin/foo", "/bin/foo", "/usr/sbin/foo"]);
    assert_eq!((&rule.host[..], &rule.version[..]), (&["foo".to_owned()][..], &["--version".to_owned()][..]));
    assert!(rule.auto && rule.need == Need::Any && rule.kind == Kind::Program);
}

#[test]
fn every_key_is_read() {
    let profile = layered(
        r#"
        [native]
        default = "auto,-make"
        tools = "/t"
        cc = "driver"
        uname = { machine = "armv7l" }
        env = { A = "b" }
        [group]
        mine = ["foo", "make"]
        [tool.foo]
        kind = "clang"
        guest = "/g/foo"
        host = ["foo-1", "/h/foo"]
        need = "exact"
        version = []
        auto = false
        refuse = "it lies"
        env = { B = "@guest:B", C = "@@" }
        fallback = ["-x*"]
        unless = []
        append = "-y"
        package = "foo-{major}"
        mounts = ["/m"]
        "#,
    );
    assert_eq!(profile.default.as_deref(), Some("auto,-make"));
    assert_eq!((profile.tools_dir, profile.cc), (Some("/t".into()), Some(Cc::Driver)));
    assert_eq!((profile.uname_machine.as_deref(), &profile.env["A"][..]), (Some("armv7l"), "b"));
    assert_eq!(profile.groups["mine"], ["foo", "make"]);
    let expected = Rule {
        kind: Kind::Clang,
        guest: vec!["/g/foo".into()],
        host: vec!["foo-1".into(), "/h/foo".into()],
        need: Need::Exact,
        version: vec![],
        auto: false,
        refuse: Some("it lies".into()),
        env: [("B".into(), "@guest:B".into()), ("C".into(), "@@".into())].into(),
        fallback: vec!["-x*".into()],
        unless: Vec::new(),
        append: vec!["-y".into()],
        package: Some("foo-{major}".into()),
        mounts: vec!["/m".into()],
    };
    assert_eq!(profile.tools["foo"], expected);
}

#[test]
fn a_later_file_changes_only_the_keys_that_it_names() {
    let before = Profile::builtin();
    let mut after = layered(
        "[tool.make]\nneed = 'any'\nenv = { X = 'y' }\n[tool.getconf]\nrefuse = ''\n[group]\nshell = ['bash']\n",
    );
    let make = &after.tools["make"];
    assert_eq!((make.need, &make.env["X"][..], make.env.len()), (Need::Any, "y", 2));
    assert_eq!(make.guest, before.tools["make"].guest);
    assert_eq!(make.fallback, before.tools["make"].fallback);
    assert_eq!(after.tools["getconf"].refuse, None);
    assert_eq!(
        (&after.groups["shell"][..], &after.groups["text"]),
        (&["bash".to_owned()][..], &before.groups["text"])
    );
    assert_eq!((&after.default, after.cc), (&before.default, before.cc));

    let more = Profile::parse("[tool.make]\nneed = 'exact'\n[native]\ncc = 'off'\n", Path::new("/q.toml"));
    more.and_then(|layer| after.merge(layer)).expect("it makes sense");
    assert_eq!((after.tools["make"].need, &after.tools["make"].env["X"][..]), (Need::Exact, "y"));
    assert_eq!(after.cc, Some(Cc::Off));
}

#[test]
fn views_are_added_in_order() {
    let view = |to: &str| format!("[[view]]\nfor = ['gcc', '*']\npath = '/a'\nto = '{to}'\n");
    let targets = [
        ("host:", Target::Host("/a".into())),
        ("host:/b", Target::Host("/b".into())),
        ("guest:/b", Target::Guest("/b".into())),
        ("none", Target::Hidden),
    ];
    let text: String = targets.iter().map(|(to, _)| view(to)).collect();
    let tools = vec!["gcc".to_owned(), "*".to_owned()];
    let expected = targets.map(|(_, to)| ViewRule { tools: tools.clone(), path: "/a".into(), to });
    assert_eq!(layered(&text).views, expected);
}

#[test]
fn a_mistake_is_shown_with_its_line() {
    for (text, message) in [
        (
            "[tool.make]\nneed = 'any'\nhots = 'make'\n",
            "line 3: unknown field `hots`, expected one of `kind`, `guest`, `host`",
        ),
        (
            "[tools.make]\n",
            "line 1: unknown field `tools`, expected one of `native`, `group`, `tool`, `package`, `view`",
        ),
        ("[native]\nnative = 'x'\n", "line 2: unknown field `native`, expected one of `default`"),
        ("[native]\nuname.release = '6'\n", "line 2: unknown field `release`, expected `machine`"),
        (
            "\n[native]\ncc = 'outer'\n",
            "line 3: unknown variant `outer`, expected one of `inner`, `driver`, `off`",
        ),
        ("[tool.a]\nneed = 'same'\n", "line 2: unknown variant `same`, expected one of `any`, `same-major`"),
        ("[tool.a]\nguest = 'a'\n", "line 2: `a` is not an absolute path"),
        ("[tool.a]\nguest = ['/a',\n 'b']\n", "line 2: `b` is not an absolute path"),
        ("[tool.a]\nhost = 'bin/a'\n", "line 2: `bin/a` is neither a name nor an absolute path"),
        (
            "[tool.a]\nversion = 1\n",
            "line 2: invalid type: integer `1`, expected a string or a list of strings",
        ),
        ("[tool.a]\nenv = { A = '@guest' }\n", "line 2: `@guest` is none of @guest:NAME"),
        ("[tool.a]\nenv = { 'A=B' = 'c' }\n", "line 2: \"A=B\" cannot be the name of a variable"),
        ("[native]\nenv = { A = \"b\\u0000C=d\" }\n", "line 2: \"b\\0C=d\" holds a NUL"),
        ("[tool.'a,b']\n", "line 1: `a,b` cannot be the name of a tool or group"),
        ("[tool.auto]\n", "line 1: `auto` cannot be the name of a tool or group"),
        ("[group]\nx = ['@shell']\n", "line 2: `@shell` cannot be the name of a tool or group"),
        ("[[view]]\nfor = '*'\npath = '/a'\nto = 'b'\n", "line 4: `b` is none of host:"),
        ("[[view]]\nfor = '*'\npath = '/a'\n", "line 1: missing field `to`"),
        ("[tool.a]\n[tool.a]\n", "line 2: duplicate key"),
        ("= 1\n", "line 1: "),
    ] {
        let found = refused(text);
        assert!(found.starts_with(message), "{text}: {found}");
        assert!(!found.contains('\n'), "{found}");
    }
}

#[test]
fn a_group_and_a_view_are_for_tools_that_are_known() {
    assert_eq!(
        refused("[group]\nmine = ['make', 'gccc']\n"),
        "group mine: no native tool is called gccc; did you mean gcc?"
    );
    assert_eq!(
        refused("[[view]]\nfor = 'frobnicate'\npath = '/a'\nto = 'none'\n"),
        "view of /a: no native tool is called frobnicate"
    );
    assert_eq!(layered("[tool.foo]\n[group]\nmine = ['foo']\n").groups["mine"], ["foo"]);
}

#[test]
fn a_tool_may_be_called_as_the_guest_calls_it() {
    let profile = Profile::builtin();
    for (word, name) in [
        ("gcc", Some("gcc")),
        ("cc", Some("gcc")),
        ("c++", Some("g++")),
        ("gmake", Some("make")),
        ("bunzip2", Some("bzip2")),
        ("sh", None),
        ("usr", None),
        ("", None),
    ] {
        assert_eq!(profile.called(word), name, "{word}");
    }
    let twice = layered("[tool.a]\nguest = '/x/foo'\n[tool.b]\nguest = '/y/foo'\n");
    assert_eq!(twice.called("foo"), None);
}

#[test]
fn the_names_that_are_near_are_told() {
    let profile = Profile::builtin();
    for (name, expected) in [
        ("gccc", &["gcc"][..]),
        ("mkae", &["make"]),
        ("sh", &["bash", "dash", "shuf"]),
        ("pkgconfig", &["pkg-config", "pkgconf"]),
        ("@shel", &["@shell"]),
        ("@compression", &[]),
        ("frobnicate", &[]),
        ("qq", &[]),
    ] {
        match profile.unknown(name) {
            Error::NativeUnknown { name: told, near } => assert_eq!(
                (&told[..], &near[..]),
                (name, &expected.iter().map(|&near| near.to_owned()).collect::<Vec<_>>()[..])
            ),
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn packages_are_named_after_triplet_and_version() {
    let (arm, amd) = (Some("arm-linux-gnueabihf"), Some("x86_64-linux-gnu"));
    for (text, triplet, version, expected) in [
        ("gcc-{major}-{triplet}", arm, Some("12.2.0"), "gcc-12-arm-linux-gnueabihf"),
        ("gcc-{major}-{triplet}", amd, Some("14"), "gcc-14-x86-64-linux-gnu"),
        ("golang-{minor}", None, Some("1.19.8"), "golang-1.19"),
        ("make", None, None, "make"),
        ("clang-{major}", arm, None, "clang-{major}"),
    ] {
        assert_eq!(package(text, triplet, version), expected);
    }
    assert_eq!(fill("/usr/{triplet}/{minor}", amd, Some("1.2.3")), "/usr/x86_64-linux-gnu/1.2");
}

#[test]
fn files_are_laid_over_each_other_and_may_be_missing() {
    let dir = PathBuf::from(format!("/tmp/xrootprofile.{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("/tmp can be written");
    let file = |name: &str, text: &str| {
        std::fs::write(dir.join(name), text).expect("/tmp can be written");
        dir.join(name)
    };
    let (first, second) =
        (file("1", "[native]\ncc = 'off'\ntools = '/t'\n"), file("2", "[native]\ncc = 'driver'\n"));
    let (wrong, uid) = (file("3", "x"), nix::unistd::getuid().as_raw());

    let profile = Profile::load(&[dir.join("none"), first.clone(), first.join("none"), second], None, uid);
    let profile = profile.expect("these files make sense");
    assert_eq!((profile.cc, profile.tools_dir), (Some(Cc::Driver), Some("/t".into())));
    assert!(
        matches!(Profile::load(std::slice::from_ref(&wrong), None, uid), Err(Error::NativeProfile { path, .. }) if path == wrong)
    );
    // Root's files are everybody's.
    let strangers = Profile::load(std::slice::from_ref(&first), None, uid + 1);
    assert_eq!(strangers.is_err(), uid != 0);
    std::fs::remove_dir_all(&dir).expect("it is ours");
}

/// Anybody may have written the profile of a project that somebody has fetched.
#[test]
fn a_project_may_choose_and_take_away_and_no_more() {
    let layer = |text| Profile::parse(text, Path::new("xroot.toml")).expect("it is a profile");
    for text in [
        "[native]\ndefault = 'auto,-sed,@go'\ncc = 'driver'\n",
        "[tool.sed]\nauto = false\nrefuse = 'no'\n",
        "[group]\nmine = ['sed']\n",
        "[tool.sed]\nneed = 'any'\nfallback = '-r'\nunless = 'A'\n",
    ] {
        assert_eq!(layer(text).beyond_choosing(), None, "{text}");
    }
    for (text, key) in [
        ("[native]\ntools = '/'\n", "native.tools"),
        ("[native]\ndefault = '/bin/cat=/tmp/evil'\n", "native.default"),
        ("[native]\ndefault = 'getconf=force'\n", "native.default"),
        ("[native.env]\nBASH_ENV = 'x'\n", "native.env"),
        ("[tool.cat]\nhost = '/proc/self/cwd/evil'\n", "tool.cat.host"),
        ("[tool.getconf]\nrefuse = ''\n", "tool.getconf.refuse"),
        ("[tool.bash.env]\nBASH_ENV = 'x'\n", "tool.bash.env"),
        ("[[view]]\nfor = '*'\npath = '/h'\nto = 'host:/etc'\n", "the view of /h"),
    ] {
        assert_eq!(layer(text).beyond_choosing().as_deref(), Some(key), "{text}");
    }
}
