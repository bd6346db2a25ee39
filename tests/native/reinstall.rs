//! The guest's package manager replaces programs whose place tools take.
#![forbid(unsafe_code)]

use std::fs;

use crate::exec_only::{Copy, Fingerprint};
use crate::job::{HELLO_C, long};
use crate::trace::How::Native;
use crate::util::full;

/// Downloads packages.
#[test]
fn packages_are_reinstalled_in_the_guest_and_not_in_the_tools() {
    if !full() {
        return;
    }
    let Some(copy) = Copy::new("armhf-dev") else { return };
    let job = copy.job.file("hello.c", HELLO_C);
    let before = Fingerprint::of(&job.tools);
    let make = job.rootfs.join("usr/bin/make");
    let inode = || {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(&make).expect("the guest has a make").ino()
    };
    let content = fs::read(&make).expect("the guest has a make");
    let root = |script: &str| long(job.native().args(["-0"]), script).success();
    root(
        "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; cd /tmp; mkdir debs.$$; cd debs.$$; apt-get -qq download make; old=$(stat -c %i /usr/bin/make); dpkg -i make*.deb; test $old != $(stat -c %i /usr/bin/make); rm -r ../debs.$$",
    );
    before.unchanged(&job.tools, "dpkg -i make");
    assert_eq!(fs::read(&make).expect("it was installed again"), content);
    let first = inode();
    root(
        "export DEBIAN_FRONTEND=noninteractive; apt-get -qq install -y --reinstall make gcc gcc-12 binutils-arm-linux-gnueabihf",
    );
    before.unchanged(&job.tools, "apt-get install --reinstall");
    assert_ne!(inode(), first);
    // An unchanged version is still the tools' business.
    let (seen, trace) = job.traced("make -s hello; ./hello");
    assert_eq!(seen, "hello from armv7l sizeof(long)=4\n");
    trace.shows(Native, "make");
    trace.shows(Native, "cc1");
    root("test -z \"$(dpkg --verify make gcc gcc-12)\"; dpkg --audit");
}
