//! Programs of another machine, under an emulator: the same script prints the same natively in a tree of this machine.
#![forbid(unsafe_code)]

use crate::tree::{Tree, Work};

#[test]
fn programs_of_arm_print_what_native_ones_do() {
    let (Some(native), Some(emulated)) = (Tree::new("amd64"), Tree::new("armhf-dev")) else { return };
    let script = include_str!("emulated.sh");
    let Some(both) = native.both(&Work::default(), script) else { return };
    assert!(both.native.status.success(), "{}", both.native);
    let expected = both.same();
    let seen = emulated.alone(&Work::default(), script);
    assert_eq!(seen.stdout, expected, "{}", seen.stderr);
}

/// Modules that pass under the emulator itself.
#[test]
fn python_of_arm_passes_its_own_tests() {
    let Some(tree) = Tree::full("armhf-dev") else { return };
    let modules =
        "test_glob test_posixpath test_tempfile test_stat test_fcntl test_select test_pty test_shutil";
    let script = format!("python3 -m test {modules} 2>&1");
    let output = tree.alone(&Work::default(), &script);
    assert!(output.status.success(), "{output}");
}
