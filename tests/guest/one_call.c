// Makes each system call whose number is an argument, with arguments that are all zero, and prints its result.
// Run by tests/mutation.rs.
#include "check.h"

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        long ret = sys(atol(argv[i]));
        printf("%s %s\n", argv[i], ret < 0 ? errno_name(-ret) : "ok");
    }
}
