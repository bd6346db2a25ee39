//! The environment: what every program's loses, and what a native tool finds in its own.
//!
//! The ld.so of a dynamic tool has to look where no program of the guest may. So it finds an LD_LIBRARY_PATH that is
//! not the guest's, and the guest's variables `LD_...` masked. When it is done it jumps to what AT_ENTRY names, which
//! is [`finish`]: there all is put back, before the program's first instruction. Until then envp is
//!
//! ```text
//! the guest's ...  variables that are added ...  LD_LIBRARY_PATH=...  LD_PRELOAD=...  the mark, twice   NULL  auxiliary vector
//! ```
//!
//! and afterwards, at the same addresses, because ld.so keeps them for the program:
//!
//! ```text
//! the guest's ...  variables that are added ...  NULL                 AT_IGNORE  0    AT_IGNORE         0     auxiliary vector
//! ```
//!
//! Strings that are added lie on the stack behind the auxiliary vector, where no file of /proc shows them.
//!
//! Source: System V ABI, "Process Initialization"; ld.so(8), getauxval(3).

use core::iter;
use core::mem::size_of;

use crate::arch;
use crate::kernel::{E2BIG, Errno};
use crate::stack::{AT_ENTRY, Stack, WORD, set_word, word};
use crate::wire::{LoadPlan, MARK, Tool};

const AT_IGNORE: usize = 1;

/// How many entries ld.so finds that are not the program's: without the first of them an even number of words is left
/// behind the NULL that takes its place.
const OWN: usize = 4;

/// Arranges the environment as `plan` says. Where the record of a dynamic tool lies, for [`divert`].
///
/// # Errors
/// E2BIG if every byte is in use that could mask a variable.
#[cold]
#[inline(never)]
pub fn arrange(stack: &mut Stack, plan: &LoadPlan) -> Result<Option<usize>, Errno> {
    let dropped = plan.drop_env != 0 && drop_strings(stack, plan.drop_env as usize);
    if !dropped && plan.tool == 0 {
        return Ok(None);
    }
    stack.env = Some(stack.env_strings());
    let (block, len) = (plan.tool as usize, plan.tool_len as usize);
    let is_dynamic = block != 0 && plan.interpreter != 0;
    let variables = block + plan.tool_env as usize;
    let kept = entries(stack.envp).count();
    let added = missing(stack.envp, kept, variables).count();
    let at = make_room(stack, kept, added + if is_dynamic { OWN } else { 0 }, len);
    // SAFETY: that is the room, and the plan, which holds the block, lies below all that has moved.
    unsafe { arch::copy(at, block, len) };

    let mut slot = stack.envp + kept * WORD;
    for string in missing(stack.envp, kept, variables) {
        set_word(slot, at + (string - block));
        slot += WORD;
    }
    set_word(slot, 0);
    if !is_dynamic {
        return Ok(None);
    }
    let mask = free_byte(stack.envp)?;
    // SAFETY: the block begins with a record.
    let tool = unsafe { &mut *record(at) };
    (tool.own, tool.mask) = (at as u64, u64::from(mask));
    exchange(entries(stack.envp), b'L', mask);
    let library_path = at + size_of::<Tool>();
    for own in [library_path, library_path + length(library_path) + 1, at, at, 0] {
        set_word(slot, own);
        slot += WORD;
    }
    Ok(Some(at))
}

/// Has ld.so go to `entry`, the blob's entry of tools, instead of the program's own.
///
/// Only now that the kernel has copied the auxiliary vector, for /proc/PID/auxv.
pub fn divert(stack: &Stack, tool: usize, entry: usize) {
    let Some(at) = stack.entry(AT_ENTRY) else { arch::die() };
    // SAFETY: `arrange` put it there.
    let tool = unsafe { &mut *record(tool) };
    (tool.entry, tool.entry_at, tool.auxv) = (word(at + WORD) as u64, (at + WORD) as u64, stack.auxv as u64);
    set_word(at + WORD, entry);
}

/// Puts back what `arrange` and `divert` changed; the program's entry. `stack` is where argc lies.
///
/// Constructors of libraries have run by now. They may have moved entries towards envp's start, or ended it there, or
/// copied it away: the copy keeps pointers to the strings.
pub extern "C" fn finish(stack: usize) -> usize {
    let envp = stack + (word(stack) + 2) * WORD;
    let Some(mark) = slots(envp).find(|&slot| is_mark(slot)) else { arch::die() };
    let at = word(mark);
    // SAFETY: it is the record.
    let tool = unsafe { &*record(at) };
    let (entry, auxv) = (tool.entry as usize, tool.auxv as usize);
    let own = || slots(envp).take_while(|&slot| slot < auxv).filter(|&slot| is_on_stack(slot));
    exchange(own(), tool.mask as u8, b'L');
    let library_path = at + size_of::<Tool>();
    let end = own().find(|&slot| word(slot) == library_path).unwrap_or(mark);
    set_word(end, 0);
    let mut slot = end + WORD;
    while slot + WORD < auxv {
        set_word(slot, AT_IGNORE);
        set_word(slot + WORD, 0);
        slot += 2 * WORD;
    }
    set_word(tool.entry_at as usize, entry);
    // In a copied environment an empty string is no variable. musl goes on reading the path behind the name.
    for string in [library_path + length(library_path) + 1, library_path, at] {
        set_byte(string, 0);
    }
    entry
}

/// True if the word points at the record of a tool.
fn is_mark(slot: usize) -> bool {
    // SAFETY: a string on the stack, behind whose end are eight bytes more; or the vDSO, in an auxiliary vector.
    let read = |at: usize| unsafe { (at as *const u64).read_unaligned() };
    is_on_stack(slot) && read(word(slot)) == MARK && read(word(slot) + WORD) == word(slot) as u64
}

/// True if a word of the stack points at what execve left there: that lies above, at the end of the address space.
fn is_on_stack(slot: usize) -> bool {
    word(slot) > slot
}

fn record(at: usize) -> *mut Tool {
    at as *mut Tool
}

/// Takes the strings that are in the list at `listed` out of the environment, and from the area of its strings, which
/// /proc/PID/environ shows. False if there are none.
fn drop_strings(stack: &mut Stack, listed: usize) -> bool {
    let is_listed = |slot: usize| strings(listed).any(|other| compare(word(slot), other).is_equal());
    if !entries(stack.envp).any(is_listed) {
        return false;
    }
    let (start, _) = stack.env_strings();
    let (mut slot_to, mut to) = (stack.envp, start);
    for slot in entries(stack.envp) {
        if is_listed(slot) {
            continue;
        }
        let (string, len) = (word(slot), length(word(slot)) + 1);
        // SAFETY: both lie in the area of strings, `to` not above `string`.
        unsafe { arch::copy(to, string, len) };
        set_word(slot_to, to);
        slot_to += WORD;
        to += len;
    }
    set_word(slot_to, 0);
    stack.env = Some((start, to));
    true
}

/// Moves the vectors so that behind the first `kept` entries of envp there is room for `added` more and a NULL, and
/// `len` bytes behind the auxiliary vector; the address of those. The stack pointer stays a multiple of 16.
fn make_room(stack: &mut Stack, kept: usize, added: usize, len: usize) -> usize {
    let (old, auxv_len) = (stack.pointer(), stack.auxv_end - stack.auxv);
    let above = stack.envp - old;
    let lower_len = above + (kept + added + 1) * WORD;
    let at = stack.auxv_end - len;
    let new = (at - auxv_len - lower_len) & !15;
    let auxv = new + lower_len;
    // In this order: neither overlaps what is still to be moved, as `auxv` is never above `stack.auxv`.
    move_words(new, old, above / WORD + kept);
    move_words(auxv, stack.auxv, auxv_len / WORD);
    (stack.argv, stack.envp) = (new + WORD, new + above);
    (stack.auxv, stack.auxv_end) = (auxv, auxv + auxv_len);
    at
}

fn move_words(to: usize, from: usize, count: usize) {
    for index in 0..count {
        let index = if to < from { index } else { count - 1 - index };
        set_word(to + index * WORD, word(from + index * WORD));
    }
}

/// The strings of the list at `variables` of whose names there is none among the first `count` entries at `envp`.
fn missing(envp: usize, count: usize, variables: usize) -> impl Iterator<Item = usize> {
    let has = move |string| slots(envp).take(count).any(|slot| compare(word(slot), string).is_same_name());
    strings(variables).filter(move |&string| !has(string))
}

/// A byte other than L such that no string at `envp` begins with it and `D_`.
fn free_byte(envp: usize) -> Result<u8, Errno> {
    // An underscore makes a name that hurts nobody.
    let is_free = |&first: &u8| !entries(envp).any(|slot| begins(word(slot), first));
    (b'_'..=u8::MAX).find(is_free).ok_or(E2BIG)
}

/// Makes `new` the first byte of those strings that begin with `old` and `D_`.
fn exchange(slots: impl Iterator<Item = usize>, old: u8, new: u8) {
    slots.map(word).filter(|&string| begins(string, old)).for_each(|string| set_byte(string, new));
}

fn begins(string: usize, first: u8) -> bool {
    byte(string) == first && byte(string + 1) == b'D' && byte(string + 2) == b'_'
}

/// How far two strings are alike.
struct Comparison {
    /// The bytes where they differ, or twice 0.
    at: (u8, u8),
    /// A `=` came before.
    named: bool,
}

impl Comparison {
    fn is_equal(&self) -> bool {
        self.at == (0, 0)
    }

    fn is_same_name(&self) -> bool {
        self.named || self.is_equal()
    }
}

fn compare(one: usize, other: usize) -> Comparison {
    let (mut index, mut named) = (0, false);
    loop {
        let at = (byte(one + index), byte(other + index));
        if at.0 != at.1 || at.0 == 0 {
            return Comparison { at, named };
        }
        named |= at.0 == b'=';
        index += 1;
    }
}

/// The addresses of the words from `vector` on.
fn slots(vector: usize) -> impl Iterator<Item = usize> {
    iter::successors(Some(vector), |&slot| Some(slot + WORD))
}

/// Those up to the NULL.
fn entries(envp: usize) -> impl Iterator<Item = usize> {
    slots(envp).take_while(|&slot| word(slot) != 0)
}

/// The strings of a list that ends in an empty one; none at 0.
fn strings(list: usize) -> impl Iterator<Item = usize> {
    let first = Some(list).filter(|&list| list != 0 && byte(list) != 0);
    iter::successors(first, |&string| Some(string + length(string) + 1).filter(|&next| byte(next) != 0))
}

fn length(string: usize) -> usize {
    let mut len = 0;
    while byte(string + len) != 0 {
        len += 1;
    }
    len
}

fn byte(at: usize) -> u8 {
    // SAFETY: only called within strings of the environment, and of the plan, up to their NULs.
    unsafe { (at as *const u8).read_volatile() }
}

fn set_byte(at: usize, value: u8) {
    // SAFETY: as above; both are writable.
    unsafe { (at as *mut u8).write_volatile(value) }
}
