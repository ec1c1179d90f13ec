import { expect, it } from 'vitest';
import { TestDaemon } from '../support/daemon.ts';

it('two Debian guests outlive their daemon: the next one lists them, attaches to them and runs commands in them', async () => {
  await using daemon = await new TestDaemon().start();
  const names = ['web', 'db'] as const;
  for (const name of names) {
    const { code, stderr } = await daemon.viv('create', name, 'debian', '--memory', '128M', '--start');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
  // Waits for the guests, which still boot.
  for (const name of names) {
    const mark = await daemon.viv('exec', name, '--wait', '300', '--', `echo ${name} > /mark; cat /mark`);
    expect(mark).toEqual({ code: 0, stdout: `${name}\n`, stderr: '' });
  }
  const before = (await daemon.client.call('list', {})).machines.map(({ pid }) => pid);
  expect(await daemon.end('SIGKILL')).toBeNull();
  await daemon.start();
  const { machines } = await daemon.client.call('list', {});
  expect(machines.map(({ name, status, pid }) => ({ name, status, pid }))).toEqual([
    { name: 'web', status: 'running', pid: before[0] },
    { name: 'db', status: 'running', pid: before[1] },
  ]);
  expect((await daemon.viv('ps')).stdout).toMatch(
    new RegExp(`web +running .* ${before[0]} .*\\ndb +running .* ${before[1]} `),
  );
  // Standard output and standard error apart, and the command's own exit code; what was there before is there.
  expect(await daemon.viv('exec', 'web', '--', 'cat /mark; uname -m; echo oops >&2; exit 7')).toEqual({
    code: 7,
    stdout: 'web\nriscv64\n',
    stderr: 'oops\n',
  });
  expect(await daemon.viv('exec', 'db', '--', 'printf', '%s|', 'a b', "it's", '$HOME')).toEqual({
    code: 0,
    stdout: "a b|it's|$HOME|",
    stderr: '',
  });
  const attached = daemon.begin('attach', 'db');
  attached.stdin.write('echo $((6 * 7)) is the answer\n');
  await attached.shows('42 is the answer');
  attached.stdout.destroy(new Error('nobody reads any more'));
  await attached.done;
  expect(await daemon.viv('stop', 'web', 'db', '--grace', '60')).toMatchObject({
    code: 0,
    stdout: 'web: ended\ndb: ended\n',
  });
  expect((await daemon.client.call('list', {})).machines.map(({ end }) => end?.kind)).toEqual([
    'power-off',
    'power-off',
  ]);
  expect(await daemon.viv('rm', 'web', 'db')).toMatchObject({ code: 0 });
  expect(daemon.cells).toEqual([]);
});
