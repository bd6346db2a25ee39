//! The requests of ptrace(2) that move data between a stopped task and its tracer.
#![forbid(unsafe_code)]

use nix::unistd::Pid;

use super::info::SigInfo;
use super::{Info, Kind, option};
use crate::engine::ptrace::Engine;
use crate::error::{Errno, Failure};
use crate::sys::mem::Memory;
use crate::sys::tracee::{self, SIGINFO_SIZE, request};

/// Bytes of a signal set.
const SIGSET_SIZE: u64 = 8;

/// No machine has a larger register set; a longer buffer is used in part.
const MAX_SET: u64 = 1 << 16;

/// Bytes of a `struct ptrace_syscall_info` that tells nothing of a call, and of the whole.
const NO_CALL: usize = 24;
const SYSCALL_INFO: usize = 96;
/// Where `seccomp.ret_data` lies in it.
const FILTER_DATA: usize = 80;

/// Bytes of a `struct ptrace_rseq_configuration`.
const RSEQ_CONFIGURATION: u64 = 24;

impl Engine<'_> {
    /// Does what `number` says about the stopped task `pid`, with the memory of `caller`.
    pub(super) fn move_data(
        &mut self,
        caller: Pid,
        pid: Pid,
        number: u64,
        [address, data]: [u64; 2],
    ) -> Result<i64, Failure> {
        let memory = self.memory(caller)?;
        match number {
            request::PEEKTEXT | request::PEEKDATA | request::PEEKUSER => {
                let (result, word) = tracee::read(number, pid, address, 8)?;
                memory.write(data, &word)?;
                Ok(result)
            }
            request::POKETEXT | request::POKEDATA | request::POKEUSER => {
                Ok(tracee::with_number(number, pid, address, data)?)
            }
            request::GETREGS | request::GETFPREGS => {
                let size = tracee::block_size(number).ok_or(Errno::EIO)?;
                let (result, block) = tracee::read(number, pid, address, size)?;
                memory.write(data, &block)?;
                Ok(result)
            }
            request::SETREGS | request::SETFPREGS => {
                let mut block = vec![0; tracee::block_size(number).ok_or(Errno::EIO)?];
                memory.read(data, &mut block)?;
                Ok(tracee::write(number, pid, address, &block)?)
            }
            request::GETREGSET | request::SETREGSET => register_set(&memory, pid, number, [address, data]),
            request::GETSIGINFO | request::SETSIGINFO => self.signal_info(&memory, pid, number, data),
            request::GETSIGMASK | request::SETSIGMASK if address != SIGSET_SIZE => Err(Errno::EINVAL.into()),
            request::GETSIGMASK => {
                let (result, mask) = tracee::read(number, pid, SIGSET_SIZE, SIGSET_SIZE as usize)?;
                memory.write(data, &mask)?;
                Ok(result)
            }
            request::SETSIGMASK => {
                let mask = memory.read_u64(data)?;
                Ok(tracee::write(number, pid, SIGSET_SIZE, &mask.to_ne_bytes())?)
            }
            request::GETEVENTMSG => {
                let message = self.stopped(pid)?.stop.as_ref().map_or(0, |stop| stop.message);
                memory.write(data, &message.to_ne_bytes())?;
                Ok(0)
            }
            request::PEEKSIGINFO => {
                // `struct ptrace_peeksiginfo_args`.
                let (first, rest) = (memory.read_u64(address)?, memory.read_u64(address + 8)?);
                let pending = tracee::pending_signals(pid, first, rest as u32, (rest >> 32) as i32)?;
                memory.write(data, &pending)?;
                Ok((pending.len() / SIGINFO_SIZE) as i64)
            }
            request::GET_SYSCALL_INFO => self.syscall_info(&memory, pid, [address, data]),
            request::SET_SYSCALL_INFO => {
                let mut info = vec![0; (address as usize).min(SYSCALL_INFO)];
                memory.read(data, &mut info)?;
                Ok(tracee::write(number, pid, address, &info)?)
            }
            request::GET_RSEQ_CONFIGURATION => {
                let size = address.min(RSEQ_CONFIGURATION);
                let (result, configuration) = tracee::read(number, pid, address, size as usize)?;
                memory.write(data, &configuration)?;
                Ok(result)
            }
            request::ARCH_PRCTL => {
                let Some(base) = tracee::arch_prctl(pid, data, address)? else { return Ok(0) };
                memory.write(address, &base.to_ne_bytes())?;
                Ok(0)
            }
            // Needs CAP_SYS_ADMIN.
            request::SECCOMP_GET_FILTER | request::SECCOMP_GET_METADATA => Err(Errno::EACCES.into()),
            _ => Err(Errno::EIO.into()),
        }
    }

    fn signal_info(&mut self, memory: &dyn Memory, pid: Pid, number: u64, data: u64) -> Result<i64, Failure> {
        let mut given = [0; SIGINFO_SIZE];
        if number == request::SETSIGINFO {
            memory.read(data, &mut given)?;
        }
        let stop = self.stopped(pid)?.stop.as_mut().ok_or(Errno::ESRCH)?;
        match (&mut stop.info, number) {
            (Info::Nothing, _) => return Err(Errno::EINVAL.into()),
            (Info::Made(info), request::SETSIGINFO) => **info = SigInfo(given),
            (Info::Made(info), _) => memory.write(data, &info.0)?,
            (Info::Kernel, request::SETSIGINFO) => drop(tracee::write(number, pid, 0, &given)?),
            (Info::Kernel, _) => memory.write(data, &tracee::read(number, pid, 0, SIGINFO_SIZE)?.1)?,
        }
        Ok(0)
    }

    /// PTRACE_GET_SYSCALL_INFO. The kernel looks at its own stop, which is a call's also where the guest's is another's.
    fn syscall_info(
        &mut self,
        memory: &dyn Memory,
        pid: Pid,
        [size, data]: [u64; 2],
    ) -> Result<i64, Failure> {
        let tracee = self.stopped(pid)?;
        let stop = tracee.stop.as_ref().ok_or(Errno::ESRCH)?;
        let (kind, message) = (stop.kind, stop.message);
        let tells = match kind {
            Kind::Entry | Kind::Exit => tracee.wants(option::SYSGOOD),
            kind => kind == Kind::Filtered,
        };
        let (mut actual, mut info) =
            tracee::read(request::GET_SYSCALL_INFO, pid, SYSCALL_INFO as u64, SYSCALL_INFO)?;
        if !tells {
            // PTRACE_SYSCALL_INFO_NONE.
            info[0] = 0;
            actual = NO_CALL as i64;
        }
        if kind == Kind::Filtered {
            // The kernel's own is what xroot's filter says.
            info[FILTER_DATA..FILTER_DATA + 4].copy_from_slice(&(message as u32).to_ne_bytes());
        }
        info.truncate((actual as usize).min(size as usize));
        memory.write(data, &info)?;
        Ok(actual)
    }
}

/// PTRACE_GETREGSET and PTRACE_SETREGSET, with the `struct iovec` at `data`.
fn register_set(memory: &dyn Memory, pid: Pid, number: u64, [kind, data]: [u64; 2]) -> Result<i64, Failure> {
    let (base, len) = (memory.read_u64(data)?, memory.read_u64(data + 8)?);
    // The kernel refuses lengths that are no multiple of a register's.
    let len = if len > MAX_SET { MAX_SET + len % 64 } else { len };
    let mut bytes = vec![0; len as usize];
    if number == request::SETREGSET {
        memory.read(base, &mut bytes)?;
    }
    let moved = tracee::register_set(number, pid, kind, &mut bytes)?;
    if number == request::GETREGSET {
        memory.write(base, &bytes[..moved.min(bytes.len())])?;
    }
    memory.write(data + 8, &(moved as u64).to_ne_bytes())?;
    Ok(0)
}
