//! Questions about a tracee's sockets.
//!
//! Source: socket(7).

use std::os::fd::AsRawFd;

use nix::unistd::Pid;

use super::descriptor;
use crate::error::Errno;

/// The address family of the socket that thread `tid` of process `pid` has as `fd`.
///
/// `None` where this cannot be told: no such socket, a kernel before Linux 5.6, or an outer filter that denies it.
pub fn domain(pid: Pid, tid: Pid, fd: i32) -> Option<i32> {
    option(pid, tid, fd, libc::SO_DOMAIN)
}

/// The same of its type: SOCK_STREAM, SOCK_DGRAM ...
pub fn kind(pid: Pid, tid: Pid, fd: i32) -> Option<i32> {
    option(pid, tid, fd, libc::SO_TYPE)
}

fn option(pid: Pid, tid: Pid, fd: i32, name: i32) -> Option<i32> {
    let socket = descriptor::of_task(pid, tid, fd)?;
    let mut value = 0i32;
    let mut len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `value`, and both outlive the call.
    let result = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, name, (&raw mut value).cast(), &raw mut len)
    };
    Errno::result(result).ok().map(|_| value)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::unix::net::UnixDatagram;

    use super::*;

    #[test]
    fn the_family_of_a_socket_is_told_and_of_nothing_else() {
        let unix = UnixDatagram::unbound().unwrap();
        let inet = UdpSocket::bind("127.0.0.1:0").unwrap();
        let file = std::fs::File::open("/").unwrap();
        assert_eq!(domain(Pid::this(), Pid::this(), unix.as_raw_fd()), Some(libc::AF_UNIX));
        assert_eq!(domain(Pid::this(), Pid::this(), inet.as_raw_fd()), Some(libc::AF_INET));
        assert_eq!(domain(Pid::this(), Pid::this(), file.as_raw_fd()), None);
    }
}
