#![forbid(unsafe_code)]

use std::path::Path;

use super::*;

fn profile() -> Profile {
    let mut profile = Profile::default();
    let text = "
        [native]
        default = 'auto'
        [tool.gcc]
        guest = ['/usr/bin/gcc', '/usr/bin/cc']
        [tool.make]
        [tool.git]
        auto = false
        [tool.perl]
        refuse = 'it lies'
        [group]
        dev = ['gcc', 'git']
        all = ['gcc', 'make', 'git', 'perl']
    ";
    let layer = Profile::parse(text, Path::new("test"));
    layer.and_then(|layer| profile.merge(layer)).expect("the test's profile makes sense");
    profile
}

/// What is wanted, as `NAME:who`.
fn wanted(words: &[&str], profile: &Profile) -> Result<String, Error> {
    let wanted = Spec::parse(words)?.wanted(profile)?;
    assert_eq!(wanted.tools.len(), profile.tools.len(), "each tool is spoken of");
    let on = wanted.tools.iter().filter_map(|(name, state)| match state {
        State::On(by) => Some(format!("{name}:{by:?}").to_lowercase()),
        State::Off => None,
    });
    let explicit = wanted.explicit.iter().map(|e| format!("{}={}", e.guest, e.host.display()));
    Ok(on.chain(explicit).collect::<Vec<_>>().join(" "))
}

#[track_caller]
fn check(words: &[&str], expected: &str) {
    assert_eq!(wanted(words, &profile()).as_deref(), Ok(expected), "{words:?}");
}

#[test]
fn auto_is_what_is_safe() {
    check(&["auto"], "gcc:auto make:auto");
    check(&["auto,git"], "gcc:auto git:name make:auto");
    check(&["auto", "make"], "gcc:auto make:name");
    check(&["make", "auto"], "gcc:auto make:name");
}

#[test]
fn names_alone_are_all_that_is_wanted() {
    check(&["none"], "");
    check(&["gcc"], "gcc:name");
    check(&["cc"], "gcc:name");
    check(&["gcc,make", "git"], "gcc:name git:name make:name");
    check(&[" gcc , ,make,"], "gcc:name make:name");
    check(&["gcc", "none", "make"], "make:name");
}

#[test]
fn a_group_is_its_members_that_are_not_refused() {
    check(&["@dev"], "gcc:group git:group");
    check(&["@all"], "gcc:group git:group make:group");
    check(&["auto,@dev"], "gcc:group git:group make:auto");
    check(&["@all,git,-@dev"], "make:group");
    check(&["@dev,gcc"], "gcc:name git:group");
}

#[test]
fn a_first_word_that_takes_away_begins_with_the_default() {
    check(&[], "gcc:auto make:auto");
    check(&["-make"], "gcc:auto");
    check(&["-@dev"], "make:auto");
    check(&["-make", "git"], "gcc:auto git:name");
    check(&["git,-make"], "git:name");
    check(&["-make,make"], "gcc:auto make:name");
    check(&["-perl"], "gcc:auto make:auto");
    for (default, expected) in
        [(Some("none"), ""), (Some("git,make"), "git:name"), (Some("-gcc"), ""), (None, ""), (Some(""), "")]
    {
        let profile = Profile { default: default.map(Into::into), ..profile() };
        assert_eq!(wanted(&["-make"], &profile).as_deref(), Ok(expected), "{default:?}");
    }
    let profile = Profile { default: Some("-gcc".into()), ..profile() };
    assert_eq!(wanted(&[], &profile).as_deref(), Ok("make:auto"));
}

#[test]
fn what_is_refused_has_to_be_forced() {
    check(&["perl=force"], "perl:force");
    check(&["perl", "perl=force"], "perl:force");
    check(&["perl=force,perl"], "perl:force");
    check(&["auto,make=force"], "gcc:auto make:force");
    check(&["perl,-perl"], "");
    let refused = Error::NativeRefused { name: "perl".into(), why: "it lies".into() };
    assert_eq!(wanted(&["auto,perl"], &profile()), Err(refused));
}

#[test]
fn a_host_program_may_be_put_at_a_guest_path() {
    check(&["/usr/bin/foo=/opt/x/foo"], "/usr/bin/foo=/opt/x/foo");
    check(&["/a=b=/c=d"], "/a=b=/c=d");
    check(&["/a=/b", "/c=/d,/a=/e"], "/c=/d /a=/e");
    check(&["/a=/b,none"], "");
    check(&["-make,/a=/b"], "gcc:auto /a=/b");
}

#[test]
fn a_name_that_is_unknown_is_an_error_wherever_it_stands() {
    for (words, name, near) in [
        ("gccc", "gccc", &["gcc"][..]),
        ("auto,-mke", "mke", &["make"]),
        ("frob", "frob", &[]),
        ("frob=force", "frob", &[]),
        ("@devs", "@devs", &["@dev"]),
        ("-@x", "@x", &[]),
    ] {
        let near = near.iter().map(|&near| near.into()).collect();
        assert_eq!(
            wanted(&[words], &profile()),
            Err(Error::NativeUnknown { name: name.into(), near }),
            "{words}"
        );
    }
    let profile = Profile { default: Some("gccc".into()), ..profile() };
    assert!(matches!(wanted(&[], &profile), Err(Error::NativeUnknown { .. })));
}

#[test]
fn a_word_that_makes_no_sense_is_shown() {
    for (word, why) in [
        ("-/usr/bin/make", "only a name or an @group can be taken away"),
        ("-make=force", "only a name or an @group can be taken away"),
        ("-auto", "only a name or an @group can be taken away"),
        ("-", "nothing is named"),
        ("-@", "nothing is named"),
        ("@", "nothing is named"),
        ("/usr/bin/make", "an absolute host path has to follow: /GUEST/PATH=/HOST/PATH"),
        ("/usr/bin/make=make", "an absolute host path has to follow: /GUEST/PATH=/HOST/PATH"),
        ("/usr/bin/make=/", "no host program is named"),
        ("make=/usr/bin/make", "the guest path is not absolute"),
        ("make=yes", "only =force may follow a name"),
        ("=force", "only =force may follow a name"),
        ("@dev=force", "a group cannot be forced, only its tools"),
        ("auto=force", "only a name can be forced"),
    ] {
        let expected = Error::NativeWord { word: word.into(), why: why.into() };
        assert_eq!(Spec::parse(&["auto", word]), Err(expected), "{word}");
    }
}

#[test]
fn the_built_in_default_is_what_is_safe() {
    let profile = Profile::builtin();
    let by_default = Spec::default().wanted(&profile).expect("the built-in default makes sense");
    let auto = Spec(vec![Wish::Auto]).wanted(&profile).expect("auto makes sense");
    assert_eq!(by_default, auto);
    assert_eq!(by_default.tools["gcc"], State::On(By::Auto));
    assert_eq!((by_default.tools["git"], by_default.tools["getconf"]), (State::Off, State::Off));
    for group in profile.groups.keys() {
        let spec = Spec::parse(&[format!("@{group}")]).expect("a group is a word");
        let wanted = spec.wanted(&profile).expect("a group makes sense");
        assert!(wanted.tools.values().any(|state| *state == State::On(By::Group)), "{group} is empty");
    }
}
