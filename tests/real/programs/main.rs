#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::{env, fs, net, thread};

fn main() -> std::io::Result<()> {
    let writers: Vec<_> = (0..64)
        .map(|i| thread::spawn(move || fs::write(format!("files/r{i}"), i.to_string()).map(|()| i)))
        .collect();
    let sum: i32 = writers.into_iter().map(|writer| writer.join().expect("no panic").expect("written")).sum();
    let mut names: Vec<_> = fs::read_dir("files")?.map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name.to_string_lossy().starts_with('r'));
    println!("{sum} {}", names.len());

    let listener = UnixListener::bind("rust.socket")?;
    let server = thread::spawn(move || -> std::io::Result<()> {
        let (mut peer, _) = listener.accept()?;
        let mut text = String::new();
        peer.read_to_string(&mut text)?;
        peer.write_all(text.to_uppercase().as_bytes())
    });
    let mut stream = UnixStream::connect("rust.socket")?;
    stream.write_all(b"over a socket")?;
    stream.shutdown(net::Shutdown::Write)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    server.join().expect("no panic")?;
    println!("{text} {:?}", stream.peer_addr()?);

    let tcp = net::TcpListener::bind("127.0.0.1:0")?;
    let client = net::TcpStream::connect(tcp.local_addr()?)?;
    println!("{}", tcp.accept()?.1 == client.local_addr()?);

    let mut child = Command::new("tr").arg("a-z").arg("b-za").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(b"hal\n")?;
    let output = child.wait_with_output()?;
    print!("{} {}", output.status, String::from_utf8_lossy(&output.stdout));
    println!("{:?}", Command::new("sh").args(["-c", "kill -9 $$"]).status()?);
    println!("{:?}", Command::new("/none").status().map_err(|error| error.kind()));
    println!("{:?}", Command::new("pwd").current_dir("files").output()?.stdout.ends_with(b"/files\n"));

    fs::create_dir_all("files/deep/er/still")?;
    fs::hard_link("files/r1", "files/deep/hard")?;
    std::os::unix::fs::symlink("../r2", "files/deep/soft")?;
    println!("{} {}", fs::read_to_string("files/deep/hard")?, fs::read_to_string("files/deep/soft")?);
    println!("{:?}", fs::canonicalize("files/deep/soft")?.file_name());
    fs::remove_dir_all("files")?;
    println!("{:?} {:?}", fs::metadata("files").map(|_| ()).map_err(|error| error.kind()), env::current_exe()?.file_name());
    Ok(())
}
