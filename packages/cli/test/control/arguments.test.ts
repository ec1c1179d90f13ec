import { describe, expect, it } from 'vitest';
import { VivHere } from '../support/daemon.ts';
import { codeIn } from '../support/viv.ts';

const NOWHERE = ['--socket', '/nonexistent/s'];

describe('a command about machines', () => {
  it.each([
    ['no name', ['start']],
    ['one name too many', ['attach', 'a', 'b']],
    ['an unknown option', ['ps', '--frobnicate']],
    ['a weight that is none', ['set', 'a', '--weight', 'heavy']],
    ['a weight too large', ['set', 'a', '--weight', '10001']],
    ['a cap that is none', ['set', 'a', '--cap', '-5%']],
    ['nothing to set', ['set', 'a']],
    ['vCPUs that are none', ['set', 'a', '--cpus', '0']],
    ['memory that is none', ['set', 'a', '--memory', 'much']],
    ['a device that is none', ['plug', 'a', 'b']],
    ['two devices in one', ['plug', 'a', 'b', '--disk', 'c', '--net', 'user']],
    ['no device', ['unplug', 'a']],
    ['a time that is none', ['stop', 'a', '--grace', 'soon']],
    ['a restart that is none', ['create', 'a', 'debian', '--restart', 'sometimes']],
    ['a role that is none', ['create', 'a', 'debian', '--management', 'root']],
    ['an order that is none', ['top', '--sort', 'size']],
    ['no command', ['exec', 'a']],
    ['two daemons', ['ps', '--url', 'http://127.0.0.1:1']],
    ['a token for a socket', ['ps', '--token', 'x']],
    ['an escape key that is none', ['attach', 'a', '--escape', 'q']],
    ['an address that is none', ['daemon', '--listen', 'here:there', '--tokens', 'x']],
    ['TCP without tokens', ['daemon', '--listen', '7070']],
    ['tokens without TCP', ['daemon', '--tokens', 'x']],
    ['an origin that is none', ['daemon', '--listen', '0', '--tokens', 'x', '--origin', 'localhost']],
    ['pCPUs that are none', ['daemon', '--pcpus', '0']],
    ['memory that is none', ['daemon', '--memory', 'much']],
  ])('is refused with %s', async (_, args) => {
    const viv = new VivHere([...args, ...NOWHERE]);
    const { code, stdout, stderr } = await viv.done;
    expect({ code, error: codeIn(stderr), stdout }).toEqual({ code: 2, error: 'VIV_USAGE', stdout: '' });
    expect(stderr).toMatch(/^ {2}hint: /m);
  });

  it.each([
    [['ps']],
    [['exec', 'a', '--', 'true']],
    [['attach', 'a']],
    [['logs', 'a', '--follow']],
    [['events']],
    [['top', '--once']],
    [['create', 'a', 'debian']],
  ])('says that there is no daemon: %s', async (args) => {
    const [name = '', ...rest] = args;
    const { code, stderr } = await new VivHere([name, ...NOWHERE, ...rest]).done;
    expect({ code, error: codeIn(stderr) }).toEqual({ code: 1, error: 'VIV_CLIENT_CONNECT' });
  });

  it('says what went wrong in JSON, too', async () => {
    const { code, stdout } = await new VivHere(['ps', '--json', ...NOWHERE]).done;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'VIV_CLIENT_CONNECT' } });
  });

  it('has help of its own', async () => {
    const { code, stdout } = await new VivHere(['set', '--help']).done;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: viv set NAME [\s\S]*--weight N[\s\S]*--socket PATH/);
  });
});
