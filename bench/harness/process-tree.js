// CPU time and resident memory of a process and all below it, from Linux's /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of CPU so far. By nanoseconds where the kernel tells them of each thread, else by ticks of 10 ms. */
export function cpuTime(pid) {
  const processes = tree(pid);
  const exact = processes.flatMap(threads).reduce((sum, path) => sum + Number(words(`${path}/schedstat`)[0]) / 1000, 0);
  return exact > 0 ? exact : processes.reduce((sum, each) => sum + ticks(each) * 10_000, 0);
}

/** Bytes. */
export function residentMemory(pid) {
  const kilobytes = tree(pid).map((each) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1]);
  return kilobytes.reduce((sum, size) => sum + Number(size ?? 0) * 1024, 0);
}

function tree(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap(tree)];
}

const threads = (pid) => readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
const words = (path) => readFileSync(path, 'utf8').split(' ');

/** User and system time, in clock ticks (proc(5)). */
function ticks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
