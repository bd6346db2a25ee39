/* Prints what an interpreter is called with. */
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

int main(int argc, char **argv) {
    char comm[17] = "";
    prctl(PR_GET_NAME, comm);
    for (int i = 0; i < argc; i++) printf("%s|", argv[i]);
    printf("\nexecfn %s\ncomm %s\n", (char *)getauxval(AT_EXECFN), comm);
    return 0;
}
