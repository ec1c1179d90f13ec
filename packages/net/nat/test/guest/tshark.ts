import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Checks that Wireshark leaves out by default, as network cards do the sums. */
const CHECKS = ['ip.check_checksum', 'tcp.check_checksum', 'udp.check_checksum'].flatMap((name) => [
  '-o',
  `${name}:TRUE`,
]);

/** What tshark says of a capture: for each packet one list with the values of `fields`. */
export const dissect = (capture: Uint8Array, fields: readonly string[], filter?: string): string[][] => {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-tshark-'));
  try {
    const file = join(folder, 'capture.pcapng');
    writeFileSync(file, capture);
    const query = [
      '-n',
      '-r',
      file,
      ...CHECKS,
      '-T',
      'fields',
      '-E',
      'separator=|',
      ...fields.flatMap((name) => ['-e', name]),
    ];
    const run = spawnSync('tshark', filter === undefined ? query : [...query, '-Y', filter], { encoding: 'utf8' });
    if (run.error !== undefined) throw new Error('these tests need tshark', { cause: run.error });
    if (run.status !== 0) throw new Error(`tshark failed: ${run.stderr}`);
    return run.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('|'));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Packets that Wireshark calls malformed, or of which a checksum is bad. */
export const BAD_PACKETS =
  '_ws.malformed || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad" || icmp.checksum.status == "Bad"';
