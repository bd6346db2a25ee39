# Exits with 0 if every register but the stack pointer is 0 and the flags are those of a new program.
.globl _start
_start:
    pushfq
    pop %r15
    or %rbx, %rax
    or %rcx, %rax
    or %rdx, %rax
    or %rsi, %rax
    or %rdi, %rax
    or %rbp, %rax
    or %r8, %rax
    or %r9, %rax
    or %r10, %rax
    or %r11, %rax
    or %r12, %rax
    or %r13, %rax
    or %r14, %rax
    mov $1, %edi
    test %rax, %rax
    jnz 1f
    mov $2, %edi
    cmp $0x202, %r15
    jne 1f
    mov $3, %edi
    test $15, %rsp
    jnz 1f
    movaps %xmm0, %xmm8
    por %xmm1, %xmm8
    por %xmm2, %xmm8
    por %xmm3, %xmm8
    por %xmm4, %xmm8
    por %xmm5, %xmm8
    por %xmm6, %xmm8
    por %xmm7, %xmm8
    movq %xmm8, %rax
    mov $4, %edi
    test %rax, %rax
    jnz 1f
    xor %edi, %edi
1:  mov $231, %eax
    syscall
