import java.io.*;
import java.net.*;
import java.nio.channels.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Path dir = Files.createDirectories(Path.of("java"));
        try (var pool = Executors.newFixedThreadPool(16)) {
            List<Future<Long>> sizes = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                Path file = dir.resolve("f" + i);
                sizes.add(pool.submit(() -> { Files.writeString(file, "text\n"); return Files.size(file); }));
            }
            long sum = 0;
            for (var size : sizes) sum += size.get();
            System.out.println(sum);
        }
        try (var list = Files.walk(dir)) { System.out.println(list.count()); }
        Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("f1"));
        System.out.println(Files.readSymbolicLink(link) + " " + link.toRealPath().getFileName());
        try (var watch = FileSystems.getDefault().newWatchService()) {
            dir.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            Files.createFile(dir.resolve("seen"));
            var key = watch.poll(20, TimeUnit.SECONDS);
            System.out.println(key.pollEvents().get(0).context());
        }
        var process = new ProcessBuilder("sh", "-c", "read a; echo got $a; exit 7").redirectErrorStream(true).start();
        try (var out = process.outputWriter()) { out.write("it\n"); }
        System.out.println(new String(process.getInputStream().readAllBytes()).trim() + " " + process.waitFor());
        var address = UnixDomainSocketAddress.of("java.socket");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            try (var client = SocketChannel.open(address); var peer = server.accept()) {
                client.write(java.nio.ByteBuffer.wrap("unix".getBytes()));
                var buffer = java.nio.ByteBuffer.allocate(16);
                peer.read(buffer);
                System.out.println(new String(buffer.array(), 0, buffer.position()));
            }
        }
        try (var file = new RandomAccessFile("java/map", "rw")) {
            var map = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
            map.put(12345, (byte) 9);
            file.seek(12345);
            System.out.println(file.read() + " " + file.length());
        }
        try { Files.readString(Path.of("/none/there")); } catch (NoSuchFileException e) { System.out.println(e.getMessage()); }
        System.out.println(ProcessHandle.current().info().command().map(c -> Path.of(c).getFileName().toString()).orElse("?"));
        System.out.println(System.getProperty("os.arch") + " " + System.getProperty("user.name") + " " + new File(".").getFreeSpace() / Long.MAX_VALUE);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("the end")));
        System.exit(3);
    }
}
