/* Calls code that lies on the stack: mov $42, %eax; ret. */
int main(void) {
    volatile unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
    return ((int (*)(void))code)();
}
