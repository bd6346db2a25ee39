//! The scratch area of an address space: read-only to the guest, written by the tracer.
#![forbid(unsafe_code)]

use std::rc::Rc;

use super::Mm;

/// The part of a scratch area that one thread uses, given back when the thread is gone.
pub struct Slot {
    mm: Rc<Mm>,
    /// Address of the slot in the tracee.
    pub address: u64,
}

/// Bytes of a slot: the saved values, two paths of PATH_MAX and room for small structures.
pub const SLOT_SIZE: u64 = 4 * 4096;

/// Bytes at the start of a slot for what the trampoline restores, six arguments and an address, and for [`Mm::nonce`].
pub const SAVED_SIZE: u64 = 64;

/// Offset of that number in the first slot.
const NONCE: u64 = SAVED_SIZE - 8;

/// Slots in one mapping of a scratch area.
pub const SLOTS: u64 = 32;

/// The scratch mappings of an address space, and which of their slots are free.
#[derive(Default)]
pub struct Scratch {
    areas: Vec<u64>,
    free: Vec<u64>,
    /// Slots that the guest has unmapped under a thread's hands.
    lost: Vec<u64>,
    /// Larger pieces that no thread uses, as (address, length).
    large: Vec<(u64, u64)>,
}

/// A mapping of its own in a scratch area, read-only to the guest, given back when its thread is gone.
pub struct Area {
    mm: Rc<Mm>,
    pub address: u64,
    pub len: u64,
}

impl Area {
    /// A free area of `mm` of at least `len` bytes; `None` if one must be mapped first.
    pub fn take(mm: &Rc<Mm>, len: u64) -> Option<Self> {
        let large = &mut mm.scratch.borrow_mut().large;
        let (address, len) = large.swap_remove(large.iter().position(|&(_, size)| size >= len)?);
        Some(Self { mm: Rc::clone(mm), address, len })
    }

    /// Drops an area that is not mapped any more, so that nobody is given it again.
    pub fn give_up(mut self) {
        self.len = 0;
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        if self.len != 0 {
            self.mm.scratch.borrow_mut().large.push((self.address, self.len));
        }
    }
}

impl Scratch {
    /// Adds a mapping of [`SLOTS`] slots at `address`.
    pub fn add(&mut self, address: u64) {
        if self.areas.contains(&address) {
            // It is back where the guest has unmapped it; other threads may have kept their slots.
            let area = address..address + SLOTS * SLOT_SIZE;
            let lost = std::mem::take(&mut self.lost).into_iter();
            let (back, lost): (Vec<u64>, Vec<u64>) = lost.partition(|slot| area.contains(slot));
            self.free.extend(back);
            self.lost = lost;
            return;
        }
        self.areas.push(address);
        self.free.extend((0..SLOTS).rev().map(|index| address + index * SLOT_SIZE));
    }

    /// Where [`Mm::nonce`] is, if there is a scratch area.
    pub fn nonce_address(&self) -> Option<u64> {
        self.areas.first().map(|address| address + NONCE)
    }

    /// True if that lies in this slot.
    pub(super) fn is_first(&self, slot: u64) -> bool {
        self.areas.first() == Some(&slot)
    }

    /// Adds a larger piece.
    pub fn add_large(&mut self, address: u64, len: u64) {
        self.large.push((address, len));
    }

    /// The same mappings in a copied address space, where no thread uses a slot yet.
    pub(super) fn copied(&self) -> Self {
        let mut copy = Self::default();
        self.areas.iter().for_each(|&address| copy.add(address));
        copy.large.clone_from(&self.large);
        copy
    }
}

impl Slot {
    /// A free slot of `mm`; `None` if another mapping is needed first.
    pub fn take(mm: &Rc<Mm>) -> Option<Self> {
        let address = mm.scratch.borrow_mut().free.pop()?;
        Some(Self { mm: Rc::clone(mm), address })
    }

    /// Drops a slot that is not mapped any more, so that nobody is given it again.
    pub fn give_up(mut self) {
        self.mm.scratch.borrow_mut().lost.push(self.address);
        self.address = 0;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.address != 0 {
            self.mm.scratch.borrow_mut().free.push(self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: u64 = 0x7f00_0000_0000;

    #[test]
    fn an_area_that_comes_back_gives_no_slot_to_two_threads() {
        let mm = Rc::new(Mm::before_exec());
        mm.scratch.borrow_mut().add(AREA);
        let kept = Slot::take(&mm).unwrap();
        Slot::take(&mm).unwrap().give_up();
        mm.scratch.borrow_mut().add(AREA);
        let mut slots: Vec<_> = std::iter::from_fn(|| Slot::take(&mm)).chain([kept]).collect();
        slots.sort_by_key(|slot| slot.address);
        let expected = (0..SLOTS).map(|index| AREA + index * SLOT_SIZE);
        assert!(slots.iter().map(|slot| slot.address).eq(expected));
    }
}
