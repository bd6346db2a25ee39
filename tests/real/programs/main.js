const { spawnSync, fork, execFileSync } = require('child_process');
const fs = require('fs'), http = require('http'), os = require('os'), path = require('path');
const { Worker, isMainThread, parentPort } = require('worker_threads');

if (!isMainThread) {
  parentPort.postMessage(fs.readdirSync('node').length);
} else if (process.argv[2] === 'child') {
  process.on('message', text => { process.send(text + ' back'); process.disconnect(); });
} else {
  main().catch(error => { console.log(error); process.exit(1); });
}

async function main() {
  fs.mkdirSync('node');
  await Promise.all([...Array(200).keys()].map(i => fs.promises.writeFile(`node/${i}`, `${i}\n`)));
  const stats = await Promise.all([...Array(200).keys()].map(i => fs.promises.stat(`node/${i}`)));
  console.log(stats.reduce((sum, stat) => sum + stat.size, 0));
  console.log(await new Promise(resolve => new Worker(__filename).on('message', resolve)));
  const child = fork(__filename, ['child']);
  child.send('there and');
  console.log(await new Promise(resolve => child.on('message', resolve)));
  const server = http.createServer((_, answer) => answer.end('from node')).listen('node.socket');
  await new Promise(resolve => server.on('listening', resolve));
  console.log(await new Promise(resolve => http.get({ socketPath: 'node.socket', path: '/' }, answer => {
    let body = ''; answer.on('data', part => body += part); answer.on('end', () => resolve(body));
  })));
  server.close();
  const watcher = fs.watch('node');
  setImmediate(() => fs.writeFileSync('node/watched', ''));
  console.log(await new Promise(resolve => watcher.once('change', (_, name) => resolve(name))));
  watcher.close();
  const end = spawnSync('sh', ['-c', 'cat; kill -TERM $$'], { input: 'in and out\n' });
  console.log(end.signal, end.stdout.toString().trim());
  console.log(execFileSync('sh', ['-c', 'echo $0 $#', 'a', 'b']).toString().trim());
  try { fs.readFileSync('/none'); } catch (error) { console.log(error.code, error.syscall); }
  try { fs.rmdirSync('node'); } catch (error) { console.log(error.code); }
  fs.rmSync('node', { recursive: true });
  console.log(fs.existsSync('node'), path.basename(process.execPath), os.arch(), os.userInfo().uid === process.getuid());
  process.once('SIGUSR2', signal => { console.log(signal); process.exitCode = 5; });
  process.kill(process.pid, 'SIGUSR2');
  setTimeout(() => {}, 20);
}
