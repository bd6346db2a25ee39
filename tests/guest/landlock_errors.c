// What the three calls of Landlock refuse, and in which order they look.
#include "landlock.h"

static struct ruleset attr = {ALL_FS, BIND_TCP | CONNECT_TCP, SCOPE_ABSTRACT | SCOPE_SIGNAL};

static void create(void) {
    t(landlock_create_ruleset, 0, 0, 1);
    t(landlock_create_ruleset, 0, 0, 2);
    t(landlock_create_ruleset, 0, 0, 3);
    t(landlock_create_ruleset, 0, 0, 1 << 20);
    t(landlock_create_ruleset, &attr, 0, 1);
    t(landlock_create_ruleset, 0, 8, 1);
    t(landlock_create_ruleset, 0, 0, 0);
    t(landlock_create_ruleset, 0, sizeof attr, 0);
    t(landlock_create_ruleset, bad_page(), sizeof attr, 0);
    t(landlock_create_ruleset, &attr, 0, 0);
    t(landlock_create_ruleset, &attr, 7, 0);
    t(landlock_create_ruleset, &attr, 4097, 0);
    tv(landlock_create_ruleset, &attr, 8, 0);
    tv(landlock_create_ruleset, &attr, sizeof attr, 0);
    struct {
        struct ruleset known;
        uint64_t more;
    } longer = {attr, 0};
    tv(landlock_create_ruleset, &longer, sizeof longer, 0);
    longer.more = 1;
    tv(landlock_create_ruleset, &longer, sizeof longer, 0);
    struct ruleset none = {0, 0, 0}, unknown_fs = {1ul << 60, 0, 0}, unknown_net = {1, 1ul << 60, 0};
    struct ruleset unknown_scope = {1, 0, 1ul << 60};
    t(landlock_create_ruleset, &none, sizeof none, 0);
    t(landlock_create_ruleset, &unknown_fs, sizeof none, 0);
    t(landlock_create_ruleset, &unknown_net, sizeof none, 0);
    t(landlock_create_ruleset, &unknown_scope, sizeof none, 0);
}

static long rule_for(int ruleset, int fd, uint64_t access) {
    struct path_beneath rule = {access, fd};
    return sys(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
}

static void add(void) {
    int set = ruleset(READ_FILE | READ_DIR | EXECUTE, BIND_TCP, 0);
    int dir = open(".", O_PATH | O_CLOEXEC), open_dir = open(".", O_RDONLY);
    int file = open("file", O_RDONLY | O_CREAT, 0644), pipes[2];
    if (pipe(pipes))
        die("pipe");
    struct path_beneath rule = {READ_FILE, dir};
    t(landlock_add_rule, set, RULE_PATH_BENEATH, &rule, 1);
    t(landlock_add_rule, -1, RULE_PATH_BENEATH, &rule, 1);
    t(landlock_add_rule, -1, RULE_PATH_BENEATH, &rule, 0);
    t(landlock_add_rule, 99, RULE_PATH_BENEATH, bad_page(), 0);
    t(landlock_add_rule, dir, RULE_PATH_BENEATH, &rule, 0);
    t(landlock_add_rule, pipes[0], RULE_PATH_BENEATH, &rule, 0);
    t(landlock_add_rule, set, 0, &rule, 0);
    t(landlock_add_rule, set, 9, &rule, 0);
    t(landlock_add_rule, set, RULE_PATH_BENEATH, 0, 0);
    t(landlock_add_rule, set, RULE_PATH_BENEATH, bad_page(), 0);
    t(landlock_add_rule, set, RULE_PATH_BENEATH, bad_page() - 8, 0);
    p(rule_for(set, dir, 0));
    p(rule_for(set, dir, WRITE_FILE));
    p(rule_for(set, dir, 1ul << 60));
    p(rule_for(set, -1, READ_FILE));
    p(rule_for(set, AT_FDCWD, READ_FILE));
    p(rule_for(set, 99, READ_FILE));
    p(rule_for(set, set, READ_FILE));
    p(rule_for(set, pipes[0], READ_FILE));
    p(rule_for(set, memfd_create("m", 0), READ_FILE));
    p(rule_for(set, file, READ_DIR));
    p(rule_for(set, file, READ_FILE));
    p(rule_for(set, open_dir, READ_FILE));
    p(rule_for(set, dir, READ_DIR));
    p(allow_port(set, 1, 0));
    p(allow_port(set, 1, CONNECT_TCP));
    p(allow_port(set, 65536, BIND_TCP));
    p(allow_port(set, 65535, BIND_TCP));
    p(allow_port(ruleset(READ_FILE, 0, 0), 1, BIND_TCP));
}

static void restrict_self(void) {
    int set = ruleset(MAKE_SYM, 0, 0);
    // Privilege comes first, then flags, then the descriptor.
    t(landlock_restrict_self, set, 0);
    t(landlock_restrict_self, -1, 0);
    t(landlock_restrict_self, set, 1 << 20);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    t(landlock_restrict_self, -1, 1 << 20);
    t(landlock_restrict_self, set, 1 << 20);
    t(landlock_restrict_self, -1, 0);
    t(landlock_restrict_self, 99, 0);
    t(landlock_restrict_self, 1, 0);
    t(landlock_restrict_self, open(".", O_PATH), 0);
    // How it is logged: flags of the seventh ABI, the last of which needs no ruleset.
    t(landlock_restrict_self, set, 1);
    t(landlock_restrict_self, set, 2);
    t(landlock_restrict_self, -1, 4);
    t(landlock_restrict_self, -1, 1);
    t(landlock_restrict_self, -1, 6);
    t(symlink, "a", "b");
}

static void layers(void) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int set = ruleset(MAKE_SYM, 0, 0);
    for (int i = 0; i < 17; i++)
        t(landlock_restrict_self, set, 0);
    t(symlink, "a", "b");
    t(unlink, "file");
}

// Only a log's flag was changed, so that this process is in no domain and sees its parent.
static void unconfined(void) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    t(landlock_restrict_self, -1, 4);
    char link[64], text[256];
    snprintf(link, sizeof link, "/proc/%d/cwd", getppid());
    p(sys(SYS_readlink, link, text, sizeof text) > 0);
}

int main(void) {
    part("create", create);
    part("add", add);
    part("restrict", restrict_self);
    part("layers", layers);
    part("unconfined", unconfined);
}
