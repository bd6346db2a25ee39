# The README's commands. What they do is in tests/setup; see tests/setup/README.md.

.PHONY: demo test test-full

# The main job, from a fresh checkout: builds, gets an emulator and a Debian armhf tree, compiles and runs C in it.
demo:
	@bash tests/setup/demo.sh

# Formatting, lints, and every test, as an ordinary user.
test:
	@bash tests/setup/test.sh

# The same on a build with debug assertions, and the tests that take minutes.
test-full:
	@bash tests/setup/test.sh full
