// A few calls that a filter outside may deny, for a tracer to watch: SIGSYS at first as it is, then blocked.
#include "check.h"

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    for (int i = 0; i < 2; i++) {
        t(setresuid, -1, -1, -1);
        t(chroot, "/nowhere");
        t(sethostname, "name", 4);
        fflush(stdout);
        sigprocmask(SIG_BLOCK, &set, 0);
    }
}
