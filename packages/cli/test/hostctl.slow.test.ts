import { runTemplate } from '@vivarium/cli/template';
import { createControl, memoryAudit } from '@vivarium/control';
import { createHost } from '@vivarium/host';
import { processCells } from '@vivarium/host/node';
import { expect, it } from 'vitest';
import { type Done, exec, me } from './support/control-exec.ts';

it('hostctl in Debian asks the host, and says what comes of it', async () => {
  await using host = createHost({ kinds: [processCells()] });
  const audit = memoryAudit();
  const control = createControl({ host, cell: 'process', templates: { run: runTemplate() }, audit });
  await control.recover();
  const options = { arguments: ['debian', '--memory', '128M'], folder: '/' };
  const order = { template: 'run', options };
  await control.call(me, 'create', { ...order, name: 'manager', management: 'operator', start: true });
  const run = (command: string): Promise<Done> => exec(control, 'manager', command, 60_000);

  const list = await run('hostctl list');
  expect(list).toMatchObject({ errors: '', code: 0 });
  expect(JSON.parse(list.output)).toMatchObject({ machines: [{ name: 'manager', management: 'operator' }] });
  // An operator makes no machines.
  expect(await run('hostctl create name=other template=run')).toEqual({
    output: '',
    errors: 'hostctl: VIV_CONTROL_FORBIDDEN: create takes the role admin, and this is operator\n',
    code: 1,
  });
  expect((await run(String.raw`hostctl inspect 'name=a"b\c'`)).errors).toContain('VIV_CONTROL_INPUT: name: ');
  expect(JSON.parse((await run('hostctl logs name=manager console=console0 scrollback=5')).output)).toMatchObject({
    text: expect.stringMatching(/^.{0,5}$/s) as unknown,
  });
  expect((await run('hostctl inspect name:=7')).errors).toContain('VIV_CONTROL_INPUT: name: ');
  expect((await run('hostctl')).code).toBe(2);
  expect((await run('hostctl list name')).errors).toContain('name is not NAME=VALUE');
  // What was cut short, and what is no request, is in nobody's way; ten at once each get their own answer.
  await run(`printf '{"id":1,' >/dev/vport0p1`);
  const ten = 'for n in 0 1 2 3 4 5 6 7 8 9; do hostctl status >/tmp/$n & done; wait; cat /tmp/? | sort -u | wc -l';
  expect(await run(ten)).toMatchObject({ output: '1\n', code: 0 });
  expect((await audit.last(100)).filter(({ via }) => via === 'guest')).toMatchObject([
    { principal: 'guest:manager', role: 'operator', operation: 'create', code: 'VIV_CONTROL_FORBIDDEN' },
    { operation: 'inspect', code: 'VIV_CONTROL_INPUT' },
    { operation: 'inspect', code: 'VIV_CONTROL_INPUT' },
    { operation: '(no request)', outcome: 'refused' },
  ]);
  await control.call(me, 'stop', { name: 'manager', grace: 30_000 });
});
